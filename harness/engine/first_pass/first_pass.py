"""The pass as a whole: exchanges and queues, every producer and consumer at once, and who is told of what."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence

from harness.amqp.values import Text
from harness.cases import Pairs
from harness.engine.first_pass.consumers import Consumer
from harness.engine.first_pass.count import Count, LeaveOver, Settle
from harness.engine.first_pass.producers import Producers
from harness.engine.first_pass.publication import Lane, Publication
from harness.engine.first_pass.recognition import Recognition
from harness.engine.plan import Route, unique
from harness.engine.station import Station
from harness.engine.topology import Topology
from harness.errors import InteropError
from harness.peers.process import PeerBroken
from harness.peers.protocol import Closed, Event
from harness.tap.events import ClosedOnWire, Delivered, Sent
from harness.tap.events import Event as WireEvent

IN_FLIGHT = 300
"""Publishes that are on their way at a time."""
STALL = 3.0
"""Seconds without a word from a consumer that owes reports, after which it counts as stuck."""


class FirstPass:
    """One run of the pass. ``settle`` gets what is sound, ``leave_over`` what has to run alone."""

    def __init__(
        self,
        consumers: Iterable[Station],
        topology: Topology,
        token: str,
        settle: Settle,
        leave_over: LeaveOver,
        in_flight: int = IN_FLIGHT,
        stall: float = STALL,
    ) -> None:
        self._topology = topology
        self.lanes = {
            station: Lane(station, f"interop.{unique(token, 'queue', station.label)}")
            for station in consumers
        }
        count = Count(self.lanes.values(), settle, leave_over, self._on_room, self._on_end)
        self._count, self._recognition = count, Recognition(count, token)
        self.producers = Producers(count, self, token, in_flight, stall)
        self._consumers = {
            station: Consumer(lane, count, self._recognition, topology, self, stall)
            for station, lane in self.lanes.items()
        }

    @property
    def strays(self) -> list[str]:
        """What came that nobody had sent, and breaches of the protocol."""
        return self._recognition.strays

    async def run(
        self, publications: dict[Station, Sequence[Publication]], exchanges: dict[Station, Text]
    ) -> None:
        """Publish all and wait for all consumers. RawError if the broker is gone."""
        for lane in self.lanes.values():
            lane.owed = {producer: deque() for producer in publications}
            await self._topology.queue(lane.queue)
        await self._topology.routes(self._routes(publications, exchanges))
        await asyncio.gather(*(consumer.open() for consumer in self._consumers.values()))
        async with asyncio.TaskGroup() as group:
            for consumer in self._consumers.values():
                group.create_task(consumer.watch(tuple(publications)))
            for producer, part in publications.items():
                group.create_task(self.producers.produce(producer, part, exchanges[producer]))
        for lane in self.lanes.values():
            lane.station.listener = None
            await self._topology.forget((lane.queue,))
        for producer in publications:
            producer.listener = None

    def _routes(
        self, publications: dict[Station, Sequence[Publication]], exchanges: dict[Station, Text]
    ) -> list[tuple[Route, Pairs, tuple[Text, ...]]]:
        everyone = tuple(lane.queue for lane in self.lanes.values())
        shared = [(Route(exchange, "", "fanout", ""), (), everyone) for exchange in exchanges.values()]
        own = [
            (each.route, each.case.binding.arguments, tuple(lane.queue for lane in each.consumers))
            for part in publications.values()
            for each in part
        ]
        return [*shared, *own]

    # --- what is told ----------------------------------------------------------------------------------

    def _on_room(self) -> None:
        self.producers.has_room()

    def _on_end(self, lane: Lane) -> None:
        self.producers.turn()
        self._consumers[lane.station].news()

    def said(self, station: Station, event: Event) -> None:
        """A consumer's report, or that a connection is closed."""
        consumer = self._consumers.get(station)
        if consumer is not None:
            consumer.said(event)
        elif isinstance(event, Closed):
            self.producers.cut(station)

    def saw(self, station: Station, event: WireEvent) -> None:
        """A publish or a delivery on a wire."""
        if isinstance(event, Sent):
            self._recognition.sent(station, event)
        elif isinstance(event, Delivered):
            if (lane := self.lanes.get(station)) is not None:
                self._recognition.delivered(lane, event)
        elif isinstance(event, ClosedOnWire) and event.code != 200 and station not in self.lanes:
            self.producers.cut(station)

    def ended(self, station: Station, why: InteropError) -> None:
        """A process is gone. A producer's publishes tell by themselves; a consumer is started anew."""
        self.producers.has_room()
        if isinstance(why, PeerBroken):
            self.strays.append(why.problem)
            self._count.broke(station)
        consumer = self._consumers.get(station)
        if consumer is None:
            self.producers.cut(station)
        else:
            consumer.ended(why.problem)
