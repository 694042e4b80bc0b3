"""Misbehaviour on request: how octets are held up on their way out of a tap.

Pure of sockets: a :class:`Pump` gets octets and hands pieces to a callable, in order and none lost, but
later, smaller, larger or slower. Only tests and fault cases ask for one; without it a tap writes at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

QUEUE_LIMIT = 1 << 16
"""Octets that a pump holds before it asks for a pause, and half of which it resumes at."""
TURN = 0.001
"""Seconds of a busy loop after which one more piece goes out in a turn: many must not take for ever."""
THROTTLE_STEPS = 20
"""A throttled stream moves in so many writes a second."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How one direction is held up. The default holds up nothing.

    ``delay``: seconds between arrival and departure. ``join``: octets to wait for before any goes on, or
    ``join_within`` seconds after the first of them. ``split``: octets a write at the most (1: every octet
    alone; each write is a send of its own). ``throttle``: octets a second.
    """

    delay: float = 0.0
    join: int = 0
    join_within: float = 0.05
    split: int = 0
    throttle: float = 0.0

    def __post_init__(self) -> None:
        if min(self.delay, self.join, self.join_within, self.split, self.throttle) < 0:
            raise ValueError(f"{self}: nothing here can be negative")

    @property
    def is_plain(self) -> bool:
        """Whether it holds up nothing."""
        return not (self.delay or self.join or self.split or self.throttle)

    def piece(self) -> int | None:
        """Octets a write, None for no limit."""
        sizes = [size for size in (self.split, int(self.throttle / THROTTLE_STEPS)) if size]
        return min(sizes, default=1 if self.throttle else None)


PLAIN = Shape()


@dataclass(frozen=True, slots=True)
class Faults:
    """The shapes of both directions."""

    to_broker: Shape = PLAIN
    to_peer: Shape = PLAIN


class Pump:
    """One direction's queue. ``write`` takes the pieces; ``on_full(True)`` asks for a pause of the source."""

    def __init__(self, shape: Shape, write: Callable[[bytes], None], on_full: Callable[[bool], None]) -> None:
        self._shape, self._write, self._on_full = shape, write, on_full
        self._queue: deque[tuple[float, bytes]] = deque()
        self._queued = 0
        self._full = False
        self._last: Callable[[], None] | None = None
        self._news = asyncio.Event()
        self._gate = asyncio.Event()
        self._gate.set()
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run())

    def put(self, data: bytes) -> None:
        """Take octets that arrived now."""
        self._queue.append((self._loop.time(), data))
        self._queued += len(data)
        self._set_full(self._full or self._queued > max(QUEUE_LIMIT, 2 * self._shape.join))
        self._news.set()

    def finish(self, last: Callable[[], None]) -> None:
        """Call ``last`` once everything before has been written, and stop. A second call replaces it."""
        self._last = last
        self._news.set()

    def open_gate(self, is_open: bool) -> None:
        """Whether the writer has room."""
        (self._gate.set if is_open else self._gate.clear)()

    def cancel(self) -> None:
        """Stop at once and forget what is queued."""
        self._task.cancel()

    async def _run(self) -> None:
        room = 1
        while batch := await self._next():
            for piece in self._pieces(batch):
                await self._gate.wait()
                self._write(piece)
                room -= 1
                if self._shape.throttle:
                    await asyncio.sleep(len(piece) / self._shape.throttle)
                elif not room:
                    before = self._loop.time()
                    await asyncio.sleep(0)
                    room = 1 + int((self._loop.time() - before) / TURN)
        assert self._last is not None
        self._last()

    async def _next(self) -> bytes:
        """What goes next, b"" at the end."""
        await self._until(lambda: bool(self._queue), None)
        if not self._queue:
            return b""
        first = self._queue[0][0]
        if self._shape.join:
            await self._until(lambda: self._queued >= self._shape.join, first + self._shape.join_within)
        await asyncio.sleep(max(0.0, first + self._shape.delay - self._loop.time()))
        return self._take_all() if self._shape.join else self._take_one()

    async def _until(self, is_enough: Callable[[], bool], deadline: float | None) -> None:
        """Until there is enough, no more will come, or ``deadline`` (the loop's clock) is over."""
        while not is_enough() and self._last is None:
            self._news.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._news.wait()
            except TimeoutError:
                return

    def _take_one(self) -> bytes:
        data = self._queue.popleft()[1]
        self._queued -= len(data)
        self._set_full(self._full and self._queued > QUEUE_LIMIT // 2)
        return data

    def _take_all(self) -> bytes:
        data = b"".join(data for _, data in self._queue)
        self._queue.clear()
        self._queued = 0
        self._set_full(False)
        return data

    def _pieces(self, batch: bytes) -> Iterator[bytes]:
        size = self._shape.piece() or len(batch)
        return (batch[at : at + size] for at in range(0, len(batch), size))

    def _set_full(self, full: bool) -> None:
        if full != self._full:
            self._full = full
            self._on_full(full)
