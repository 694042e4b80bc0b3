"""``python -m harness.raw --schema DIR``: the peer ``raw`` on standard input and output, which are pipes.

Exit status 0 after close, at the end of input, and on SIGINT or SIGTERM; 1 for a line that cannot be
answered; 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from harness.raw.peer import NotARequest, Peer
from harness.raw.pipes import LineReader, LineWriter


def main(arguments: list[str]) -> int:
    """Check the arguments and serve."""
    parser = argparse.ArgumentParser(prog="harness.raw", description="The suite's own AMQP 0-9-1 peer.")
    parser.add_argument("--schema", type=Path, required=True, metavar="DIR", help="contract/schema")
    folder: Path = parser.parse_args(arguments).schema
    if not (folder / "peer-request.schema.json").is_file():
        parser.error(f"--schema {folder}: there is no peer-request.schema.json in it")
    return asyncio.run(serve())


async def serve() -> int:
    """The exit status, once the peer is done."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    out = LineWriter(stop.set)
    peer = Peer(out.write)
    out.on_pause = peer.pause
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await loop.connect_write_pipe(lambda: out, sys.stdout.buffer)
    await loop.connect_read_pipe(lambda: LineReader(peer.take, peer.end), sys.stdin.buffer)
    return await _until_done(peer, out, stop)


async def _until_done(peer: Peer, out: LineWriter, stop: asyncio.Event) -> int:
    """The peer's own end, or ``stop``, whichever comes first."""
    running = asyncio.create_task(peer.run())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    try:
        if running.done():
            running.result()
        else:
            running.cancel()
    except NotARequest as error:
        print(f"raw: {error}", file=sys.stderr, flush=True)
        return 1
    finally:
        peer.abort()
        if not stop.is_set():
            await out.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
