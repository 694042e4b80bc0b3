//! The program: a peer on its standard streams. Status 0 after close or the end of the input, 2 for an input
//! that is no request at all, 1 for a broken pipe.

use std::io;
use std::process::ExitCode;

use rust_peer::peer;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let served = runtime.block_on(peer::serve(io::stdin(), io::stdout()));
    // The library may leave threads behind that a plain drop would wait for.
    runtime.shutdown_background();
    served.map_or_else(|error| failed(&error), |()| ExitCode::SUCCESS)
}

fn failed(error: &io::Error) -> ExitCode {
    eprintln!("rust-peer: {error}");
    ExitCode::from(if error.kind() == io::ErrorKind::InvalidData { 2 } else { 1 })
}
