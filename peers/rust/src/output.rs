//! Standard output: lines are collected by whoever has one, and written, many at once, by a thread of its own.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::lines::Line;

/// Where lines go. Clones share the one output, and what is put in first leaves first.
#[derive(Clone, Default)]
pub struct Output(Arc<Shared>);

#[derive(Default)]
struct Shared {
    pending: Mutex<Pending>,
    more: Condvar,
}

#[derive(Default)]
struct Pending {
    octets: Vec<u8>,
    over: bool,
}

impl Output {
    /// Put a line behind the others.
    pub fn put(&self, line: &Line) {
        let mut pending = self.lock();
        serde_json::to_writer(&mut pending.octets, line).expect("a line can be written to memory");
        pending.octets.push(b'\n');
        self.0.more.notify_one();
    }

    /// Write all lines to `out` until [`Output::end`]. The thread ends early with the error of a broken pipe.
    pub fn start(&self, mut out: impl Write + Send + 'static) -> JoinHandle<io::Result<()>> {
        let output = self.clone();
        thread::spawn(move || {
            while let Some(octets) = output.next() {
                out.write_all(&octets)?;
                out.flush()?;
            }
            Ok(())
        })
    }

    /// There will be no more lines.
    pub fn end(&self) {
        self.lock().over = true;
        self.0.more.notify_one();
    }

    fn next(&self) -> Option<Vec<u8>> {
        let pending = self.lock();
        let waited = self.0.more.wait_while(pending, |pending| pending.octets.is_empty() && !pending.over);
        let mut pending = waited.unwrap_or_else(PoisonError::into_inner);
        if pending.octets.is_empty() { None } else { Some(std::mem::take(&mut pending.octets)) }
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.0.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
