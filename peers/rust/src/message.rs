//! A message as it crosses the pipe: properties that are present, and a body.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::text::Text;
use crate::values::Value;

/// Bodies up to this many octets cross a pipe as themselves.
const INLINE_LIMIT: usize = 4096;

/// What a producer is asked to publish.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    pub properties: Properties,
    pub body: Body,
    pub framing: Option<Box<RawValue>>,
}

/// The 14 properties of class basic; None is absent.
#[derive(Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Properties {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_mode: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_id: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<Value>,
}

/// A body as itself, as a pattern to repeat, or as what is left to say of a large one.
#[derive(Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum Body {
    Inline {
        value: Text,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        native: Option<String>,
    },
    Pattern {
        pattern: Text,
        length: usize,
        sha256: String,
    },
    Digest {
        length: usize,
        sha256: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        native: Option<String>,
    },
}

impl Body {
    /// A body that was delivered: lapin hands over octets.
    pub fn delivered(octets: Vec<u8>) -> Body {
        let native = Some("bytes".to_owned());
        if octets.len() <= INLINE_LIMIT {
            return Body::Inline { value: Text(octets), native };
        }
        Body::Digest { length: octets.len(), sha256: sha256(&octets), native }
    }

    /// The octets to send. A pattern is repeated, cut at its length, and held against its SHA-256.
    pub fn octets(self) -> Result<Vec<u8>, Failure> {
        match self {
            Body::Inline { value, .. } => Ok(value.0),
            Body::Digest { .. } => Err(Failure::bug("a body given as digest cannot be made")),
            Body::Pattern { pattern, length, .. } if pattern.0.is_empty() && length > 0 => {
                Err(Failure::bug("an empty pattern cannot fill a body"))
            }
            Body::Pattern { pattern, length, sha256: wanted } => {
                let octets: Vec<u8> = pattern.0.iter().copied().cycle().take(length).collect();
                let made = sha256(&octets);
                if made == wanted {
                    return Ok(octets);
                }
                Err(Failure::bug(format!("the pattern makes a body of SHA-256 {made}, not {wanted}")))
            }
        }
    }
}

fn sha256(octets: &[u8]) -> String {
    Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}
