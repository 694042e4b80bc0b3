"""Puts messages into durable queues through the peers' libraries, and takes them out again.

Every consumer has a queue of its own of each kind, in as many sets as are asked for; a producer publishes
once and each set gets it. The last message of a queue is the suite's own: when it comes out, so has all that
was before it, and no time has to be waited for.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import product
from typing import TypeAlias

from harness.amqp.message import Message, Routed
from harness.amqp.values import Longstr, Table
from harness.engine.plan import sentinel, unique
from harness.engine.station import NotConnected, Station
from harness.engine.topology import delete_exchange, delete_queue
from harness.errors import InteropError, SetupError
from harness.peers.protocol import Ack, Consume, Delivery, Event, Failed, Publish, Reply
from harness.raw.client import Connection, connect
from harness.raw.errors import ChannelClosed, ConnectionClosed, RawError
from harness.raw.outcomes import Received
from harness.tap.events import Delivered
from harness.tap.events import Event as WireEvent
from harness.tap.eye import message_of
from harness.upgrade.findings import Taken
from harness.upgrade.lodgers import Lodger, QueueKind

IN_FLIGHT = 200
PREFETCH = 200
AWAKE = 60.0
"""Seconds that a broker may take over its queues after it has started."""
POLL = 0.05
"""Seconds between two looks at a queue that is not there yet: nobody tells when it is."""
NOT_YET = frozenset((404, 406, 541))
"""What it says of a stream that is not up: none is known, no replica runs, its coordinator is silent."""
QUIET = 10.0
"""Seconds that a queue may give out nothing before its last message has come."""
PUBLISH_DEADLINE = 60.0
Shelves: TypeAlias = dict[tuple[str, QueueKind], dict[str, list[Taken]]]
"""By consumer and kind of queue, by routing key: what came."""
LAST = "interop.last"
"""The routing key of a queue's last message."""


