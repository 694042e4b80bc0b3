"""The relay: two sockets a connection, every octet passed on unchanged, and ends passed on as they came.

Rules of this module: write first, look afterwards; it knows nothing of AMQP. What reads the octets is a
:class:`Watcher`. It gets them after they were written and before the event loop reads anything else, so what
it tells is known before any answer can be. Memory: a socket that does not read stops the reading of the other
one, so a connection holds no more than the loop's write buffers.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import socket
import struct
import sys
import termios
from collections.abc import Callable, Coroutine
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, cast

from harness.tap.events import Direction, Side
from harness.tap.faults import Pump, Shape

How: TypeAlias = Literal["eof", "reset"]
DRAIN_SECONDS = 5.0
"""How long a reset waits for what came before it to leave, when the receiver is slow."""
_DRAIN_POLL_SECONDS = 0.002
_LINGER_ZERO = struct.pack("ii", 1, 0)


def _nowhere(data: bytes) -> None:
    """Where the octets of a dead or swallowed direction go."""


class Watcher(Protocol):
    """What looks at a connection's octets."""

    def octets(self, direction: Direction, data: bytes) -> None:
        """``data`` was passed on in ``direction``."""

    def ended(self, by: Side, how: How) -> None:
        """``by`` writes no more."""

    def unreachable(self, text: str) -> None:
        """There is no connection to the broker, and will be none."""


class Alteration(Protocol):
    """What changes the octets of one direction. It may hold some back until it has a whole message."""

    def feed(self, data: bytes) -> bytes:
        """What to pass on, now that ``data`` came."""

    def finish(self) -> bytes:
        """What to pass on at the end."""


class Traffic(NamedTuple):
    """What arrived in one direction of one connection; ``sha256`` (hex) only if the tap was asked to hash."""

    connection: int
    direction: Direction
    octets: int
    sha256: str | None


class Plan(NamedTuple):
    """How one direction is to be treated. ``before``: the watcher sees what the alteration made of it."""

    shape: Shape
    alteration: Alteration | None
    before: bool
    hash: bool


