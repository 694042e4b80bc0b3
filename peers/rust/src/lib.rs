//! lapin as a peer of the interop suite: the peer protocol on standard input and output. What the library can be
//! told is in [`fields`] and [`properties`], what it says of a connection in [`watch`].

pub mod consuming;
pub mod describe;
pub mod failure;
pub mod fields;
pub mod input;
pub mod library;
pub mod lines;
pub mod message;
pub mod output;
pub mod peer;
pub mod properties;
pub mod requests;
pub mod session;
pub mod text;
pub mod values;
pub mod watch;