class Inn:
    """Durable queues for ``consumers`` on one broker, by the suite's own client. ``sets`` name them."""

    def __init__(self, token: str, consumers: Sequence[str], sets: Sequence[str]) -> None:
        self.token, self._consumers, self._sets = token, tuple(consumers), tuple(sets)
        self.kinds: tuple[QueueKind, ...] = ()
        self.refused: dict[tuple[str, QueueKind], str] = {}
        """Case and kind of queue: what this broker said to the message, and took no more of it."""

    def queue(self, consumer: str, kind: QueueKind, of: str) -> str:
        """The name of one queue."""
        return f"interop.{unique(self.token, consumer, kind, of)}.{kind}.{of}"

    def exchange(self, consumer: str, kind: QueueKind) -> str:
        """The exchange that fills the queues of that kind, of all sets."""
        return f"interop.{unique(self.token, consumer, kind)}.{kind}"

    async def open(self, url: str) -> tuple[QueueKind, ...]:
        """Declare everything; the kinds of queue that this broker has."""
        found = []
        for kind in QueueKind:
            try:
                await self._declare(url, kind)
                found.append(kind)
            except RawError:
                if kind is QueueKind.CLASSIC:
                    raise  # RabbitMQ 3.8 has no streams, other brokers know the classic kind alone
        self.kinds = tuple(found)
        return self.kinds

    async def _declare(self, url: str, kind: QueueKind) -> None:
        async with await connect(url) as client:
            for consumer in self._consumers:
                exchange = self.exchange(consumer, kind)
                await client.declare_exchange(exchange, "fanout", durable=True)
                for of in self._sets:
                    queue = self.queue(consumer, kind, of)
                    await client.declare_queue(queue, durable=True, arguments=kind.arguments)
                    await client.bind(queue, exchange)

    async def try_out(self, url: str, lodgers: Iterable[Lodger]) -> None:
        """Note which messages this broker won't take into which kind of queue, whoever sends them: one that
        closes a channel would take along what a peer has published around it."""
        messages = {one.case: one for one in lodgers}
        for kind in self.kinds:
            queue = f"interop.{unique(self.token, kind)}.try"
            client: Connection | None = None
            for lodger in messages.values():
                if not lodger.fits(kind):
                    continue
                if client is None:
                    client = await connect(url)
                    await client.declare_queue(queue, durable=True, arguments=kind.arguments)
                try:
                    await client.publish_confirmed("", queue, lodger.message)
                except (ChannelClosed, ConnectionClosed) as error:
                    self.refused[lodger.case, kind] = str(error)
                    client.abort()
                    client = None
            async with await connect(url) as last_client:
                await delete_queue(last_client, queue)
            if client is not None:
                await client.close()

    async def fill(self, url: str, producers: Mapping[str, Station], lodgers: Iterable[Lodger]) -> None:
        """Every message into every set, producer by producer, then a last one. SetupError if one cannot."""
        by_producer: dict[str, list[Lodger]] = defaultdict(list)
        for lodger in lodgers:
            by_producer[lodger.producer].append(lodger)
        for label, mine in by_producer.items():
            await self._publish(producers[label], mine)
        async with await connect(url) as client:
            for consumer in self._consumers:
                for kind in self.kinds:
                    await client.publish_confirmed(self.exchange(consumer, kind), LAST, sentinel(self.token))

    async def _publish(self, station: Station, lodgers: Sequence[Lodger]) -> None:
        await station.connect()
        open_: list[asyncio.Future[Reply]] = []
        wanted = [
            (one, kind)
            for kind in self.kinds
            for one in lodgers
            if one.fits(kind) and (one.case, kind) not in self.refused
        ]
        for number, (lodger, kind) in enumerate(wanted, 1):
            exchange = self.exchange(lodger.consumer, kind)
            final = number == len(wanted)
            publish = Publish(station.next_id(), exchange, lodger.key, lodger.message, confirm=final)
            open_.append(station.send(publish))
            if len(open_) >= IN_FLIGHT or final:
                await _answered(station, open_)
                open_ = []

    async def empty(
        self, consumers: Mapping[str, Station], of: str, only: Container[tuple[str, QueueKind]] | None = None
    ) -> Shelves:
        """Take every queue of that set empty, the consumers side by side: by routing key, what came.

        ``only``: of these consumers and kinds; None for all. One that gives out nothing to its consumer is
        left out: it says nothing about messages.
        """
        taken = await asyncio.gather(*(self._empty(station, of, only) for station in consumers.values()))
        return {key: shelf for part in taken for key, shelf in part.items()}

    async def _empty(
        self, station: Station, of: str, only: Container[tuple[str, QueueKind]] | None
    ) -> Shelves:
        found: Shelves = {}
        for kind in self.kinds:
            if only is not None and (station.label, kind) not in only:
                continue
            guest = Guest(station, self.queue(station.label, kind, of), kind)
            if (shelf := await guest.take()) is not None:
                found[station.label, kind] = shelf
        return found

    async def awake(self, url: str) -> None:
        """Wait until every queue can be consumed again: a stream comes up some time after its broker.

        ChannelClosed or ConnectionClosed with what the broker says, if one can't within :data:`AWAKE` s.
        """
        end = asyncio.get_running_loop().time() + AWAKE
        for name, kind, of in product(self._consumers, self.kinds, self._sets):
            while not await _is_awake(url, self.queue(name, kind, of), kind, end):
                await asyncio.sleep(POLL)

    async def close(self, url: str) -> None:
        """Delete everything."""
        async with await connect(url) as client:
            for consumer in self._consumers:
                for kind in self.kinds:
                    for of in self._sets:
                        await delete_queue(client, self.queue(consumer, kind, of))
                    await delete_exchange(client, self.exchange(consumer, kind))


def _unread(message: Received) -> None:
    """What a look at a queue is not for."""