class End(asyncio.Protocol):
    """One socket. What arrives is given to the lane that starts here, ``out``; ``into`` is the lane to it.

    A peer's socket is there before the broker's is: what arrives meanwhile is kept, and reading pauses with
    the first octets. (Not before: uvloop reads on if it is told to pause while a connection is being made.)
    """

    transport: asyncio.Transport

    def __init__(self, link: Link) -> None:
        self._link = link
        self._early: list[bytes] = []
        self.out: Lane | None = None
        self.into: Lane | None = None
        self.is_lost = self.is_at_eof = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._link.made(self)

    def join(self, out: Lane, into: Lane) -> None:
        """Begin to pass on, first what came early."""
        self.out, self.into = out, into
        early, self._early = self._early, []
        for data in early:
            out.take(data)
        if self.is_at_eof:
            out.end_of_input()
        self.read(True)

    def data_received(self, data: bytes) -> None:
        if self.out is not None:
            self.out.take(data)
        else:
            self._early.append(data)
            self.read(False)

    def eof_received(self) -> bool:
        self.is_at_eof = True
        if self.out is not None:
            self.out.end_of_input()
        return True

    def pause_writing(self) -> None:
        if self.into is not None:
            self.into.hold(True)

    def resume_writing(self) -> None:
        if self.into is not None:
            self.into.hold(False)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        self._link.lost(self, exc)

    def read(self, wanted: bool) -> None:
        """Go on reading, or pause. Resumed after its end, a transport would tell the end once more."""
        if not self.is_lost and not self.is_at_eof and not self.transport.is_closing():
            (self.transport.resume_reading if wanted else self.transport.pause_reading)()

    def unsent(self) -> int:
        """Octets that have not reached the other side yet: in the loop's buffer and in the kernel's (on
        systems that tell of theirs, as Linux does)."""
        if self.is_lost:
            return 0
        waiting = self.transport.get_write_buffer_size()
        try:
            queued = fcntl.ioctl(self.transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
        except OSError:
            return waiting
        return waiting + int.from_bytes(queued, sys.byteorder)

    def reset(self) -> None:
        """Close with RST: SO_LINGER 0, then close. What was not sent yet is gone."""
        if not self.is_lost:
            descriptor = self.transport.get_extra_info("socket").fileno()
            if descriptor >= 0:
                with socket.socket(fileno=os.dup(descriptor)) as same:
                    same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
            self.transport.abort()


class Lane:
    """One direction of a connection: from the end ``source`` to the end ``target``."""

    def __init__(self, direction: Direction, source: End, target: End, link: Link, plan: Plan) -> None:
        self.direction, self.octets, self.is_done, self.is_swallowed = direction, 0, False, False
        self.source, self._target, self._link = source, target, link
        self._sha256 = hashlib.sha256() if plan.hash else None
        self._before = plan.alteration if plan.before else None
        self._after = None if plan.before else plan.alteration
        self._look = link.look
        self._write: Callable[[bytes], None] = target.transport.write
        self._pump = None if plan.shape.is_plain else Pump(plan.shape, self._write_out, self._pause)
        self._out = self._write if self._pump is None else self._pump.put

    def take(self, data: bytes) -> None:
        """Pass on what arrived, then have it looked at."""
        self.octets += len(data)
        if self._sha256 is not None:
            self._sha256.update(data)
        seen = data if self._before is None else self._before.feed(data)
        passed = seen if self._after is None else self._after.feed(seen)
        if passed:
            self._out(passed)
        if seen:
            self._look(self.direction, seen)

    def end_of_input(self) -> None:
        """FIN arrived: pass it on after everything before it."""
        self._flush()
        self._link.look(self.direction, "eof")
        self._finally(self._pass_eof)

    def broken(self) -> None:
        """The source is gone without FIN: reset the target after everything before it."""
        self._flush()
        self._link.look(self.direction, "reset")
        self._finally(lambda: self._link.reset_when_drained(self._target))

    def stop_writing(self) -> None:
        """Nothing that still arrives can be delivered."""
        self._write = self._out = _nowhere
        if self._pump is not None:
            self._pump.cancel()
            self._pump = None

    def swallow(self) -> None:
        """From now on pass on nothing, not even an end, and go on reading as if nothing were wrong."""
        self.is_swallowed = True
        self.stop_writing()
        self.source.read(True)

    def half_close(self) -> None:
        """FIN to the target now, and nothing after it."""
        self._pass_eof()
        self.stop_writing()

    def hold(self, held: bool) -> None:
        """The target has no room, or has room again."""
        if self.is_swallowed:
            return
        if self._pump is None:
            self._pause(held)
        else:
            self._pump.open_gate(not held)

    def traffic(self, connection: int) -> Traffic:
        """What arrived so far."""
        digest = None if self._sha256 is None else self._sha256.hexdigest()
        return Traffic(connection, self.direction, self.octets, digest)

    def _flush(self) -> None:
        for alteration in (self._before, self._after):
            rest = b"" if alteration is None else alteration.finish()
            if rest:
                self._out(rest)
                if alteration is self._before:
                    self._look(self.direction, rest)

    def _finally(self, last: Callable[[], None]) -> None:
        if self.is_swallowed:
            self.is_done = True
            self._link.close_if_done()
        elif self._pump is None:
            last()
        else:
            self._pump.finish(last)

    def _write_out(self, data: bytes) -> None:
        self._write(data)

    def _pause(self, paused: bool) -> None:
        self.source.read(not paused)

    def _pass_eof(self) -> None:
        if self.is_done:
            return
        self.is_done = True
        if not self._target.is_lost and not self._target.transport.is_closing():
            self._target.transport.write_eof()
        self._link.close_if_done()


class Link:
    """One connection: the peer's socket, the broker's, and the two lanes between them."""

    def __init__(
        self,
        number: int,
        upstream: tuple[str, int],
        plans: dict[Direction, Plan],
        watcher: Watcher | None,
        on_over: Callable[[Link], None],
    ) -> None:
        self.number = number
        self._upstream, self._plans, self._watcher, self._on_over = upstream, plans, watcher, on_over
        self._loop = asyncio.get_running_loop()
        self._pending: list[tuple[Direction, bytes | How]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.lanes: tuple[Lane, ...] = ()
        self._is_reset = False
        self.peer, self._broker = End(self), End(self)

    def made(self, end: End) -> None:
        """An end has its socket: the peer's comes first, and is not read before the broker's is there."""
        if end is self.peer:
            self._start(self._connect())
            return
        if self._is_reset:
            end.reset()
            return
        to_broker = Lane(Direction.TO_BROKER, self.peer, end, self, self._plans[Direction.TO_BROKER])
        to_peer = Lane(Direction.TO_PEER, end, self.peer, self, self._plans[Direction.TO_PEER])
        self.lanes = (to_broker, to_peer)
        self.peer.join(to_broker, to_peer)
        end.join(to_peer, to_broker)
        if self.peer.is_lost:
            to_broker.broken()

    def lost(self, end: End, exc: Exception | None) -> None:
        """A socket is closed: by this side (``exc`` is None), or by what happened to it."""
        if end.into is not None:
            end.into.stop_writing()
        if end.out is not None and exc is not None:
            end.out.broken()
        if self.peer.is_lost and (self._broker.is_lost or not self.lanes):
            self._on_over(self)

    def look(self, direction: Direction, what: bytes | How) -> None:
        """Have ``what`` looked at as soon as everything that is at hand has been written."""
        if self._watcher is None:
            return
        if not self._pending:
            self._loop.call_soon(self._watch)
        self._pending.append((direction, what))

    def close_if_done(self) -> None:
        """Close both sockets once each direction has ended; what is buffered still leaves."""
        if all(lane.is_done for lane in self.lanes):
            for lane in self.lanes:
                if not lane.source.is_lost:
                    lane.source.transport.close()

    def reset(self) -> None:
        """RST to both sides, now, and to the broker's if its socket is still being made."""
        self._is_reset = True
        for lane in self.lanes:
            lane.stop_writing()
            lane.source.reset()
        if not self.lanes:
            # Only now: once a socket is made, uvloop answers a cancel by closing it without telling.
            for task in self._tasks:
                task.cancel()
            self.peer.reset()

    def reset_when_drained(self, end: End) -> None:
        """RST to ``end`` after what was written to it has left, within :data:`DRAIN_SECONDS`."""
        if not end.unsent():
            end.reset()
        else:
            self._start(self._drain(end, self._loop.time() + DRAIN_SECONDS))

    async def _drain(self, end: End, deadline: float) -> None:
        # Neither a loop nor the kernel says when its buffer has become empty, so they are asked.
        while end.unsent() and self._loop.time() < deadline:
            await asyncio.sleep(_DRAIN_POLL_SECONDS)
        end.reset()

    async def _connect(self) -> None:
        try:
            await self._loop.create_connection(lambda: self._broker, *self._upstream)
        except OSError as error:
            if self._watcher is not None:
                self._watcher.unreachable(str(error))
            self.peer.reset()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _watch(self) -> None:
        assert self._watcher is not None
        pending, self._pending = self._pending, []
        for direction, what in pending:
            if isinstance(what, bytes):
                self._watcher.octets(direction, what)
            else:
                self._watcher.ended(direction.sender, what)
