//! Standard input: a thread reads and checks requests ahead of the peer, as many a wakeup as have arrived.

use std::io::{self, BufRead, BufReader, Read};
use std::thread;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::requests::{self, NotARequest, Numbered};

/// A line of the input: a request, what is wrong with it, or why there is none.
pub type Arrival = io::Result<Result<Numbered, NotARequest>>;

/// How many requests are read ahead of their turn.
const AHEAD: usize = 1024;

/// The arrivals of `input`, until it ends.
pub fn start(input: impl Read + Send + 'static) -> Receiver<Arrival> {
    let (sender, receiver) = channel(AHEAD);
    thread::spawn(move || read(BufReader::with_capacity(1 << 16, input), &sender));
    receiver
}

fn read(mut input: impl BufRead, arrivals: &Sender<Arrival>) {
    let mut line = Vec::new();
    loop {
        line.clear();
        let arrival = match input.read_until(b'\n', &mut line) {
            Ok(0) => return,
            Ok(_) if line.ends_with(b"\n") => Ok(requests::read(&line)),
            Ok(_) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the input ended within a line")),
            Err(error) => Err(error),
        };
        let last = arrival.is_err();
        if arrivals.blocking_send(arrival).is_err() || last {
            return;
        }
    }
}
