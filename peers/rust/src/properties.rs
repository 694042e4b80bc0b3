//! The properties of a message, to and from the library's, which has all 14 and an Option for each: absent and
//! empty are told apart.

use crate::failure::Failure;
use crate::fields;
use crate::library::lapin::BasicProperties;
use crate::library::lapin::types::{FieldTable, ShortString};
use crate::library::short_string;
use crate::message::Properties;
use crate::text::Text;
use crate::values::Value;

/// What a property of this library cannot hold: its short strings are Strings.
pub const UNSUPPORTED: [&str; 1] = ["shortstr:non-utf8"];

/// The library's properties, those set that are present.
pub fn asked(properties: Properties) -> Result<BasicProperties, Failure> {
    let mut made = BasicProperties::default();
    macro_rules! set {
        ($($name:ident by $setter:ident as $convert:ident;)*) => {
            $(if let Some(value) = properties.$name {
                made = made.$setter($convert(value)?);
            })*
        };
    }
    set! {
        content_type by with_content_type as short;
        content_encoding by with_content_encoding as short;
        headers by with_headers as table;
        delivery_mode by with_delivery_mode as octet;
        priority by with_priority as octet;
        correlation_id by with_correlation_id as short;
        reply_to by with_reply_to as short;
        expiration by with_expiration as short;
        message_id by with_message_id as short;
        timestamp by with_timestamp as seconds;
        r#type by with_type as short;
        user_id by with_user_id as short;
        app_id by with_app_id as short;
        cluster_id by with_cluster_id as short;
    }
    Ok(made)
}

fn short(value: Value) -> Result<ShortString, Failure> {
    match value {
        Value::Shortstr(text) => short_string(text, "shortstr"),
        other => Err(wrong(&other, "shortstr")),
    }
}

fn octet(value: Value) -> Result<u8, Failure> {
    match value {
        Value::Octet(number) => Ok(number),
        other => Err(wrong(&other, "octet")),
    }
}

fn seconds(value: Value) -> Result<u64, Failure> {
    match value {
        Value::Timestamp(seconds) => Ok(seconds),
        other => Err(wrong(&other, "timestamp")),
    }
}

fn table(value: Value) -> Result<FieldTable, Failure> {
    match value {
        Value::Table(pairs) => fields::table(pairs),
        other => Err(wrong(&other, "table")),
    }
}

fn wrong(value: &Value, wanted: &str) -> Failure {
    Failure::bug(format!("the property is a {wanted}, not a {}", value.kind()))
}

/// The properties that the library hands over.
pub fn reported(properties: &BasicProperties) -> Properties {
    let text = |held: &Option<ShortString>| held.as_ref().map(|text| Value::Shortstr(text.as_str().into()));
    let octet = |held: &Option<u8>| held.map(Value::Octet);
    Properties {
        content_type: text(properties.content_type()),
        content_encoding: text(properties.content_encoding()),
        headers: properties.headers().as_ref().map(|table| Value::Table(fields::pairs(table))),
        delivery_mode: octet(properties.delivery_mode()),
        priority: octet(properties.priority()),
        correlation_id: text(properties.correlation_id()),
        reply_to: text(properties.reply_to()),
        expiration: text(properties.expiration()),
        message_id: text(properties.message_id()),
        timestamp: properties.timestamp().map(Value::Timestamp),
        r#type: text(properties.kind()),
        user_id: text(properties.user_id()),
        app_id: text(properties.app_id()),
        cluster_id: text(properties.cluster_id()),
    }
}

/// A name that the library hands over.
pub fn name(text: &ShortString) -> Text {
    Text::from(text.as_str())
}
