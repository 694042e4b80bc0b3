"""Standard input and output through asyncio: lines in, lines out, neither blocks the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast


class LineReader(asyncio.Protocol):
    """Calls ``on_line`` with each line, its newline left out, and ``on_end`` at the end of input.

    What stands after the last newline is given as a line too.
    """

    def __init__(self, on_line: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        self._on_line, self._on_end = on_line, on_end
        self._pieces: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        first, *more = data.split(b"\n")
        self._pieces.append(first)
        for piece in more:
            self._on_line(b"".join(self._pieces))
            self._pieces = [piece]

    def connection_lost(self, exc: Exception | None) -> None:
        rest = b"".join(self._pieces)
        if rest:
            self._on_line(rest)
        self._on_end()


class LineWriter(asyncio.BaseProtocol):
    """Lines that are written within one turn of the event loop leave in one write.

    ``on_pause``, if set, gets True when the reader at the other end is slow, False when it has caught up;
    ``on_lost`` is called when nobody reads any more.
    """

    def __init__(self, on_lost: Callable[[], None]) -> None:
        self.on_pause: Callable[[bool], None] | None = None
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.WriteTransport | None = None
        self._held: list[bytes] = []
        self._gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def pause_writing(self) -> None:
        if self.on_pause:
            self.on_pause(True)

    def resume_writing(self) -> None:
        if self.on_pause:
            self.on_pause(False)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()
        self._on_lost()

    def write(self, line: bytes) -> None:
        """A whole line, newline included."""
        if not self._held:
            self._loop.call_soon(self._flush)
        self._held.append(line)

    def _flush(self) -> None:
        if self._held and self._transport and not self._transport.is_closing():
            self._transport.write(b"".join(self._held))
        self._held.clear()

    async def close(self) -> None:
        """Once everything is read by the other end."""
        self._flush()
        if self._transport:
            self._transport.close()
            await self._gone.wait()
