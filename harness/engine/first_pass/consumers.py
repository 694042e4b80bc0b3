"""Driving a consumer: it consumes its queue, its reports are acknowledged, and stuck it is started anew."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from harness.engine.first_pass.connect import connected
from harness.engine.first_pass.count import Count
from harness.engine.first_pass.publication import Lane
from harness.engine.first_pass.recognition import Recognition
from harness.engine.station import Listener, Station
from harness.engine.topology import Topology
from harness.peers.process import PeerBroken, PeerGone
from harness.peers.protocol import Ack, Closed, Consume, Delivery, Event, Failed

PREFETCH = 200
ACK_EVERY = 50
MOST_RESTARTS = 30
"""Times that a consumer is started anew; after that its cells all run alone."""
UNUSED_DEADLINE = 10.0
_UNCONNECTED = "it did not connect"


class Consumer:
    """One consumer of a pass. ``stall``: seconds without a word, while it owes reports, that it may take."""

    def __init__(
        self,
        lane: Lane,
        count: Count,
        recognition: Recognition,
        topology: Topology,
        listener: Listener,
        stall: float,
    ) -> None:
        self.lane = lane
        self._count, self._recognition, self._topology = count, recognition, topology
        self._listener, self._stall = listener, stall
        self._news = asyncio.Event()
        self._trouble: str | None = None
        self._unacked = 0
        self._last_tag = 0

    def said(self, event: Event) -> None:
        """Its report, or that its connection is closed."""
        self._news.set()
        if isinstance(event, Delivery):
            self._recognition.reported(self.lane, event)
            self._acknowledge(event.delivery_tag)
        elif isinstance(event, Closed):
            self._trouble = event.message

    def _acknowledge(self, tag: int) -> None:
        if tag <= self._last_tag:
            return  # an invented one; its tag may be acknowledged, and twice would close the channel
        self._unacked += 1
        self._last_tag = tag
        if self._unacked >= ACK_EVERY or not any(self.lane.owed.values()):
            station = self.lane.station
            station.send(Ack(station.next_id(), tag, multiple=True))
            self._unacked = 0

    def ended(self, problem: str) -> None:
        """Its process is gone."""
        self._trouble = problem
        self._news.set()

    def news(self) -> None:
        """It has come to the end of a producer, or there will be none."""
        self._news.set()

    async def open(self) -> None:
        """Connect and consume; what keeps it from that, :meth:`watch` deals with."""
        station = self.lane.station
        self._trouble, self._unacked, self._last_tag = None, 0, 0
        if not await connected(station):
            self._trouble = _UNCONNECTED
            return
        station.listener = self._listener
        consume = Consume(station.next_id(), self.lane.queue, PREFETCH)
        try:
            reply = await station.ask(consume, self._stall * 4)
        except (PeerGone, PeerBroken) as error:
            self._trouble = error.problem
            return
        if reply is None or isinstance(reply, Failed):
            self._trouble = "it did not consume"

    async def watch(self, producers: Collection[Station]) -> None:
        """Until the consumer reported the end of every producer; start it anew when it is stuck."""
        lane = self.lane
        while not lane.ends.issuperset(producers):
            self._news.clear()
            if self._trouble is None:
                try:
                    async with asyncio.timeout(self._stall):
                        await self._news.wait()
                    continue
                except TimeoutError:
                    if not lane.owes:
                        self._count.end_silent(lane)
                        continue
            if lane.station.starts > MOST_RESTARTS or self._trouble == _UNCONNECTED:
                self._end_process()
                self._count.give_up(lane)
                await self._topology.forget((lane.queue,))  # nobody takes anything off it any more
                return
            await self._renew()
        self._count.release_all(lane)

    async def _renew(self) -> None:
        """End the stuck process, take the message that it stuck at off the queue, and start another."""
        lane = self.lane
        self._end_process()
        if await self._topology.until_unused(lane.queue, UNUSED_DEADLINE):
            while (received := await self._topology.take(lane.queue)) is not None:
                key = (received.exchange, received.routing_key)
                if self._recognition.is_end(lane, *key):
                    continue
                copy = lane.by_key.get(key)
                if copy is not None and copy.reported is None:
                    self._count.lose(lane, copy)
                    break
            else:
                self._count.end_silent(lane)  # it stuck at nothing: what it owes never came to its queue
        for owed in lane.owed.values():
            for copy in owed:
                copy.again, copy.delivered, copy.header = True, None, None
        await self.open()

    def _end_process(self) -> None:
        self.lane.station.listener = None
        self.lane.station.kill()
