"""The socket: frames in, octets out, heartbeats. Knows nothing of methods.

Octets that are sent within one turn of the event loop leave in one write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from harness.amqp.fields import WireError
from harness.amqp.frames import Frame, FrameSplitter, FrameType, encode_frame

_HEARTBEAT = encode_frame(FrameType.HEARTBEAT, 0, b"")
_WRITE_AT = 262144
"""Octets that are held back at the most until the loop's next turn."""


class Wire(asyncio.Protocol):
    """``on_frames`` gets what arrives, heartbeats too; ``on_end`` is called once, with the reason and
    whether the octets that came were not AMQP."""

    def __init__(self, on_frames: Callable[[list[Frame]], None], on_end: Callable[[str, bool], None]) -> None:
        self._on_frames, self._on_end = on_frames, on_end
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._splitter = FrameSplitter()
        self._held: list[bytes] = []
        self._held_octets = 0
        self._writable = asyncio.Event()
        self._writable.set()
        self._gone = asyncio.Event()
        self._ended = False
        self._beat: asyncio.TimerHandle | None = None
        self._heard = self._spoke = 0.0

    # --- what asyncio calls --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=1 << 20)

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        try:
            self._on_frames(self._splitter.feed(data))
            if self._splitter.protocol_header:
                self._not_amqp("a protocol header, which refuses AMQP 0-9-1")
            elif self._splitter.broken:
                self._not_amqp(str(self._splitter.broken))
        except WireError as error:
            self._not_amqp(str(error))

    def _not_amqp(self, problem: str) -> None:
        self.end(f"the broker sent what is not AMQP 0-9-1: {problem}", not_amqp=True)
        self.abort()

    def eof_received(self) -> bool:
        """A half-closed connection is of no use: answer with the other half."""
        self.end("the broker closed the socket", not_amqp=self._splitter.pending > 0)
        return False

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.end(f"the connection was lost: {exc or 'closed'}")
        self._gone.set()
        self._writable.set()

    # --- what the client calls -----------------------------------------------------------------------

    def send(self, octets: bytes) -> None:
        """Any octets. What is sent after the end is dropped."""
        self._held.append(octets)
        self._held_octets += len(octets)
        if self._held_octets >= _WRITE_AT:
            self.flush()
        elif len(self._held) == 1:
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Hand everything to the transport now."""
        if self._held and self._transport and not self._transport.is_closing():
            self._transport.write(b"".join(self._held))
            self._spoke = self._loop.time()
        self._held.clear()
        self._held_octets = 0

    @property
    def full(self) -> bool:
        """Whether the transport asked for a pause."""
        return not self._writable.is_set()

    async def drained(self) -> None:
        """Until the transport has room, or is gone."""
        await self._writable.wait()

    def pause_reading(self) -> None:
        """Take nothing more from the socket; the broker feels it."""
        if self._transport and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.resume_reading()

    def beat(self, seconds: int) -> None:
        """Send a heartbeat where ``seconds`` / 2 passed without a write; end after two times ``seconds``
        without a sign of the broker (AMQP 0-9-1, 4.2.7)."""
        self._heard = self._spoke = self._loop.time()
        self._beat = self._loop.call_later(seconds / 2, self._beat_once, seconds)

    def _beat_once(self, seconds: int) -> None:
        now = self._loop.time()
        if now - self._heard > 2 * seconds:
            self.end(
                f"no sign of the broker for {2 * seconds} s, heartbeats were agreed on every {seconds} s"
            )
            self.abort()
            return
        if now - self._spoke >= seconds / 2:
            self.send(_HEARTBEAT)
        self._beat = self._loop.call_later(seconds / 2, self._beat_once, seconds)

    def end(self, reason: str, *, not_amqp: bool = False) -> None:
        """No more is to be expected of this connection."""
        if self._ended:
            return
        self._ended = True
        if self._beat:
            self._beat.cancel()
        self._on_end(reason, not_amqp)

    def close(self) -> None:
        """Close once everything is written."""
        self.flush()
        if self._transport:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport:
            self._transport.abort()

    async def gone(self) -> None:
        """Until the socket is closed."""
        await self._gone.wait()
