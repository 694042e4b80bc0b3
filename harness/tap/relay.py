"""The relay: two sockets a connection, every octet passed on unchanged, and ends passed on as they came.

What reads the octets is a :class:`Watcher`. It gets them after they were written and before the event loop
reads anything else, so what it tells is known before any answer can be. Memory: a socket that does not read
stops the reading of the other one, so a connection holds no more than the loop's write buffers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Literal, Protocol, TypeAlias

from harness.tap.events import Direction, Side
from harness.tap.lane import End, Lane, Plan

How: TypeAlias = Literal["eof", "reset"]
DRAIN_SECONDS = 5.0
"""How long a reset waits for what came before it to leave, when the receiver is slow."""
_DRAIN_POLL_SECONDS, _DRAIN_POLL_LONGEST = 0.002, 0.1


class Watcher(Protocol):
    """What looks at a connection's octets."""

    def octets(self, direction: Direction, data: bytes) -> None:
        """``data`` was passed on in ``direction``."""

    def ended(self, by: Side, how: How) -> None:
        """``by`` writes no more."""

    def unreachable(self, text: str) -> None:
        """There is no connection to the broker, and will be none."""


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
        # Neither a loop nor the kernel says when its buffer has become empty, so they are asked: ever more
        # seldom, as one who rests or hangs keeps many waiting.
        wait = _DRAIN_POLL_SECONDS
        while end.unsent() and self._loop.time() < deadline:
            await asyncio.sleep(wait)
            wait = min(2 * wait, _DRAIN_POLL_LONGEST)
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
