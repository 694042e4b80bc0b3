//! A broker of one connection: it opens what it is asked to open, and leaves the rest to a script. Frames are
//! made by hand, so that the library is not held against its own codec.
#![allow(dead_code, reason = "each test program uses a part")]

use std::io::{self, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

pub const METHOD: u8 = 1;
pub const HEADER: u8 = 2;
pub const BODY: u8 = 3;

/// A method that a client sent: its class and number, and its arguments.
pub type Asked<'frame> = ((u16, u16), &'frame [u8]);

/// What a script does about a method.
pub enum Answer {
    Frames(Vec<Vec<u8>>),
    /// End the TCP connection without a word.
    Drop,
}

pub fn frame(kind: u8, channel: u16, payload: &[u8]) -> Vec<u8> {
    let size = u32::try_from(payload.len()).expect("it is short");
    let mut made = vec![kind];
    made.extend(channel.to_be_bytes());
    made.extend(size.to_be_bytes());
    made.extend(payload);
    made.push(0xce);
    made
}

/// A method frame on channel 1.
pub fn method(id: (u16, u16), arguments: &[&[u8]]) -> Vec<u8> {
    on(1, id, arguments)
}

pub fn on(channel: u16, (class, number): (u16, u16), arguments: &[&[u8]]) -> Vec<u8> {
    let mut payload = [class.to_be_bytes(), number.to_be_bytes()].concat();
    payload.extend(arguments.concat());
    frame(METHOD, channel, &payload)
}

pub fn short(text: &str) -> Vec<u8> {
    let mut made = vec![u8::try_from(text.len()).expect("it is short")];
    made.extend(text.as_bytes());
    made
}

fn long(text: &str) -> Vec<u8> {
    let mut made = u32::try_from(text.len()).expect("it is short").to_be_bytes().to_vec();
    made.extend(text.as_bytes());
    made
}

/// A content header of class basic: flags and the values of the properties, as they stand.
pub fn header(size: u64, flags: u16, properties: &[u8]) -> Vec<u8> {
    let mut payload = vec![0, 60, 0, 0];
    payload.extend(size.to_be_bytes());
    payload.extend(flags.to_be_bytes());
    payload.extend(properties);
    frame(HEADER, 1, &payload)
}

/// basic.deliver of a body of one octet.
pub fn deliver(consumer: &str, tag: u64, flags: u16, properties: &[u8]) -> Vec<Vec<u8>> {
    let arguments = [&short(consumer)[..], &tag.to_be_bytes(), &[1], &short("x"), &short("key")];
    vec![method((60, 60), &arguments), header(1, flags, properties), frame(BODY, 1, b"b")]
}

/// channel.close, or connection.close on channel 0.
pub fn close(channel: u16, code: u16, text: &str) -> Vec<u8> {
    let id = if channel == 0 { (10, 50) } else { (20, 40) };
    on(channel, id, &[&code.to_be_bytes(), &short(text), &[0; 4]])
}

/// The URL of a broker that answers one client by `script`.
pub fn start(mut script: impl FnMut(Asked<'_>) -> Answer + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        let (stream, _) = listener.accept()?;
        serve(stream, &mut script)
    });
    format!("amqp://guest:guest@{address}/%2F")
}

fn serve(mut stream: TcpStream, script: &mut impl FnMut(Asked<'_>) -> Answer) -> io::Result<()> {
    let mut input = BufReader::new(stream.try_clone()?);
    input.read_exact(&mut [0; 8])?; // AMQP 0 0 9 1
    let start = [&[0, 9][..], &[0; 4], &long("PLAIN"), &long("en_US")];
    stream.write_all(&on(0, (10, 10), &start))?;
    loop {
        let mut head = [0; 7];
        input.read_exact(&mut head)?;
        let size = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
        let mut payload = vec![0; usize::try_from(size).expect("it fits") + 1];
        input.read_exact(&mut payload)?;
        if head[0] != METHOD {
            continue;
        }
        let id = (u16::from_be_bytes([payload[0], payload[1]]), u16::from_be_bytes([payload[2], payload[3]]));
        let answer = opening(id).unwrap_or_else(|| script((id, &payload[4..payload.len() - 1])));
        match answer {
            Answer::Frames(frames) => stream.write_all(&frames.concat())?,
            Answer::Drop => return stream.shutdown(std::net::Shutdown::Both),
        }
    }
}

/// What is the same in every connection.
fn opening(id: (u16, u16)) -> Option<Answer> {
    let tune = [&2047_u16.to_be_bytes()[..], &131_072_u32.to_be_bytes(), &[0; 2]];
    Some(Answer::Frames(match id {
        (10, 11) => vec![on(0, (10, 30), &tune)],
        (10, 40) => vec![on(0, (10, 41), &[&short("")])],
        (10, 50) => vec![on(0, (10, 51), &[])],
        (20, 10) => vec![method((20, 11), &[&long("")])],
        (20, 40) => vec![method((20, 41), &[])],
        (10, 31 | 51) | (20, 41) => Vec::new(),
        _ => return None,
    }))
}
