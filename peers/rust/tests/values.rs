//! Values of the contract against the library's own codec: `contract/vectors` has the octets.

mod common;

use cookie_factory::gen_simple;
use rust_peer::failure::Failure;
use rust_peer::fields;
use rust_peer::library::lapin::types::{generation::gen_field_table, parsing::parse_field_table};
use rust_peer::values::{Decimal, Table, Value};
use serde::Deserialize;

use common::{octets, vectors};

#[derive(Deserialize)]
struct FieldVector {
    name: String,
    value: Value,
    hex: String,
}

#[derive(Deserialize)]
struct TableVector {
    name: String,
    table: Table,
    hex: String,
}

/// Every field vector as a table of one pair, and the tables themselves.
fn tables() -> Vec<(String, Table, Vec<u8>)> {
    let fields: Vec<FieldVector> = vectors("fields.json");
    let tables: Vec<TableVector> = vectors("tables.json");
    let of_field = |vector: FieldVector| {
        let field = octets(&vector.hex);
        let mut wire = u32::try_from(field.len() + 2).expect("it is short").to_be_bytes().to_vec();
        wire.extend([1, b'k']);
        wire.extend(field);
        (vector.name, vec![("k".into(), vector.value)], wire)
    };
    let of_table = |vector: TableVector| (vector.name, vector.table, octets(&vector.hex));
    fields.into_iter().map(of_field).chain(tables.into_iter().map(of_table)).collect()
}

fn declared(failure: &Failure) -> bool {
    let Failure::Unsupported(what) = failure else { return false };
    fields::UNSUPPORTED.contains(&what.as_str())
}

#[test]
fn a_table_is_written_as_the_vectors_say_or_is_declared() {
    let (mut written, mut unsupported) = (0, 0);
    for (name, table, wire) in tables() {
        match fields::table(table) {
            Ok(table) => {
                let made = gen_simple(gen_field_table(&table), Vec::new()).expect("memory takes it");
                if name == "order-kept" {
                    assert_ne!(made, wire, "the library keeps order now: key-order is declared in vain");
                } else {
                    assert_eq!(made, wire, "{name}");
                }
                written += 1;
            }
            Err(failure) => {
                assert!(declared(&failure), "{name}: {failure:?}");
                unsupported += 1;
            }
        }
    }
    assert!(written > 50, "{written} of the vectors were written");
    assert!(unsupported > 5, "{unsupported} of the vectors were not");
}

/// What the library hands over; None where its parser fails.
fn handed_over(name: &str, table: Table) -> Option<Table> {
    match name {
        "key-not-utf8" | "unparsed-nul" => None,
        _ => Some(as_map(table)),
    }
}

/// A map keeps the last of equal keys, and has an order of its own.
fn as_map(table: Table) -> Table {
    let mut made = last_of_each(table);
    made.sort_by(|(one, _), (other, _)| one.0.cmp(&other.0));
    made.into_iter().map(|(key, value)| (key, as_handed(value))).collect()
}

fn last_of_each(mut table: Table) -> Table {
    let Some(last) = table.pop() else { return table };
    table.retain(|(key, _)| *key != last.0);
    table.push(last);
    table
}

fn as_handed(value: Value) -> Value {
    match value {
        Value::LongLong(number) => Value::Int64(number),
        Value::Decimal(Decimal { scale, unscaled }) if unscaled < 0 => {
            Value::NativeDecimal(Decimal { scale, unscaled: i64::from(unscaled.cast_unsigned()) })
        }
        Value::Table(inner) => Value::Table(as_map(inner)),
        Value::Array(values) => Value::Array(values.into_iter().map(as_handed).collect()),
        // RabbitMQ does not know U; the library reads it as the first specification has it.
        Value::Unparsed { tag, rest } if tag == "VQ==" => Value::Int16(if rest == "AAE=" { 1 } else { 7 }),
        other => other,
    }
}

#[test]
fn a_table_is_reported_as_the_library_hands_it_over() {
    for (name, table, wire) in tables() {
        let read = parse_field_table(wire.as_slice());
        match handed_over(&name, table) {
            Some(expected) => {
                let (rest, handed) = read.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert!(rest.is_empty(), "{name}");
                assert_eq!(fields::pairs(&handed), expected, "{name}");
            }
            None => assert!(read.is_err(), "{name} is readable now"),
        }
    }
}

#[test]
fn every_declared_type_is_one_that_is_refused_and_no_other() {
    let taken = fields::types();
    let fields: Vec<FieldVector> = vectors("fields.json");
    for FieldVector { name, value, .. } in fields {
        let kind = value.kind().to_owned();
        let negative = matches!(value, Value::Decimal(Decimal { unscaled: ..0, .. }));
        match fields::table(vec![("k".into(), value)]) {
            Ok(_) => assert!(taken.contains(&kind.as_str()), "{name} is taken, and not declared"),
            Err(Failure::Unsupported(what)) if negative => assert_eq!(what, "range:decimal"),
            Err(Failure::Unsupported(what)) => {
                assert_eq!(what, format!("type:{kind}"));
                assert!(!taken.contains(&kind.as_str()), "{name} is declared, and not taken");
            }
            Err(failure) => panic!("{name}: {failure:?}"),
        }
    }
}

#[test]
fn a_value_is_written_as_it_was_read() {
    let fields: Vec<serde_json::Value> = vectors("fields.json");
    assert!(fields.len() > 40);
    for field in fields {
        let value = field["value"].clone();
        let read: Value = serde_json::from_str(&value.to_string()).expect("a vector is a value");
        assert_eq!(serde_json::to_value(&read).expect("a value is JSON"), value);
    }
}

#[test]
fn a_value_has_one_spelling() {
    for wrong in [
        r#"{"type":"int8","value":"128"}"#,
        r#"{"type":"int8","value":"+1"}"#,
        r#"{"type":"int8","value":"-0"}"#,
        r#"{"type":"int8","value":"01"}"#,
        r#"{"type":"int8","value":1}"#,
        r#"{"type":"uint8","value":"-1"}"#,
        r#"{"type":"boolean","value":"True"}"#,
        r#"{"type":"float","value":"3F800000"}"#,
        r#"{"type":"float","value":"3f80"}"#,
        r#"{"type":"double","value":"+ff0000000000000"}"#,
        r#"{"type":"decimal","value":{"scale":"256","unscaled":"0"}}"#,
        r#"{"type":"decimal","value":{"scale":"1","unscaled":"2147483648"}}"#,
        r#"{"type":"decimal","value":{"scale":"1"}}"#,
        r#"{"type":"longstr","value":{"base64":"/w="}}"#,
        r#"{"type":"longstr","value":{"base64":"/w==","more":""}}"#,
        r#"{"type":"longstr"}"#,
        r#"{"type":"void","value":""}"#,
        r#"{"type":"table","value":{"k":{"type":"void"}}}"#,
        r#"{"type":"integer","value":"1"}"#,
        r#"{"type":"unparsed","tag":"VQ=="}"#,
        r#"{"value":"1"}"#,
    ] {
        assert!(serde_json::from_str::<Value>(wrong).is_err(), "{wrong} was read");
    }
}
