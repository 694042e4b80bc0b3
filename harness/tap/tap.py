"""The tap: a listening socket on loopback that a peer takes for the broker.

Every connection made to it becomes one to the broker. What is told of them, and how they may be made to
misbehave, is chosen when the tap is made; by default it only relays and reads along.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from harness.tap.events import Direction, Observer
from harness.tap.eye import Eye
from harness.tap.faults import PLAIN, Faults, Shape
from harness.tap.lane import Plan, Traffic
from harness.tap.mutate import Mutation, Regrouper
from harness.tap.record import Recorder
from harness.tap.relay import Link
from harness.tap.terms import Door

LISTEN_HOST = "127.0.0.1"
STOP_SECONDS = 5.0
"""How long stopping waits for sockets to close."""
_TRAFFIC_KEPT = 256


class Tap:
    """A relay to ``upstream``, for one peer, named ``name`` in captures.

    ``observer`` is told the events (None: relay alone, read nothing). ``hash``: keep a SHA-256 of each
    direction for :meth:`traffic`. ``faults`` and ``mutation`` make it misbehave. ``recorder`` keeps the
    octets. ``observer``, ``recorder``, ``faults`` and ``door``, which makes it a server on terms of its own,
    may be set at any time, for the connections opened from then on.
    """

    def __init__(
        self,
        upstream_host: str,
        upstream_port: int,
        observer: Observer | None = None,
        *,
        name: str = "peer",
        hash: bool = False,
        faults: Faults | None = None,
        mutation: Mutation | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self.name, self.observer, self.recorder = name, observer, recorder
        self.door: Door | None = None
        self._upstream, self._hash = (upstream_host, upstream_port), hash
        self.faults, self._mutation = faults or Faults(), mutation
        self._links: set[Link] = set()
        self._ended: deque[Traffic] = deque(maxlen=_TRAFFIC_KEPT)
        self._count = 0
        self._server: asyncio.Server | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        if self._server is None:
            raise RuntimeError("this tap is not started")
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._links)

    @property
    def made(self) -> int:
        """How many were made to it so far: the number of the last one."""
        return self._count

    async def start(self) -> None:
        """Listen on a free port. OSError if there is none."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: self._accept().peer, LISTEN_HOST, 0)

    async def stop(self) -> None:
        """Listen no more, reset what is still open, and wait for it. TimeoutError if it does not close."""
        if self._server is not None:
            self._server.close()
        self.reset()
        async with asyncio.timeout(STOP_SECONDS):
            await self._idle.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def traffic(self) -> tuple[Traffic, ...]:
        """What arrived in each direction of the open connections and of the last closed ones."""
        return (*self._ended, *(part for link in self._links for part in _traffic(link)))

    def reset(self) -> None:
        """Reset both sides of every open connection, now; what was not sent yet is lost."""
        for link in tuple(self._links):
            link.reset()

    def half_close(self, direction: Direction) -> None:
        """FIN in that direction of every open connection, now; later octets that way are dropped."""
        for link in tuple(self._links):
            for lane in link.lanes:
                if lane.direction is direction:
                    lane.half_close()

    def swallow(self, direction: Direction) -> None:
        """Drop all that comes that way from now on, ends included, without a word to either side."""
        for link in tuple(self._links):
            for lane in link.lanes:
                if lane.direction is direction:
                    lane.swallow()

    def _accept(self) -> Link:
        self._count += 1
        watcher = None
        if self.observer is not None or self.recorder is not None:
            watcher = Eye(self._count, self.observer, self.recorder, self.name)
        if self.door is None:
            plans = {direction: self._plan(direction) for direction in Direction}
        else:
            plans = self._plans_of(self.door)
        link = Link(self._count, self._upstream, plans, watcher, self._over)
        self._links.add(link)
        self._idle.clear()
        return link

    def _plan(self, direction: Direction) -> Plan:
        to_broker = direction is Direction.TO_BROKER
        shape: Shape = self.faults.to_broker if to_broker else self.faults.to_peer
        if self._mutation is None:
            return Plan(shape, None, False, self._hash)
        regrouper = Regrouper(direction, self._mutation.change)
        return Plan(shape, regrouper, self._mutation.where == direction.sender, self._hash)

    def _plans_of(self, door: Door) -> dict[Direction, Plan]:
        """The watcher sees what passes on the peer's side of the door."""
        doorman, terms = door.enter(), door.terms
        return {
            Direction.TO_BROKER: Plan(PLAIN, doorman.to_broker, False, self._hash),
            Direction.TO_PEER: Plan(Shape(split=terms.writes), doorman.to_peer, True, self._hash),
        }

    def _over(self, link: Link) -> None:
        if link in self._links:
            self._ended.extend(_traffic(link))
            self._links.discard(link)
        if not self._links:
            self._idle.set()


def _traffic(link: Link) -> Iterator[Traffic]:
    return (lane.traffic(link.number) for lane in link.lanes)
