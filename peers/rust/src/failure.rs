//! Why a request could not be met, by the kinds of the peer protocol.

use std::fmt;

/// What is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Channel,
    Connection,
}

impl Scope {
    pub fn name(self) -> &'static str {
        match self {
            Scope::Channel => "channel",
            Scope::Connection => "connection",
        }
    }
}

/// That channel or connection are gone, and the broker's code if it gave one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    pub scope: Scope,
    pub code: Option<u16>,
    pub message: String,
}

/// The reason of an error reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The library cannot express it; the name is one that `describe` lists.
    Unsupported(String),
    /// The library raised.
    Refused(String),
    /// Channel or connection are gone, or were never there.
    Disconnected(Option<Loss>),
    /// The adapter's own fault, or the suite's.
    Bug(String),
}

impl Failure {
    pub fn unsupported(what: impl Into<String>) -> Failure {
        Failure::Unsupported(what.into())
    }

    pub fn bug(message: impl fmt::Display) -> Failure {
        Failure::Bug(message.to_string())
    }
}

impl From<Loss> for Failure {
    fn from(loss: Loss) -> Failure {
        Failure::Disconnected(Some(loss))
    }
}
