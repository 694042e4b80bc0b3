//! Requests of the peer protocol, read as strictly as contract/schema has them: a field that is not known, is
//! missing or of another type is an error. `tests/contract.rs` holds the two against each other.

use std::borrow::Cow;
use std::num::NonZeroU64;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::message::Message;
use crate::text::Text;
use crate::values::{Table, Value};

#[derive(Debug)]
pub enum Request {
    Describe,
    Connect(Connect),
    DeclareExchange(DeclareExchange),
    DeclareQueue(DeclareQueue),
    Bind(Bind),
    Publish(Box<Publish>),
    Consume(Consume),
    Cancel(OfQueue),
    Get(OfQueue),
    Ack(Ack),
    Nack(Nack),
    Reject(Reject),
    Close,
}

/// A request and the id that its reply repeats.
#[derive(Debug)]
pub struct Numbered {
    pub id: NonZeroU64,
    pub request: Request,
}

/// What is wrong with a line, and its id if that at least can be read.
#[derive(Debug)]
pub struct NotARequest {
    pub id: Option<NonZeroU64>,
    pub problem: String,
}

/// The request in a line.
pub fn read(line: &[u8]) -> Result<Numbered, NotARequest> {
    let head: Head<'_> = serde_json::from_slice(line)
        .map_err(|problem| NotARequest { id: identity(line), problem: problem.to_string() })?;
    let request = of(&head.op, line)
        .map_err(|problem| NotARequest { id: Some(head.id), problem: problem.to_string() })?;
    Ok(Numbered { id: head.id, request })
}

fn of(op: &str, line: &[u8]) -> serde_json::Result<Request> {
    Ok(match op {
        "describe" => serde_json::from_slice(line).map(|Bare { .. }| Request::Describe)?,
        "connect" => Request::Connect(serde_json::from_slice(line)?),
        "declare_exchange" => Request::DeclareExchange(serde_json::from_slice(line)?),
        "declare_queue" => Request::DeclareQueue(serde_json::from_slice(line)?),
        "bind" => Request::Bind(serde_json::from_slice(line)?),
        "publish" => Request::Publish(serde_json::from_slice(line)?),
        "consume" => Request::Consume(serde_json::from_slice(line)?),
        "cancel" => Request::Cancel(serde_json::from_slice(line)?),
        "get" => Request::Get(serde_json::from_slice(line)?),
        "ack" => Request::Ack(serde_json::from_slice(line)?),
        "nack" => Request::Nack(serde_json::from_slice(line)?),
        "reject" => Request::Reject(serde_json::from_slice(line)?),
        "close" => serde_json::from_slice(line).map(|Bare { .. }| Request::Close)?,
        _ => return Err(serde::de::Error::custom(format_args!("there is no request {op:?}"))),
    })
}

fn identity(line: &[u8]) -> Option<NonZeroU64> {
    #[derive(Deserialize)]
    struct Identity {
        id: NonZeroU64,
    }
    serde_json::from_slice(line).ok().map(|Identity { id }| id)
}

#[derive(Deserialize)]
struct Head<'line> {
    #[serde(borrow)]
    op: Cow<'line, str>,
    id: NonZeroU64,
}

// In all that follows `op` and `id` are there to be allowed: read() has them already.

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see above")]
struct Bare {
    op: IgnoredAny,
    id: IgnoredAny,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see above")]
pub struct Connect {
    op: IgnoredAny,
    id: IgnoredAny,
    pub url: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExchangeType {
    Fanout,
    Direct,
    Topic,
    Headers,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see above")]
pub struct DeclareExchange {
    op: IgnoredAny,
    id: IgnoredAny,
    pub name: Text,
    pub kind: ExchangeType,
    #[serde(default)]
    pub durable: bool,
    #[serde(default)]
    pub auto_delete: bool,
    #[serde(default)]
    pub passive: bool,
    #[serde(default)]
    pub arguments: Arguments,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see above")]
pub struct DeclareQueue {
    op: IgnoredAny,
    id: IgnoredAny,
    pub name: Text,
    #[serde(default)]
    pub durable: bool,
    #[serde(default)]
    pub exclusive: bool,
    #[serde(default)]
    pub auto_delete: bool,
    #[serde(default)]
    pub passive: bool,
    #[serde(default)]
    pub arguments: Arguments,
    #[serde(default)]
    pub defaults: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see above")]
pub struct Bind {
    op: IgnoredAny,
    id: IgnoredAny,
    pub queue: Text,
    pub exchange: Text,
    pub routing_key: Text,
    #[serde(default)]
    pub arguments: Arguments,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see above")]
pub struct Publish {
    op: IgnoredAny,
    id: IgnoredAny,
    pub exchange: Text,
    pub routing_key: Text,
    pub message: Message,
    #[serde(default)]
    pub mandatory: bool,
    #[serde(default)]
    pub confirm: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see above")]
pub struct Consume {
    op: IgnoredAny,
    id: IgnoredAny,
    pub queue: Text,
    #[serde(default)]
    pub prefetch: u16,
    #[serde(default)]
    pub no_ack: bool,
    #[serde(default)]
    pub exclusive: bool,
    #[serde(default)]
    pub arguments: Arguments,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see above")]
pub struct OfQueue {
    op: IgnoredAny,
    id: IgnoredAny,
    pub queue: Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see above")]
pub struct Ack {
    op: IgnoredAny,
    id: IgnoredAny,
    pub delivery_tag: NonZeroU64,
    #[serde(default)]
    pub multiple: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see above")]
pub struct Nack {
    op: IgnoredAny,
    id: IgnoredAny,
    pub delivery_tag: NonZeroU64,
    #[serde(default)]
    pub multiple: bool,
    #[serde(default = "yes")]
    pub requeue: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "see above")]
pub struct Reject {
    op: IgnoredAny,
    id: IgnoredAny,
    pub delivery_tag: NonZeroU64,
    #[serde(default = "yes")]
    pub requeue: bool,
}

fn yes() -> bool {
    true
}

/// A table that is left out where it is empty.
#[derive(Debug, Default)]
pub struct Arguments(pub Table);

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Table(table) => Ok(Arguments(table)),
            other => Err(serde::de::Error::custom(format_args!("a table, not a {}", other.kind()))),
        }
    }
}
