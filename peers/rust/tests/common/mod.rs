//! What the tests share: the contract's files, and a peer that is spoken to in memory.
#![allow(dead_code, reason = "each test program uses a part")]

pub mod broker;

use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rust_peer::peer;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub fn contract(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contract").join(name)
}

/// The vectors in a file of `contract/vectors`.
pub fn vectors<T: DeserializeOwned>(name: &str) -> Vec<T> {
    let path = contract("vectors").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The octets that a vector gives in hexadecimal.
pub fn octets(hex: &str) -> Vec<u8> {
    let digits: String = hex.split_whitespace().collect();
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("the vectors are hexadecimal"))
        .collect()
}

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics with it").write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a peer answers to an input, and how it ends.
pub fn spoken(input: &str) -> (Vec<Value>, io::Result<()>) {
    let (memory, runtime) = (Memory::default(), tokio::runtime::Runtime::new().expect("a runtime starts"));
    let ended = runtime.block_on(peer::serve(Cursor::new(input.to_owned()), memory.clone()));
    let octets = memory.0.lock().expect("no test panics with it").clone();
    let text = String::from_utf8(octets).expect("lines are UTF-8");
    (text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect(), ended)
}
