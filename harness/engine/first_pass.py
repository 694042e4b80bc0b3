"""The first pass: every producer publishes without waiting, and one publish serves all consumers.

A consumer has one queue; messages are recognised by exchange and routing key, whichever the case leaves free.
A channel keeps its order, so what is reported after a message tells that all before it which were not
reported are missing. Only a cell about which nothing is odd is settled here; every other is left over, and
run alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import msgspec

from harness.amqp.message import Body, Message, Routed
from harness.amqp.values import Text
from harness.cases import Case
from harness.engine.blame import publish_failed
from harness.engine.plan import Cell, Route, sentinel, shared_exchange, unique
from harness.engine.station import NotConnected, Station, StationError
from harness.engine.topology import Topology
from harness.errors import InteropError
from harness.judge.verdict import Evidence, Step, StepDifference, Stop, Wire, step_differences
from harness.peers.process import PeerBroken, PeerGone
from harness.peers.protocol import Ack, Closed, Consume, Delivery, Describe, Event, Failed, Publish, Reply
from harness.tap.events import ClosedOnWire, Delivered, Sent
from harness.tap.events import Event as WireEvent
from harness.tap.eye import message_of

IN_FLIGHT = 300
"""Publishes that are on their way at a time."""
PREFETCH = 200
ACK_EVERY = 50
STALL = 3.0
"""Seconds without a word from a consumer that owes reports, after which it counts as stuck."""
MOST_ROUNDS = 12
"""Connections that a producer may use up; what is unpublished then runs alone."""
MOST_RESTARTS = 30
"""Times that a consumer is started anew; after that its cells all run alone."""
UNUSED_DEADLINE = 10.0

Key: TypeAlias = tuple[Text, Text]
Settle: TypeAlias = Callable[[Cell, Evidence], None]
LeaveOver: TypeAlias = Callable[[Cell], None]


@dataclass(slots=True, eq=False)
class Publication:
    """One publish and its copies: ``asked`` and ``sent`` are shared, the rest is a consumer's each."""

    case: Case
    producer: Station
    route: Route
    asked: Routed
    consumers: tuple[Lane, ...]
    sent: Routed | None = None
    header: bytes | None = None
    odd: bool = False
    taken: bool = False
    """The producer said ok."""
    answered: bool = False
    """The producer said something, or is gone."""
    early: list[tuple[Lane, Copy]] = field(default_factory=list)
    """What was reported before the producer's answer was read, which may yet speak against it."""
    open: int = 0
    by_producer: tuple[StepDifference, ...] | None = None
    """The differences of asked and sent, once they were asked for."""

    @property
    def due(self) -> bool:
        """Whether its consumers can be expected to have it: the wire says so, or its producer."""
        return self.sent is not None or (self.taken and not self.producer.tapped)


@dataclass(slots=True, eq=False)
class Copy:
    """The copy of a publication in one consumer's queue."""

    publication: Publication
    delivered: Routed | None = None
    header: bytes | None = None
    reported: Routed | None = None
    odd: bool = False
    again: bool = False
    """It may come once more, marked redelivered: its consumer was started anew."""


