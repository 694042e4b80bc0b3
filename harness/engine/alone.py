"""One cell alone: a fresh queue, fresh connections, the message, and the message after it.

Nothing has to recognise the message: what comes before the sentinel is the case's. The sentinel goes over the
same channel to the same queue, so once it has come out nothing is still under way, and no time is waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from harness.amqp.message import Body, Message, Routed, digest_of, size_of
from harness.amqp.values import Text
from harness.engine.blame import (
    Place,
    Way,
    closed_by_word,
    closed_on_wire,
    evidence,
    frames_problem,
    publish_failed,
)
from harness.engine.plan import Cell, own_route, sentinel, unique
from harness.engine.station import NotConnected, Station, StationError
from harness.engine.topology import Topology
from harness.errors import InteropError
from harness.judge.verdict import Evidence, Failure, Step, Stop, Wire
from harness.peers.process import PeerBroken, PeerGone
from harness.peers.protocol import Ack, Closed, Consume, Delivery, Event, Failed, Publish, Undecodable
from harness.tap.contents import announced_size
from harness.tap.events import Broken, ClosedOnWire, Cut, Delivered, Direction, Sent, Stray
from harness.tap.events import Event as WireEvent
from harness.tap.eye import message_of

CELL_DEADLINE = 8.0
"""Seconds for one cell alone, from publish to the sentinel's report."""
QUIET = 3.0
"""Seconds that a consumer may take over what is on its wire before it counts as hung."""
QUIET_EXPECTED = 0.4
"""The same, where it is expected to hang."""
PREFETCH = 16
ADAPTER_FAULT = 70
"""Exit status of a peer whose own code failed (EX_SOFTWARE of sysexits.h, docs/protocol.md)."""


