//! Typed values of the peer protocol: `{"type": "int64", "value": "-2"}`, text canonical (one value, one
//! spelling). Only what this peer can be asked for or can report is here; a name of the contract that is not
//! reads as [`Value::Foreign`].

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use serde_json::value::RawValue;

use crate::text::Text;

/// The wire types that a field of a table can have, with those that no library writes.
pub const FIELD_TYPES: [&str; 19] = [
    "boolean",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "longlong",
    "float",
    "double",
    "decimal",
    "longstr",
    "binary",
    "array",
    "timestamp",
    "table",
    "void",
    "unparsed",
];

/// A value, by its wire type. Floats are their bits.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Boolean(bool),
    Int8(i8),
    Uint8(u8),
    Int16(i16),
    Uint16(u16),
    Int32(i32),
    Uint32(u32),
    Int64(i64),
    LongLong(i64),
    Float(u32),
    Double(u64),
    Decimal(Decimal<i32>),
    Longstr(Text),
    Binary(Text),
    Array(Vec<Value>),
    Timestamp(u64),
    Table(Table),
    Void,
    Unparsed {
        tag: String,
        rest: String,
    },
    Shortstr(Text),
    Octet(u8),
    /// A decimal that has no wire form: lapin's digits are unsigned.
    NativeDecimal(Decimal<i64>),
    /// A type that only another consumer reports.
    Foreign(String),
}

/// Pairs in order, duplicates kept.
pub type Table = Vec<(Text, Value)>;

/// `unscaled` times 10 to the power of minus `scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decimal<Unscaled> {
    pub scale: u8,
    pub unscaled: Unscaled,
}

impl Value {
    /// Its type's name in the contract.
    pub fn kind(&self) -> &str {
        match self {
            Value::Boolean(_) => "boolean",
            Value::Int8(_) => "int8",
            Value::Uint8(_) => "uint8",
            Value::Int16(_) => "int16",
            Value::Uint16(_) => "uint16",
            Value::Int32(_) => "int32",
            Value::Uint32(_) => "uint32",
            Value::Int64(_) => "int64",
            Value::LongLong(_) => "longlong",
            Value::Float(_) => "float",
            Value::Double(_) => "double",
            Value::Decimal(_) => "decimal",
            Value::Longstr(_) => "longstr",
            Value::Binary(_) => "binary",
            Value::Array(_) => "array",
            Value::Timestamp(_) => "timestamp",
            Value::Table(_) => "table",
            Value::Void => "void",
            Value::Unparsed { .. } => "unparsed",
            Value::Shortstr(_) => "shortstr",
            Value::Octet(_) => "octet",
            Value::NativeDecimal(_) => "native-decimal",
            Value::Foreign(kind) => kind,
        }
    }
}

// --- reading -------------------------------------------------------------------------------------------------

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw<'line> {
    #[serde(borrow)]
    r#type: Cow<'line, str>,
    #[serde(borrow)]
    value: Option<&'line RawValue>,
    tag: Option<String>,
    rest: Option<String>,
    name: Option<String>,
    text: Option<Text>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts<'line> {
    scale: Cow<'line, str>,
    unscaled: Cow<'line, str>,
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Raw::deserialize(deserializer)?.read().map_err(de::Error::custom)
    }
}

impl Raw<'_> {
    fn read(self) -> Result<Value, String> {
        let kind = self.r#type.into_owned();
        let alone = self.tag.is_none() && self.rest.is_none() && self.name.is_none() && self.text.is_none();
        let made = match (kind.as_str(), self.value) {
            ("unparsed", None) if self.name.is_none() && self.text.is_none() => {
                let (tag, rest) = self.tag.zip(self.rest).ok_or("unparsed needs tag and rest")?;
                Ok(Value::Unparsed { tag, rest })
            }
            ("void", None) if alone => Ok(Value::Void),
            (native, _) if native.starts_with("native-") => Ok(Value::Foreign(kind.clone())),
            (_, Some(value)) if alone => value_of(&kind, value),
            _ => Err("its fields are not those of the type".to_owned()),
        };
        made.map_err(|problem| format!("{kind}: {problem}"))
    }
}

