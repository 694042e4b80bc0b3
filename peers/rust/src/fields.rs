//! Values of tables, to and from the library's. Its enum has a variant a wire type, so each is asked for and
//! reported as itself. What it has no variant for is [`UNSUPPORTED`].

use crate::failure::Failure;
use crate::library::lapin::types::{AMQPValue, ByteArray, DecimalValue, FieldArray, FieldTable, LongString};
use crate::library::short_string;
use crate::text::Text;
use crate::values::{Decimal, FIELD_TYPES, Table, Value};

const MISSING: [&str; 2] = ["longlong", "unparsed"];

/// What a table of this library cannot hold: its keys are Strings in a BTreeMap, which is written in its own
/// order, a decimal's digits are unsigned, and `L` is read as `l` and never written.
pub const UNSUPPORTED: [&str; 6] =
    ["duplicate-keys", "key-order", "key:non-utf8", "range:decimal", "type:longlong", "type:unparsed"];

/// The wire types that can be written.
pub fn types() -> Vec<&'static str> {
    FIELD_TYPES.into_iter().filter(|kind| !MISSING.contains(kind)).collect()
}

/// A table of the library.
pub fn table(pairs: Table) -> Result<FieldTable, Failure> {
    let mut made = FieldTable::default();
    for (key, value) in pairs {
        let key = short_string(key, "key")?;
        if made.contains_key(key.as_str()) {
            return Err(Failure::unsupported("duplicate-keys"));
        }
        made.insert(key, field(value)?);
    }
    Ok(made)
}

fn field(value: Value) -> Result<AMQPValue, Failure> {
    Ok(match value {
        Value::Boolean(value) => AMQPValue::Boolean(value),
        Value::Int8(value) => AMQPValue::ShortShortInt(value),
        Value::Uint8(value) => AMQPValue::ShortShortUInt(value),
        Value::Int16(value) => AMQPValue::ShortInt(value),
        Value::Uint16(value) => AMQPValue::ShortUInt(value),
        Value::Int32(value) => AMQPValue::LongInt(value),
        Value::Uint32(value) => AMQPValue::LongUInt(value),
        Value::Int64(value) => AMQPValue::LongLongInt(value),
        Value::Float(bits) => AMQPValue::Float(f32::from_bits(bits)),
        Value::Double(bits) => AMQPValue::Double(f64::from_bits(bits)),
        Value::Decimal(value) => AMQPValue::DecimalValue(decimal(value)?),
        Value::Longstr(text) => AMQPValue::LongString(LongString::from(text.0)),
        Value::Binary(octets) => AMQPValue::ByteArray(ByteArray::from(octets.0)),
        Value::Array(values) => AMQPValue::FieldArray(array(values)?),
        Value::Timestamp(seconds) => AMQPValue::Timestamp(seconds),
        Value::Table(pairs) => AMQPValue::FieldTable(table(pairs)?),
        Value::Void => AMQPValue::Void,
        Value::LongLong(_) | Value::Unparsed { .. } => {
            return Err(Failure::unsupported(format!("type:{}", value.kind())));
        }
        Value::Shortstr(_) | Value::Octet(_) | Value::NativeDecimal(_) | Value::Foreign(_) => {
            return Err(Failure::bug(format!("{} is no type of a field", value.kind())));
        }
    })
}

fn decimal(value: Decimal<i32>) -> Result<DecimalValue, Failure> {
    let digits = u32::try_from(value.unscaled).map_err(|_negative| Failure::unsupported("range:decimal"))?;
    Ok(DecimalValue { scale: value.scale, value: digits })
}

fn array(values: Vec<Value>) -> Result<FieldArray, Failure> {
    let fields: Result<Vec<AMQPValue>, Failure> = values.into_iter().map(field).collect();
    fields.map(FieldArray::from)
}

/// What a table of the library holds, in the order in which it iterates.
pub fn pairs(table: &FieldTable) -> Table {
    table.inner().iter().map(|(key, value)| (Text::from(key.as_str()), reported(value))).collect()
}

fn reported(value: &AMQPValue) -> Value {
    match value {
        AMQPValue::Boolean(value) => Value::Boolean(*value),
        AMQPValue::ShortShortInt(value) => Value::Int8(*value),
        AMQPValue::ShortShortUInt(value) => Value::Uint8(*value),
        AMQPValue::ShortInt(value) => Value::Int16(*value),
        AMQPValue::ShortUInt(value) => Value::Uint16(*value),
        AMQPValue::LongInt(value) => Value::Int32(*value),
        AMQPValue::LongUInt(value) => Value::Uint32(*value),
        AMQPValue::LongLongInt(value) => Value::Int64(*value),
        AMQPValue::Float(value) => Value::Float(value.to_bits()),
        AMQPValue::Double(value) => Value::Double(value.to_bits()),
        AMQPValue::DecimalValue(value) => reported_decimal(value),
        AMQPValue::ShortString(text) => Value::Shortstr(Text::from(text.as_str())),
        AMQPValue::LongString(text) => Value::Longstr(Text(text.as_bytes().to_vec())),
        AMQPValue::FieldArray(values) => Value::Array(values.as_slice().iter().map(reported).collect()),
        AMQPValue::Timestamp(seconds) => Value::Timestamp(*seconds),
        AMQPValue::FieldTable(table) => Value::Table(pairs(table)),
        AMQPValue::ByteArray(octets) => Value::Binary(Text(octets.as_slice().to_vec())),
        AMQPValue::Void => Value::Void,
    }
}

/// The digits are handed over unsigned; from 2^31 they are no decimal of the wire's any more.
fn reported_decimal(value: &DecimalValue) -> Value {
    match i32::try_from(value.value) {
        Ok(unscaled) => Value::Decimal(Decimal { scale: value.scale, unscaled }),
        Err(_) => Value::NativeDecimal(Decimal { scale: value.scale, unscaled: value.value.into() }),
    }
}