class Alone:
    """Runs one cell, once. It holds the producer's lock for as long as the producer has a part in it; the
    consumer is the caller's alone. ``quiet``: how many seconds a consumer may be silent; ``turns``: how many
    producers may be busy at a time."""

    def __init__(
        self,
        cell: Cell,
        producer: Station,
        consumer: Station,
        topology: Topology,
        token: str,
        quiet: float = QUIET,
        turns: asyncio.Semaphore | None = None,
    ) -> None:
        self.cell, self._topology, self._quiet = cell, topology, quiet
        self._turns = turns or asyncio.Semaphore()
        self._producer, self._consumer = producer, consumer
        self._token = unique(token, cell.id)
        self._queue = f"interop.{self._token}.queue"
        self._route = own_route(cell.message_case, self._token, self._queue)
        self._sentinel = sentinel(self._token)
        self._sentinel_digest = digest_of(self._sentinel.body)
        self._way = Way(tapped=producer.tapped)
        self._news = asyncio.Event()
        self._acked: set[int] = set()
        self._end = 0.0

    async def run(self) -> Evidence:
        """What was seen of the cell, failures of its peers included. RawError if the broker is gone."""
        await self._topology.queue(self._queue)
        await self._topology.routes([(self._route, self.cell.message_case.binding.arguments, (self._queue,))])
        try:
            if await self._ready(self._consumer, Step.CONSUMER) and await self._consume():
                self._consumer.rest()  # the producer may be another cell's for some time
                async with self._producer.lock, self._turns:
                    self._consumer.wake()
                    await self._produce()
                    self._producer.rest()
                await self._wait(lambda: self._way.over)
        finally:
            self._consumer.listener = None
            await self._topology.forget(
                (self._queue,), (self._route.exchange,) if self._route.declare else ()
            )
        failure = self._way.failures.get(Step.CONSUMER)
        broke_off = failure is not None and failure.stop is not Stop.DISCONNECTED  # that is told, and mended
        if broke_off or (self._way.timed_out and self._way.delivered.passed):
            self._consumer.kill()  # one that hung or broke off can't be trusted with the next cell
        return evidence(self._asked(), self._way, self.cell.message_case.rejected)

    def cut_short(self) -> Evidence:
        """What was seen until the broker ended, where it was this cell that ended it."""
        failure = Failure(Stop.CRASHED, Step.BROKER, "it ended, alone with this message", "process")
        seen = evidence(self._asked(), self._way, self.cell.message_case.rejected)
        return msgspec.structs.replace(seen, failure=failure)

    @property
    def wire(self) -> Wire:
        """The message's content header as octets, on both wires, once it ran."""
        return self._way.wire

    def _asked(self) -> Routed:
        case = self.cell.message_case
        message = Message(case.message.properties, case.message.body)
        return Routed(self._route.exchange, self._route.routing_key, message, redelivered=False)

    async def _ready(self, station: Station, step: Step) -> bool:
        """Connect afresh; what keeps the peer from it is noted as the step's failure."""
        try:
            await station.connect()
            station.listener = self  # not before: what is still heard of the last connection is not ours
        except StationError as error:
            self._way.fail(Failure(Stop.BUG, step, str(error), "process"))
        except (NotConnected, PeerGone, PeerBroken) as error:
            self._way.fail(unconnected(step, error))
            if isinstance(error, NotConnected) and error.reply is None:
                station.kill()
        return not self._way.failures

    async def _consume(self) -> bool:
        consumer = self._consumer
        reply = await self._ask(consumer, Step.CONSUMER, Consume(consumer.next_id(), self._queue, PREFETCH))
        if isinstance(reply, Failed):
            stop = Stop.BUG if reply.kind == "bug" else Stop.DISCONNECTED
            self._way.fail(Failure(stop, Step.CONSUMER, reply.message, reply.scope or "process", reply.code))
        return not self._way.failures

    async def _produce(self) -> None:
        """The producer's part: until both messages are through the broker, or the way is over."""
        producer = self._producer
        try:
            ready = await self._ready(producer, Step.PRODUCER)
            # not before: another cell may have held the producer for as long as a cell may take
            self._end = asyncio.get_running_loop().time() + CELL_DEADLINE
            if ready:
                await self._publish()
            await self._wait(lambda: self._way.over or self._way.delivered.sentinel)
        finally:
            producer.listener = None
        failure = self._way.failures.get(Step.PRODUCER)
        unsent = self._way.timed_out and self._way.tapped and not self._way.sent.passed
        if unsent or (failure is not None and failure.stop in (Stop.HUNG, Stop.DISCONNECTED)):
            producer.kill()

    async def _publish(self) -> None:
        producer, route = self._producer, self._route
        publish = Publish(
            producer.next_id(), route.exchange, route.routing_key, self.cell.message_case.message
        )
        reply = await self._ask(producer, Step.PRODUCER, publish)
        if isinstance(reply, Failed):
            self._way.fail(publish_failed(reply, producer.described))
        elif reply is not None:
            producer.send(Publish(producer.next_id(), "", self._queue, self._sentinel))

    async def _ask(self, station: Station, step: Step, request: Consume | Publish) -> object:
        """The reply; None, with the failure noted, if none came."""
        try:
            reply = await station.ask(request, CELL_DEADLINE)
        except (PeerGone, PeerBroken) as error:
            self._way.fail(ended(step, error))
            return None
        if reply is None:
            self._way.fail(
                Failure(Stop.HUNG, step, f"no reply to {type(request).__name__.lower()}", "process")
            )
        return reply

    async def _wait(self, over: Callable[[], bool]) -> None:
        """Until ``over``, or until time is up."""
        loop = asyncio.get_running_loop()
        while not over():
            self._news.clear()
            limit = self._end - loop.time()
            if self._way.waits_for_consumer:
                limit = min(self._quiet, limit)
            try:
                async with asyncio.timeout(limit):
                    await self._news.wait()
            except TimeoutError:
                self._way.timed_out = True
                return

    # --- what is heard and seen ---------------------------------------------------------------------

    def said(self, station: Station, event: Event) -> None:
        """The peer wrote an event."""
        step = self._step(station)
        match event:
            case Delivery():
                message = Message(event.properties, event.body)
                routed = Routed(event.exchange, event.routing_key, message, event.redelivered)
                self._way.reported.add(routed, self._is_sentinel(event.exchange, event.body))
                if event.delivery_tag not in self._acked:  # twice, and the broker would close the channel
                    self._acked.add(event.delivery_tag)
                    station.send(Ack(station.next_id(), event.delivery_tag))
            case Undecodable():
                self._way.undecodable = event.message
            case Closed():
                self._way.fail(closed_by_word(step, event))
        self._news.set()

    def saw(self, station: Station, event: WireEvent) -> None:
        """Something passed on a wire."""
        match event:
            case Sent() if station is self._producer:
                self._pass(self._way.sent, event, redelivered=False)
                if problem := _misframed(event):
                    self._way.misframe(Step.PRODUCER, problem)
            case Cut() | Stray() | Broken():
                self._see_frames(station, event)
            case Delivered() if station is self._consumer:
                self._pass(self._way.delivered, event, redelivered=event.redelivered)
            case ClosedOnWire(code=code) if code != 200:
                self._way.fail(closed_on_wire(self._step(station), event))
            case _:
                return
        self._news.set()

    def _see_frames(self, station: Station, event: Cut | Stray | Broken) -> None:
        """Frames that make no message: by the producer, or by what stands before the consumer."""
        problem = frames_problem(event)
        if station is self._producer and event.direction is Direction.TO_BROKER:
            self._way.misframe(Step.PRODUCER, problem)
        elif station is self._consumer and event.direction is Direction.TO_PEER:
            self._way.misframe(Step.BROKER, problem)

    def ended(self, station: Station, why: InteropError) -> None:
        """A process is gone."""
        self._way.fail(ended(self._step(station), why))
        self._news.set()

    def _pass(self, place: Place, event: Sent | Delivered, redelivered: bool) -> None:
        message = message_of(event.header, event.body)
        routed = (
            Routed(event.exchange, event.routing_key, message, redelivered)
            if isinstance(message, Message)
            else None
        )
        place.add(routed, self._is_sentinel(event.exchange, event.body), event.header)

    def _is_sentinel(self, exchange: Text, body: Body) -> bool:
        return exchange == "" and digest_of(body) == self._sentinel_digest

    def _step(self, station: Station) -> Step:
        return Step.PRODUCER if station is self._producer else Step.CONSUMER


def unconnected(step: Step, why: NotConnected | PeerGone | PeerBroken) -> Failure:
    """What it means that a peer did not get its connection."""
    if isinstance(why, NotConnected):
        code = why.reply.code if why.reply else None
        return Failure(Stop.DISCONNECTED, step, str(why), "connection", code)
    return ended(step, why)


def ended(step: Step, why: InteropError) -> Failure:
    stop = Stop.PROTOCOL if isinstance(why, PeerBroken) else Stop.CRASHED
    if isinstance(why, PeerGone) and why.status == ADAPTER_FAULT:
        stop = Stop.BUG
    return Failure(stop, step, why.problem, "process")


def _misframed(event: Sent) -> str | None:
    """What is wrong with the frames of a publish whose header announced another body than came."""
    announced, came = announced_size(event.header), size_of(event.body)
    return None if announced == came else f"the header announced {announced} body octets, {came} came"