fn value_of(kind: &str, value: &RawValue) -> Result<Value, String> {
    Ok(match kind {
        "boolean" => Value::Boolean(canonical(value)?),
        "int8" => Value::Int8(canonical(value)?),
        "uint8" => Value::Uint8(canonical(value)?),
        "int16" => Value::Int16(canonical(value)?),
        "uint16" => Value::Uint16(canonical(value)?),
        "int32" => Value::Int32(canonical(value)?),
        "uint32" => Value::Uint32(canonical(value)?),
        "int64" => Value::Int64(canonical(value)?),
        "longlong" => Value::LongLong(canonical(value)?),
        "timestamp" => Value::Timestamp(canonical(value)?),
        "octet" => Value::Octet(canonical(value)?),
        "float" => Value::Float(u32::try_from(bits(value, 8)?).map_err(|problem| problem.to_string())?),
        "double" => Value::Double(bits(value, 16)?),
        "decimal" => Value::Decimal(decimal(value)?),
        "longstr" => Value::Longstr(json(value)?),
        "binary" => Value::Binary(json(value)?),
        "array" => Value::Array(json(value)?),
        "table" => Value::Table(json(value)?),
        "shortstr" => Value::Shortstr(short(json(value)?)?),
        _ => return Err("there is no such type".to_owned()),
    })
}

fn json<'line, T: Deserialize<'line>>(value: &'line RawValue) -> Result<T, String> {
    serde_json::from_str(value.get()).map_err(|problem| problem.to_string())
}

/// What a string says, if that is the one way to write it.
fn canonical<T: FromStr<Err: Display> + Display>(value: &RawValue) -> Result<T, String> {
    parsed(&json::<Cow<'_, str>>(value)?)
}

fn parsed<T: FromStr<Err: Display> + Display>(text: &str) -> Result<T, String> {
    let made = text.parse::<T>().map_err(|problem| format!("{text:?}: {problem}"))?;
    if made.to_string() == text { Ok(made) } else { Err(format!("{text:?} is not how {made} is written")) }
}

fn bits(value: &RawValue, digits: usize) -> Result<u64, String> {
    let text = json::<Cow<'_, str>>(value)?;
    let lower = text.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'));
    if text.len() != digits || !lower {
        return Err(format!("{text:?} is not {digits} hexadecimal digits"));
    }
    u64::from_str_radix(&text, 16).map_err(|problem| problem.to_string())
}

fn decimal(value: &RawValue) -> Result<Decimal<i32>, String> {
    let parts: Parts<'_> = json(value)?;
    Ok(Decimal { scale: parsed(&parts.scale)?, unscaled: parsed(&parts.unscaled)? })
}

fn short(text: Text) -> Result<Text, String> {
    const LONGEST: usize = 255;
    if text.0.len() > LONGEST { Err(format!("{} octets", text.0.len())) } else { Ok(text) }
}

// --- writing -------------------------------------------------------------------------------------------------

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Boolean(value) => tagged(serializer, self, &value.to_string()),
            Value::Int8(value) => tagged(serializer, self, &value.to_string()),
            Value::Uint8(value) | Value::Octet(value) => tagged(serializer, self, &value.to_string()),
            Value::Int16(value) => tagged(serializer, self, &value.to_string()),
            Value::Uint16(value) => tagged(serializer, self, &value.to_string()),
            Value::Int32(value) => tagged(serializer, self, &value.to_string()),
            Value::Uint32(value) => tagged(serializer, self, &value.to_string()),
            Value::Int64(value) | Value::LongLong(value) => tagged(serializer, self, &value.to_string()),
            Value::Timestamp(value) => tagged(serializer, self, &value.to_string()),
            Value::Float(bits) => tagged(serializer, self, &format!("{bits:08x}")),
            Value::Double(bits) => tagged(serializer, self, &format!("{bits:016x}")),
            Value::Decimal(value) => tagged(serializer, self, value),
            Value::NativeDecimal(value) => tagged(serializer, self, value),
            Value::Longstr(text) | Value::Binary(text) | Value::Shortstr(text) => {
                tagged(serializer, self, text)
            }
            Value::Array(values) => tagged(serializer, self, values),
            Value::Table(table) => tagged(serializer, self, table),
            Value::Void | Value::Foreign(_) => {
                let mut made = serializer.serialize_struct("Value", 1)?;
                made.serialize_field("type", self.kind())?;
                made.end()
            }
            Value::Unparsed { tag, rest } => {
                let mut made = serializer.serialize_struct("Value", 3)?;
                made.serialize_field("type", self.kind())?;
                made.serialize_field("tag", tag)?;
                made.serialize_field("rest", rest)?;
                made.end()
            }
        }
    }
}

fn tagged<S: Serializer, T: Serialize + ?Sized>(
    serializer: S,
    value: &Value,
    content: &T,
) -> Result<S::Ok, S::Error> {
    let mut made = serializer.serialize_struct("Value", 2)?;
    made.serialize_field("type", value.kind())?;
    made.serialize_field("value", content)?;
    made.end()
}

impl<Unscaled: Display> Serialize for Decimal<Unscaled> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut made = serializer.serialize_struct("Decimal", 2)?;
        made.serialize_field("scale", &self.scale.to_string())?;
        made.serialize_field("unscaled", &self.unscaled.to_string())?;
        made.end()
    }
}
