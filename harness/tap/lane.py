"""Lanes: one direction of a connection each, from the socket that is read to the socket that is written.

Rules of this module: write first, look afterwards, and pass on an end only after everything before it. It
knows nothing of AMQP, and of a connection's other direction only that its sockets are the same two.
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
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from harness.tap.events import Direction
from harness.tap.faults import Pump, Shape

if TYPE_CHECKING:
    from harness.tap.relay import Link

_LINGER_ZERO = struct.pack("ii", 1, 0)


def _nowhere(data: bytes) -> None:
    """Where the octets of a dead or swallowed direction go."""


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