async def _is_awake(url: str, queue: str, kind: QueueKind, end: float) -> bool:
    """Whether it can be consumed; what the broker says to it is raised once it is ``end``, or another answer.

    A stream may be known already while nobody can read it.
    """
    try:
        async with await connect(url) as client:
            await client.declare_queue(queue, durable=True, passive=True)
            if kind is QueueKind.STREAM:
                offset = Table((("x-stream-offset", Longstr("next")),))
                await client.cancel(await client.consume(queue, _unread, prefetch=1, arguments=offset))
    except (ChannelClosed, ConnectionClosed) as error:
        if error.code not in NOT_YET or asyncio.get_running_loop().time() > end:
            raise
        return False
    return True


async def _answered(station: Station, futures: Sequence[asyncio.Future[Reply]]) -> None:
    done, late = await asyncio.wait(futures, timeout=PUBLISH_DEADLINE)
    if late:
        raise SetupError(f"{station.label} did not publish within {PUBLISH_DEADLINE:g} s")
    for one in done:
        reply = one.result()
        if isinstance(reply, Failed):
            raise SetupError(
                f"{station.label} could not publish what it had published before: {reply.message}"
            )


class Guest:
    """One consumer at one queue, until its last message comes or nothing comes for :data:`QUIET` seconds."""

    def __init__(self, station: Station, queue: str, kind: QueueKind) -> None:
        self._station, self._queue, self._kind = station, queue, kind
        self._delivered: dict[str, list[Routed]] = defaultdict(list)
        self._reported: dict[str, list[Routed]] = defaultdict(list)
        self._news = asyncio.Event()
        self._over = False

    async def take(self) -> dict[str, list[Taken]] | None:
        """What came, by routing key; None if this library can't be told to consume from such a queue, or
        gets nothing at all out of it."""
        station = self._station
        try:
            await station.connect()
        except NotConnected as error:
            raise SetupError(error.problem) from error
        station.listener = self
        try:
            reply = await station.ask(self._request(), QUIET)
            if isinstance(reply, Failed):
                if reply.kind == "unsupported":
                    return None
                raise SetupError(f"{station.label} can't consume from a {self._kind} queue: {reply.message}")
            await self._wait()
        finally:
            station.listener = None
        return self._shelf() if self._over or self._delivered else None

    def _request(self) -> Consume:
        arguments = Table(())
        if self._kind is QueueKind.STREAM:
            arguments = Table((("x-stream-offset", Longstr("first")),))
        return Consume(self._station.next_id(), self._queue, PREFETCH, arguments=arguments)

    async def _wait(self) -> None:
        while not self._over:
            self._news.clear()
            try:
                async with asyncio.timeout(QUIET):
                    await self._news.wait()
            except TimeoutError:
                return

    def _shelf(self) -> dict[str, list[Taken]]:
        shelf = {}
        for key in self._delivered | self._reported:
            wire, words = self._delivered.get(key, []), self._reported.get(key, [])
            count = max(len(wire), len(words))
            shelf[key] = [
                Taken(
                    wire[number] if number < len(wire) else None,
                    words[number] if number < len(words) else None,
                )
                for number in range(count)
            ]
        return shelf

    # --- what is heard and seen ------------------------------------------------------------------------

    def said(self, station: Station, event: Event) -> None:
        """The peer wrote an event."""
        if isinstance(event, Delivery):
            station.send(Ack(station.next_id(), event.delivery_tag))
            if event.routing_key == LAST:
                self._over = True
            else:
                message = Message(event.properties, event.body)
                routed = Routed(event.exchange, event.routing_key, message, event.redelivered)
                self._reported[str(event.routing_key)].append(routed)
        self._news.set()

    def saw(self, station: Station, event: WireEvent) -> None:
        """Something passed on the wire."""
        if isinstance(event, Delivered) and event.routing_key != LAST:
            message = message_of(event.header, event.body)
            if isinstance(message, Message):
                routed = Routed(event.exchange, event.routing_key, message, event.redelivered)
                self._delivered[str(event.routing_key)].append(routed)

    def ended(self, station: Station, why: InteropError) -> None:
        """The process is gone: what did not come will not."""
        self._over = True
        self._news.set()
