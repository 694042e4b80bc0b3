"""A peer's process: started, spoken to, watched, ended. It knows the protocol's form, not what is said.

Replies come in the order of the requests (docs/protocol.md), so a reply that repeats, skips or invents an id
is a breach of the contract: the process is ended and every request that still waits is told why.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import Callable
from typing import cast

import msgspec

from harness.errors import InteropError
from harness.peers.build import Launch
from harness.peers.protocol import (
    Cancelled,
    Close,
    Closed,
    Delivery,
    Event,
    Reply,
    Request,
    Undecodable,
    decode_line,
    encode_request,
)

STDERR_KEPT = 16 * 1024
"""Bytes of a peer's standard error that are kept for messages: the last ones."""
LONGEST_LINE = 32 * 1024 * 1024
"""Bytes that a peer may write without a line's end."""
LONGEST_REST = 8.0
"""Seconds that a process may rest: the Go clients ask for a heartbeat of 10 s, and a broker waits for two."""
BREATH = 0.5
"""Seconds for which it is awake then, to send its heartbeats, before it rests again."""


class PeerBroken(InteropError):
    """The peer broke the contract. ``breach`` names how; it is an error of the adapter, never a result."""

    def __init__(self, label: str, breach: str, detail: str) -> None:
        self.label, self.breach, self.detail = label, breach, detail
        super().__init__(f"{label} broke the peer protocol ({breach}): {detail}")


class PeerGone(InteropError):
    """The process ended. ``status`` is its exit status, negative for a signal; ``stderr`` its last words."""

    def __init__(self, label: str, status: int, stderr: str) -> None:
        self.label, self.status, self.stderr = label, status, stderr
        words = stderr.strip().splitlines()
        how = f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
        super().__init__(f"{label} ended with {how}" + (f": {words[-1]}" if words else ""))


