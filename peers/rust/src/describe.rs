//! What this peer says of itself: what the library can be told to send, and what it cannot express.

use std::num::NonZeroU64;

use crate::lines::Described;
use crate::{fields, library, properties};

/// What concerns neither tables nor properties: frames are the library's own affair, and names are Strings.
const UNSUPPORTED: [&str; 4] = ["exchange:non-utf8", "framing", "queue:non-utf8", "routing_key:non-utf8"];

pub fn described(id: NonZeroU64) -> Described {
    let mut unsupported: Vec<&str> = UNSUPPORTED.into();
    unsupported.extend(fields::UNSUPPORTED);
    unsupported.extend(properties::UNSUPPORTED);
    unsupported.sort_unstable();
    Described {
        id,
        library: library::NAME,
        version: library::RELEASE,
        language: "rust",
        runtime: library::RUNTIME,
        roles: &["producer", "consumer"],
        types: fields::types(),
        unsupported,
    }
}
