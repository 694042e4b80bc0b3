//! Property lists of the contract against the library's own codec: `contract/vectors/headers.json`.

mod common;

use cookie_factory::gen_simple;
use rust_peer::failure::Failure;
use rust_peer::library::lapin::protocol::basic::{gen_properties, parse_properties};
use rust_peer::message::Properties;
use rust_peer::properties;
use serde::Deserialize;
use serde_json::json;

use common::{octets, vectors};

#[derive(Deserialize)]
struct Vector {
    name: String,
    properties: Properties,
    hex: String,
}

/// The vectors, and the octets of each property list with its flags.
fn lists() -> Vec<(String, Properties, Vec<u8>)> {
    const CLASS_WEIGHT_AND_SIZE: usize = 12;
    let read: Vec<Vector> = vectors("headers.json");
    assert!(read.len() > 40);
    let list = |vector: Vector| {
        let wire = octets(&vector.hex)[CLASS_WEIGHT_AND_SIZE..].to_vec();
        (vector.name, vector.properties, wire)
    };
    read.into_iter().map(list).collect()
}

#[test]
fn a_property_list_is_written_as_the_vectors_say_or_is_declared() {
    for (name, asked, wire) in lists() {
        match properties::asked(asked) {
            Ok(made) => {
                let made = gen_simple(gen_properties(&made), Vec::new()).expect("memory takes it");
                assert_eq!(made, wire, "{name}");
            }
            Err(Failure::Unsupported(what)) => {
                assert_eq!((name.as_str(), what.as_str()), ("content_type-not-utf8", "shortstr:non-utf8"));
            }
            Err(failure) => panic!("{name}: {failure:?}"),
        }
    }
}

#[test]
fn a_property_list_is_reported_as_it_was_but_for_what_is_no_text() {
    for (name, expected, wire) in lists() {
        match parse_properties(wire.as_slice()) {
            Ok((rest, handed)) => {
                assert!(rest.is_empty(), "{name}");
                assert_eq!(properties::reported(&handed), expected, "{name}");
            }
            Err(_) => assert_eq!(name, "content_type-not-utf8"),
        }
    }
}

#[test]
fn a_property_of_another_type_is_a_bug_of_who_asks() {
    for wrong in [
        json!({"priority": {"type": "uint8", "value": "1"}}),
        json!({"timestamp": {"type": "int64", "value": "1"}}),
        json!({"message_id": {"type": "longstr", "value": "m"}}),
        json!({"headers": {"type": "array", "value": []}}),
    ] {
        let asked = serde_json::from_str(&wrong.to_string()).expect("they are values");
        assert!(matches!(properties::asked(asked), Err(Failure::Bug(_))), "{wrong}");
    }
}