class PeerProcess(asyncio.SubprocessProtocol):
    """One running peer. ``on_event`` gets what no request asked for, ``on_end`` is told once why it ended."""

    def __init__(
        self,
        label: str,
        on_event: Callable[[PeerProcess, Event], None],
        on_end: Callable[[PeerProcess, InteropError], None],
    ) -> None:
        self.label = label
        self.ended: InteropError | None = None
        self._on_event, self._on_end = on_event, on_end
        self._transport: asyncio.SubprocessTransport | None = None
        self._exited = asyncio.get_running_loop().create_future()
        self._lost = asyncio.get_running_loop().create_future()
        self._waiting: deque[tuple[int, asyncio.Future[Reply]]] = deque()
        self._last_id = 0
        self._answered = 0
        self._out: list[bytes] = []
        self._partial = bytearray()
        self._stderr = bytearray()
        self._closing = False
        self._rest: asyncio.TimerHandle | None = None

    # --- from outside ------------------------------------------------------------------------------

    @classmethod
    async def start(
        cls,
        label: str,
        launch: Launch,
        on_event: Callable[[PeerProcess, Event], None],
        on_end: Callable[[PeerProcess, InteropError], None],
    ) -> PeerProcess:
        """Start the program; it was checked to exist when it was made ready."""
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.subprocess_exec(
            lambda: cls(label, on_event, on_end),
            *launch.command,
            cwd=launch.folder,
            env={**os.environ, **dict(launch.environment)},
            start_new_session=True,
        )
        protocol._transport = transport
        return protocol

    def next_id(self) -> int:
        """The id for the next request."""
        self._last_id += 1
        return self._last_id

    def send(self, request: Request) -> asyncio.Future[Reply]:
        """Write a request; the future is its reply, or PeerBroken, or PeerGone."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        if self.ended is not None:
            future.set_exception(self.ended)
            future.exception()  # seen, as in _end
            return future
        self.wake()
        if not self._out:
            asyncio.get_running_loop().call_soon(self._flush)
        self._out.append(encode_request(request))
        self._waiting.append((request.id, future))
        return future

    def rest(self) -> None:
        """Stop the process until it is asked for something, but for a breath now and then.

        A library may use a whole core as long as it is connected, though it has nothing to do.
        """
        if self.ended is None and self._rest is None and not self._closing:
            self._stop()

    def wake(self) -> None:
        """Let it go on, if it rests."""
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
            self._signal(signal.SIGCONT)

    def _stop(self) -> None:
        self._signal(signal.SIGSTOP)
        self._rest = asyncio.get_running_loop().call_later(LONGEST_REST, self._breathe)

    def _breathe(self) -> None:
        self._signal(signal.SIGCONT)
        self._rest = asyncio.get_running_loop().call_later(BREATH, self._stop)

    def _signal(self, number: signal.Signals) -> None:
        if self._transport is not None and not self._exited.done():
            try:
                os.killpg(self._transport.get_pid(), number)
            except ProcessLookupError:
                return  # it ended between the check and the signal: that is told in its own time

    async def close(self, deadline: float) -> None:
        """Ask it to close; after ``deadline`` seconds, or if it is stopped or broken, end it."""
        if self.ended is None and deadline > 0:
            self._closing = True
            self.send(Close(self.next_id()))
            await asyncio.wait([self._exited], timeout=deadline)
        self.kill()
        await asyncio.wait([self._exited])
        assert self._transport is not None
        self._transport.close()
        await asyncio.wait([self._lost])

    def kill(self) -> None:
        """End the process and whatever it started, at once; every request that still waits is told."""
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        if self._transport is not None and not self._exited.done():
            try:
                os.killpg(self._transport.get_pid(), signal.SIGKILL)
            except ProcessLookupError:
                return  # it ended between the check and the signal: what was wanted
            self._end(PeerGone(self.label, -signal.SIGKILL, self.stderr))

    @property
    def pid(self) -> int:
        """Process id, which is also its process group's."""
        assert self._transport is not None
        return self._transport.get_pid()

    @property
    def stderr(self) -> str:
        """The last words on standard error."""
        return self._stderr.decode("utf-8", "replace")

    # --- from the process ----------------------------------------------------------------------------

    def _flush(self) -> None:
        lines, self._out = b"".join(self._out), []
        if self.ended is None and self._transport is not None:
            pipe = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))
            if not pipe.is_closing():
                pipe.write(lines)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Standard output (1) or standard error (2)."""
        if fd == 2:
            self._stderr += data
            del self._stderr[:-STDERR_KEPT]
            return
        if self.ended is not None:
            return
        lines = data.split(b"\n")
        if len(lines) == 1:
            self._partial += data
            if len(self._partial) > LONGEST_LINE:
                self._break("junk", f"{len(self._partial)} bytes without a line's end")
            return
        self._partial += lines[0]
        lines[0] = bytes(self._partial)
        self._partial = bytearray(lines.pop())
        for line in lines:
            if self.ended is None:
                self._line(line)

    def _line(self, line: bytes) -> None:
        try:
            said = decode_line(line)
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
            self._break("junk", f"{error}; the line was {line[:200]!r}")
            return
        if isinstance(said, Delivery | Undecodable | Cancelled | Closed):
            self._on_event(self, said)
        else:
            self._reply(said)

    def _reply(self, reply: Reply) -> None:
        if self._waiting and self._waiting[0][0] == reply.id:
            self._answered = reply.id
            future = self._waiting.popleft()[1]
            if not future.done():
                future.set_result(reply)
        elif reply.id <= self._answered:
            self._break("repeated reply", f"request {reply.id} was answered already")
        elif any(number == reply.id for number, _ in self._waiting):
            self._break("reordered reply", f"{reply.id} was answered before {self._waiting[0][0]}")
        else:
            self._break("invented reply", f"there was no request {reply.id}")

    def _break(self, breach: str, detail: str) -> None:
        self._end(PeerBroken(self.label, breach, detail))
        self.kill()

    def process_exited(self) -> None:
        """The process is gone; output that is still in the pipe may follow."""
        if not self._exited.done():
            self._exited.set_result(None)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """After the last byte of an output, or when the process no longer reads."""

    def connection_lost(self, exc: Exception | None) -> None:
        """All pipes are closed and the process was waited for."""
        self._lost.set_result(None)
        if self._transport is not None:
            self._transport.close()  # all is over, but it would complain that nobody closed it
        status = self._transport.get_returncode() if self._transport is not None else None
        if self._closing and status == 0:
            self.ended = self.ended or PeerGone(self.label, 0, "")
            return
        self._end(PeerGone(self.label, status or 0, self.stderr))

    def _end(self, why: InteropError) -> None:
        if self.ended is not None:
            return
        self.ended = why
        waiting, self._waiting = self._waiting, deque()
        for _, future in waiting:
            if not future.done():
                future.set_exception(why)
                future.exception()  # seen: whoever waits raises it, nobody need wait
        self._on_end(self, why)