@dataclass(slots=True, eq=False)
class Lane:
    """One consumer in this pass: its queue, and what it owes of each producer, in order."""

    station: Station
    queue: Text
    owed: dict[Station, deque[Copy]] = field(default_factory=dict)
    held: dict[Station, Copy] = field(default_factory=dict)
    by_key: dict[Key, Copy] = field(default_factory=dict)
    ends: set[Station] = field(default_factory=set)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    trouble: str | None = None
    unacked: int = 0
    last_tag: int = 0
    given_up: bool = False
    left: set[Key] = field(default_factory=set)
    """What was left over and may still come, late."""

    @property
    def owes(self) -> bool:
        """Whether reports are due."""
        return any(copy.publication.due for copies in self.owed.values() for copy in copies)


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
    ) -> None:
        self._topology, self._token = topology, token
        self._settle, self._leave_over = settle, leave_over
        self.lanes = {
            station: Lane(station, f"interop.{unique(token, 'queue', station.label)}")
            for station in consumers
        }
        self._by_key: dict[Key, Publication] = {}
        self._in_flight, self._most_in_flight = 0, in_flight
        self._room = asyncio.Event()
        self._published: set[Station] = set()
        self._cut_off: set[Station] = set()
        self._turn = asyncio.Event()
        """Set when a consumer comes to the end of a producer, or a producer's channel is closed."""
        self.strays: list[str] = []

    # --- the pass ------------------------------------------------------------------------------------

    async def run(
        self, publications: dict[Station, Sequence[Publication]], exchanges: dict[Station, Text]
    ) -> None:
        """Publish all and wait for all consumers. RawError if the broker is gone."""
        for lane in self.lanes.values():
            lane.owed = {producer: deque() for producer in publications}
            await self._topology.queue(lane.queue)
        everyone = tuple(lane.queue for lane in self.lanes.values())
        shared = [(Route(exchange, "", "fanout", ""), (), everyone) for exchange in exchanges.values()]
        own = [
            (each.route, each.case.binding.arguments, tuple(lane.queue for lane in each.consumers))
            for part in publications.values()
            for each in part
        ]
        await self._topology.routes([*shared, *own])
        await asyncio.gather(*(self._open(lane) for lane in self.lanes.values()))
        async with asyncio.TaskGroup() as group:
            for lane in self.lanes.values():
                group.create_task(self._watch(lane, tuple(publications)))
            for producer, part in publications.items():
                group.create_task(self._produce(producer, part, exchanges[producer]))
        for lane in self.lanes.values():
            lane.station.listener = None
            await self._topology.forget((lane.queue,))
        for producer in publications:
            producer.listener = None

    async def _produce(self, producer: Station, publications: Sequence[Publication], exchange: Text) -> None:
        """Publish, and again on a new connection what a lost one kept from being published."""
        producer.listener = self
        again: list[Publication] = list(publications)
        for _ in range(MOST_ROUNDS):
            todo, again = again, []
            if not todo or not await self._connect(producer):
                again = todo
                break
            for publication in todo:
                if await self._has_room(producer):
                    self._publish(publication, again)
                else:
                    again.append(publication)
            await self._answered(producer)
            if again:
                self._drop(again.pop(0))  # the loss may be its own doing, and each round must end nearer
        for publication in again:
            self._drop(publication)
        await self._finish(producer, exchange)

    async def _finish(self, producer: Station, exchange: Text) -> None:
        """Send the message after the last until it is through: what closes a channel takes along what is sent
        after it, and a refusal that is still under way is not known yet when that is said to be sent."""
        for _ in range(MOST_ROUNDS):
            if await self._send_end(producer, exchange):
                self._published.add(producer)
                if await self._went_through(producer):
                    return
            if not await self._connect(producer):
                break
        self._ended_without(producer)

    async def _went_through(self, producer: Station) -> bool:
        """Wait until every consumer has come to the end of it; False if its channel is closed before."""
        while any(producer not in lane.ends and not lane.given_up for lane in self.lanes.values()):
            if producer in self._cut_off:
                return False
            self._turn.clear()
            await self._turn.wait()
        return True

    async def _send_end(self, producer: Station, exchange: Text) -> bool:
        """The message after the last; False if the producer could not publish it."""
        if not producer.running:
            return False
        end = Publish(producer.next_id(), exchange, _END, sentinel(self._token))
        try:
            reply = await producer.ask(end, STALL * 4)
        except (PeerGone, PeerBroken):
            return False
        return reply is not None and not isinstance(reply, Failed)

    async def _has_room(self, producer: Station) -> bool:
        """Wait until something that is on its way has arrived; False if the producer is gone or stuck."""
        while self._in_flight >= self._most_in_flight and producer.running:
            self._room.clear()
            try:
                async with asyncio.timeout(STALL * 2):
                    await self._room.wait()
            except TimeoutError:
                if not await self._answered(producer):
                    return False
                self._leave_unsent(producer)
        return producer.running

    def _leave_unsent(self, producer: Station) -> None:
        """What it said ok to, long ago, and never put on its wire: no consumer will ever report it."""
        for publication in tuple(self._by_key.values()):
            if publication.producer is producer and publication.taken and not publication.due:
                for lane in publication.consumers:
                    for copy in tuple(lane.owed[producer]):
                        if copy.publication is publication:
                            self._lose(lane, copy)

    async def _answered(self, producer: Station) -> bool:
        """Whether it has answered all so far, as replies come in order. One that does not answer is ended."""
        if not producer.running:
            return False
        try:
            reply = await producer.ask(Describe(producer.next_id()), STALL * 4)
        except (PeerGone, PeerBroken):
            return False  # each of its open requests was told
        if reply is None:
            producer.kill()
            await asyncio.sleep(0)  # in this turn of the loop each of its open requests is told
        return reply is not None

    def _publish(self, publication: Publication, again: list[Publication]) -> None:
        producer, route = publication.producer, publication.route
        key = (route.exchange, route.routing_key)
        lanes = [lane for lane in publication.consumers if not lane.given_up and key not in lane.left]
        for lane in publication.consumers:
            if lane.given_up:
                self._leave_over(self._cell(publication, lane))
        if not lanes:
            return
        self._by_key[key] = publication
        self._in_flight += 1
        publication.open, publication.taken, publication.answered = len(lanes), False, False
        publication.sent, publication.header = None, None
        publication.by_producer = None
        for lane in lanes:
            copy = Copy(publication)
            lane.by_key[key] = copy
            lane.owed[producer].append(copy)
        request = Publish(producer.next_id(), route.exchange, route.routing_key, publication.case.message)
        producer.send(request).add_done_callback(partial(self._replied, publication, lanes, again))

    def _replied(
        self,
        publication: Publication,
        lanes: list[Lane],
        again: list[Publication],
        future: asyncio.Future[Reply],
    ) -> None:
        reply = None if future.exception() is not None else future.result()
        publication.answered = True
        early, publication.early = publication.early, []
        if early and (reply is None or isinstance(reply, Failed)):
            publication.odd = True  # it was sent, whatever its producer says: why, is found out alone
        for lane, copy in early:
            self._weigh(lane, copy)
        if isinstance(reply, Failed) and reply.kind != "disconnected":
            failure = publish_failed(reply, publication.producer.described)
            for lane in self._withdraw(publication, lanes):
                if failure.stop is Stop.UNSUPPORTED:
                    self._settle(self._cell(publication, lane), Evidence(publication.asked, failure=failure))
                else:
                    self._leave_over(self._cell(publication, lane))
        elif reply is not None and not isinstance(reply, Failed):
            publication.taken = True
        elif publication.sent is None and not early:
            self._withdraw(publication, lanes)
            again.append(publication)

    async def _connect(self, station: Station) -> bool:
        try:
            self._cut_off.discard(station)
            await station.connect()
        except (NotConnected, StationError, PeerGone, PeerBroken):
            station.kill()  # the second pass finds out, and says, what is the matter with it
            return False
        return True

    def _ended_without(self, producer: Station) -> None:
        """There will be no sentinel of this producer: what is owed of it is missing."""
        for lane in self.lanes.values():
            self._missing(lane, producer, None)
            lane.ends.add(producer)
            lane.news.set()

    # --- consumers -----------------------------------------------------------------------------------

    async def _open(self, lane: Lane) -> None:
        lane.trouble, lane.unacked, lane.last_tag = None, 0, 0
        if not await self._connect(lane.station):
            lane.trouble = "it did not connect"
            return
        lane.station.listener = self
        consume = Consume(lane.station.next_id(), lane.queue, PREFETCH)
        try:
            reply = await lane.station.ask(consume, STALL * 4)
        except (PeerGone, PeerBroken) as error:
            lane.trouble = error.problem
            return
        if reply is None or isinstance(reply, Failed):
            lane.trouble = "it did not consume"

    async def _watch(self, lane: Lane, producers: tuple[Station, ...]) -> None:
        """Until the consumer reported the end of every producer; start it anew when it is stuck."""
        while not lane.ends.issuperset(producers):
            lane.news.clear()
            if lane.trouble is None:
                try:
                    async with asyncio.timeout(STALL):
                        await lane.news.wait()
                    continue
                except TimeoutError:
                    if not lane.owes:
                        self._end_silent(lane)
                        continue
            if lane.station.starts > MOST_RESTARTS or lane.trouble == "it did not connect":
                self._give_up(lane, producers)
                return
            await self._renew(lane)
        self._release(lane)

    async def _renew(self, lane: Lane) -> None:
        """End the stuck process, take the message that it stuck at off the queue, and start another."""
        lane.station.listener = None
        lane.station.kill()
        if await self._topology.until_unused(lane.queue, UNUSED_DEADLINE):
            while (received := await self._topology.take(lane.queue)) is not None:
                if self._is_end(lane, received.exchange, received.routing_key):
                    continue
                copy = lane.by_key.get((received.exchange, received.routing_key))
                if copy is not None and copy.reported is None:
                    self._lose(lane, copy)
                    break
            else:
                self._end_silent(lane)  # it stuck at nothing: what it owes never came to its queue
        for owed in lane.owed.values():
            for copy in owed:
                copy.again, copy.delivered, copy.header = True, None, None
        await self._open(lane)

    def _give_up(self, lane: Lane, producers: tuple[Station, ...]) -> None:
        lane.given_up = True
        lane.station.listener = None
        lane.station.kill()
        for producer in producers:
            self._missing(lane, producer, None)
        self._release(lane)
        self._turn.set()

    # --- what is heard and seen ----------------------------------------------------------------------

    def said(self, station: Station, event: Event) -> None:
        """A consumer's report, or that its connection is closed."""
        lane = self.lanes.get(station)
        if lane is None:
            if isinstance(event, Closed):
                self._cut(station)
            return
        lane.news.set()
        if isinstance(event, Delivery):
            self._reported(lane, event)
            if event.delivery_tag <= lane.last_tag:
                return  # an invented one; its tag may be acknowledged, and twice would close the channel
            lane.unacked += 1
            lane.last_tag = event.delivery_tag
            if lane.unacked >= ACK_EVERY or not any(lane.owed.values()):
                station.send(Ack(station.next_id(), event.delivery_tag, multiple=True))
                lane.unacked = 0
        elif isinstance(event, Closed):
            lane.trouble = event.message

    def _reported(self, lane: Lane, event: Delivery) -> None:
        copy = lane.by_key.get((event.exchange, event.routing_key))
        if copy is None:
            if self._is_end(lane, event.exchange, event.routing_key):
                return
            if (event.exchange, event.routing_key) in lane.left or self._reported_otherwise(lane, event):
                return
            self.strays.append(
                f"{lane.station.label} reported a message that was not due: "
                f"exchange {event.exchange!r}, routing key {event.routing_key!r}"
            )
            return
        producer = copy.publication.producer
        if copy.reported is not None:
            copy.odd = True  # a second time; it is still held back
            return
        self._missing(lane, producer, copy)
        self._release(lane, producer)
        message = Message(event.properties, event.body)
        copy.reported = Routed(event.exchange, event.routing_key, message, event.redelivered)
        lane.held[producer] = copy

    def _reported_otherwise(self, lane: Lane, event: Delivery) -> bool:
        """Whether it is of a case's own exchange: then it is that case's, with another routing key, and what
        the consumer makes of it is found out alone."""
        own = [copy for copy in lane.by_key.values() if copy.publication.route.declare is not None]
        for copy in own:
            if copy.publication.route.exchange == event.exchange and copy.reported is None:
                self._lose(lane, copy)
                return True
        return any(exchange == event.exchange for exchange, key in lane.left if key != event.routing_key)

    def _is_end(self, lane: Lane, exchange: Text, routing_key: Text) -> bool:
        """Whether it is the message after the last of some producer; then what it still owes is missing."""
        for producer in lane.owed:
            if routing_key == _END and exchange == shared_exchange(self._token, producer.label):
                self._end(lane, producer)
                return True
        return False

    def _end(self, lane: Lane, producer: Station) -> None:
        self._missing(lane, producer, None)
        self._release(lane, producer)
        lane.ends.add(producer)
        self._turn.set()

    def _cut(self, producer: Station) -> None:
        """What it sent last may be lost."""
        self._cut_off.add(producer)
        self._turn.set()

    def _end_silent(self, lane: Lane) -> None:
        """The message after the last will not come, as nothing else does: it was never sent, or is lost."""
        for producer in self._published - lane.ends:
            self._end(lane, producer)

    def saw(self, station: Station, event: WireEvent) -> None:
        """A publish or a delivery on a wire."""
        if isinstance(event, Sent):
            publication = self._by_key.get((event.exchange, event.routing_key))
            if publication is not None and publication.producer is station:
                publication.odd = publication.odd or publication.sent is not None
                publication.header = event.header
                publication.sent = _routed(event.exchange, event.routing_key, False, event.header, event.body)
            elif publication is None:
                self._sent_otherwise(station, event)
        elif isinstance(event, ClosedOnWire) and event.code != 200 and station not in self.lanes:
            self._cut(station)
        elif isinstance(event, Delivered) and (lane := self.lanes.get(station)) is not None:
            copy = lane.by_key.get((event.exchange, event.routing_key))
            if copy is not None:
                copy.odd = copy.odd or copy.delivered is not None
                copy.header = event.header
                copy.delivered = _routed(
                    event.exchange, event.routing_key, event.redelivered, event.header, event.body
                )

    def _sent_otherwise(self, producer: Station, event: Sent) -> None:
        """A producer that sends another routing key than it was asked for: its exchange tells the publish,
        and whoever gets it does not report a stray."""
        for publication in tuple(self._by_key.values()):
            own = publication.producer is producer and publication.route.declare is not None
            if own and publication.route.exchange == event.exchange:
                publication.odd = True
                for lane in publication.consumers:
                    lane.left.add((event.exchange, event.routing_key))

    def ended(self, station: Station, why: InteropError) -> None:
        """A process is gone. A producer's publishes tell by themselves; a consumer is started anew."""
        self._room.set()
        if isinstance(why, PeerBroken):
            self.strays.append(why.problem)
            for publication in self._by_key.values():
                publication.odd = publication.odd or publication.producer is station
        lane = self.lanes.get(station)
        if lane is None:
            self._cut(station)
        else:
            lane.trouble = why.problem
            lane.news.set()

    # --- keeping count -------------------------------------------------------------------------------

    def _missing(self, lane: Lane, producer: Station, until: Copy | None) -> None:
        """All that ``lane`` owes of ``producer`` before ``until`` (or all) did not come, or not in order."""
        owed = lane.owed[producer]
        if until is not None and until not in owed:
            return
        while owed:
            copy = owed.popleft()
            if copy is until:
                return
            self._leave(lane, copy)

    def _lose(self, lane: Lane, copy: Copy) -> None:
        """One that is owed is taken out of the pass."""
        lane.owed[copy.publication.producer].remove(copy)
        self._leave(lane, copy)

    def _leave(self, lane: Lane, copy: Copy) -> None:
        route = copy.publication.route
        lane.left.add((route.exchange, route.routing_key))
        self._close(lane, copy)
        self._leave_over(self._cell(copy.publication, lane))

    def _release(self, lane: Lane, producer: Station | None = None) -> None:
        """Settle what was held back to see whether it would come a second time."""
        for station in [producer] if producer is not None else list(lane.held):
            copy = lane.held.pop(station, None)
            if copy is not None and copy.publication.answered:
                self._weigh(lane, copy)
            elif copy is not None:
                copy.publication.early.append((lane, copy))

    def _weigh(self, lane: Lane, copy: Copy) -> None:
        """Settle what is sound, leave over what is not."""
        publication = copy.publication
        self._close(lane, copy)
        cell = self._cell(publication, lane)
        tapped = publication.producer.tapped
        unseen = tapped and (publication.sent is None or copy.delivered is None)
        if publication.odd or copy.odd or unseen:
            self._leave_over(cell)
        else:
            self._settle(cell, _evidence(publication, copy))

    def _close(self, lane: Lane, copy: Copy) -> None:
        publication = copy.publication
        key = (publication.route.exchange, publication.route.routing_key)
        lane.by_key.pop(key, None)
        publication.open -= 1
        if publication.open == 0:
            self._by_key.pop(key, None)
            self._in_flight -= 1
            self._room.set()

    def _withdraw(self, publication: Publication, lanes: Iterable[Lane]) -> list[Lane]:
        """It was not published: nobody owes it. The lanes that still did; the others left it over before."""
        owing = []
        for lane in lanes:
            key = (publication.route.exchange, publication.route.routing_key)
            copy = lane.by_key.get(key)
            if copy is not None and copy.publication is publication:
                if copy in lane.owed[publication.producer]:
                    lane.owed[publication.producer].remove(copy)
                self._close(lane, copy)
                owing.append(lane)
        return owing

    def _drop(self, publication: Publication) -> None:
        for lane in publication.consumers:
            self._leave_over(self._cell(publication, lane))

    def _cell(self, publication: Publication, lane: Lane) -> Cell:
        return Cell(publication.case, publication.producer.spec, lane.station.spec)


_END = "the end of the first pass"


def _routed(exchange: Text, routing_key: Text, redelivered: bool, header: bytes, body: Body) -> Routed | None:
    message = message_of(header, body)
    return Routed(exchange, routing_key, message, redelivered) if isinstance(message, Message) else None


def _evidence(publication: Publication, copy: Copy) -> Evidence:
    asked, sent = publication.asked, publication.sent
    if publication.by_producer is None:
        order = publication.case.header_order
        publication.by_producer = step_differences(Step.PRODUCER, asked, sent, order)
    known = publication.by_producer
    if copy.again:  # whether it is marked redelivered depends on how far its consumer had come
        asked = msgspec.structs.replace(asked, redelivered=None)
        sent = None if sent is None else msgspec.structs.replace(sent, redelivered=None)
    wire = Wire(publication.header, copy.header)
    return Evidence(asked, sent, copy.delivered, copy.reported, by_producer=known, wire=wire)
