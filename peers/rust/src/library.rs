//! The library, and what its major releases call differently. All else is the same from 2.2 to 4.

use std::panic::catch_unwind;

#[cfg(feature = "lapin-2")]
pub use lapin_2 as lapin;
#[cfg(feature = "lapin-3")]
pub use lapin_3 as lapin;
#[cfg(feature = "lapin-4")]
pub use lapin_4 as lapin;

use self::lapin::types::ShortString;
use crate::failure::Failure;
use crate::text::Text;

/// What its errors are told apart by.
#[cfg(feature = "lapin-2")]
pub use self::lapin::Error as ErrorKind;
#[cfg(not(feature = "lapin-2"))]
pub use self::lapin::ErrorKind;

#[cfg(feature = "lapin-4")]
pub use self::lapin::Confirmation;
/// The broker's word on a message.
#[cfg(not(feature = "lapin-4"))]
pub use self::lapin::publisher_confirm::Confirmation;

pub const NAME: &str = "lapin";
/// The release that this program is built on.
pub const RELEASE: &str = env!("LIBRARY_RELEASE");
/// The compiler that it is built by.
pub const RUNTIME: &str = env!("RUNTIME");

#[cfg(feature = "lapin-2")]
pub fn kind(error: &lapin::Error) -> &ErrorKind {
    error
}

#[cfg(not(feature = "lapin-2"))]
pub fn kind(error: &lapin::Error) -> &ErrorKind {
    error.kind()
}

/// The name of an exchange, queue or consumer, or a routing key, as the methods of a channel take it.
#[cfg(feature = "lapin-4")]
pub fn name(text: &ShortString) -> ShortString {
    text.clone()
}

#[cfg(not(feature = "lapin-4"))]
pub fn name(text: &ShortString) -> &str {
    text.as_str()
}

/// A short string of the library, which holds a String: what is not UTF-8 cannot be said.
pub fn short_string(text: Text, what: &str) -> Result<ShortString, Failure> {
    let text =
        String::from_utf8(text.0).map_err(|_not_text| Failure::unsupported(format!("{what}:non-utf8")))?;
    let octets = text.len();
    catch_unwind(|| ShortString::from(text))
        .map_err(|_panic| Failure::Refused(format!("ShortString::from panicked at {octets} octets")))
}
