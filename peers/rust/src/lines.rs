//! What this peer writes: replies and events of the peer protocol, one JSON object a line.

use std::num::NonZeroU64;

use serde::Serialize;

use crate::failure::{Failure, Loss};
use crate::message::{Body, Properties};
use crate::text::Text;

/// A line of standard output. Replies repeat the id of their request, events have none.
#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Line {
    Described(Described),
    Ok { id: NonZeroU64 },
    Confirmed { id: NonZeroU64 },
    Nacked { id: NonZeroU64 },
    Returned { id: NonZeroU64, code: u16, text: Text },
    Empty { id: NonZeroU64 },
    Error(Failed),
    Delivery(Box<Delivery>),
    Undecodable { queue: Text, message: String },
    Cancelled { queue: Text },
    Closed(Closed),
}

#[derive(Debug, PartialEq, Serialize)]
pub struct Described {
    pub id: NonZeroU64,
    pub library: &'static str,
    pub version: &'static str,
    pub language: &'static str,
    pub runtime: &'static str,
    pub roles: &'static [&'static str],
    pub types: Vec<&'static str>,
    pub unsupported: Vec<&'static str>,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct Failed {
    id: NonZeroU64,
    kind: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'static str>,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct Delivery {
    pub queue: Text,
    pub delivery_tag: u64,
    pub redelivered: bool,
    pub exchange: Text,
    pub routing_key: Text,
    pub properties: Properties,
    pub body: Body,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct Closed {
    scope: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
}

impl Line {
    /// The reply to a request that could not be met.
    pub fn failed(id: NonZeroU64, failure: Failure) -> Line {
        let failed = |kind, message| Failed { id, kind, message, what: None, code: None, scope: None };
        Line::Error(match failure {
            Failure::Unsupported(what) => {
                let message = format!("declared as unsupported: {what}");
                Failed { what: Some(what), ..failed("unsupported", message) }
            }
            Failure::Refused(message) => failed("refused", message),
            Failure::Bug(message) => failed("bug", message),
            Failure::Disconnected(None) => failed("disconnected", "no connection is open".to_owned()),
            Failure::Disconnected(Some(loss)) => Failed {
                code: loss.code,
                scope: Some(loss.scope.name()),
                ..failed("disconnected", loss.message)
            },
        })
    }

    /// The event of a loss that nobody had asked for.
    pub fn closed(loss: &Loss) -> Line {
        Line::Closed(Closed { scope: loss.scope.name(), message: loss.message.clone(), code: loss.code })
    }
}
