"""What the article's tests share: peers that are started once, names of a test's own, a door for guest.

All of a module's tests run in one event loop, so that a peer serves many of them. What a test declares has a
name from :class:`Names`, which deletes it.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from harness.amqp.message import Inline, Message
from harness.broker import Broker
from harness.engine.station import Station
from harness.errors import InteropError
from harness.peers.build import Launch, make_ready
from harness.peers.manifest import PeerSpec, find_peers, resolve
from harness.peers.protocol import Close, Delivery, Event, Failed, Ok, Reply, Request, Role
from harness.raw import Address, ChannelClosed, Connection, connect, parse_url
from harness.tap.events import Event as WireEvent

PRODUCERS = ("streadway", "amqp091-go")
CONSUMERS = ("rabbitpy", "rabbitpy@2.0.1", "pika")
EVERYONE: tuple[tuple[str, Role], ...] = (
    *((name, "producer") for name in PRODUCERS),
    *((name, "consumer") for name in CONSUMERS),
)
DEADLINE = 10.0
"""Seconds for whatever is awaited."""

Made = TypeVar("Made", bound=Reply)
Result = TypeVar("Result")
Fixtures = ParamSpec("Fixtures")


def message(text: str) -> Message:
    """A plain message."""
    return Message({}, Inline(text))


class Inbox:
    """A station's listener: the deliveries, in the order in which they were reported."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self._news = asyncio.Event()
        self._problem: str | None = None

    def said(self, station: Station, event: Event) -> None:
        """A delivery is kept; anything else is not what these tests are about."""
        if isinstance(event, Delivery):
            self.deliveries.append(event)
        else:
            self._problem = f"{station.label} said {event}"
        self._news.set()

    def saw(self, station: Station, event: WireEvent) -> None:
        """Nobody watches the wire here."""

    def ended(self, station: Station, why: InteropError) -> None:
        """The process is gone."""
        self._problem = why.problem
        self._news.set()

    async def wait(self, count: int) -> list[Delivery]:
        """The deliveries, once there are ``count`` of them. AssertionError if they don't come."""
        try:
            async with asyncio.timeout(DEADLINE):
                while len(self.deliveries) < count and self._problem is None:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            self._problem = f"not within {DEADLINE:g} s"
        assert self._problem is None, f"{len(self.deliveries)} of {count} deliveries: {self._problem}"
        return self.deliveries

    def bodies(self, queue: str | None = None) -> list[str]:
        """Their bodies, of one queue or of all."""
        return [text_of(one) for one in self.deliveries if queue in (None, one.queue)]


def text_of(delivery: Delivery) -> str:
    """A short text body."""
    assert isinstance(delivery.body, Inline)
    assert isinstance(delivery.body.value, str)
    return delivery.body.value


async def ask(station: Station, expected: type[Made], make: Callable[[int], Request]) -> Made:
    """The reply to the request that ``make`` makes with its id. AssertionError if it is not the expected."""
    reply = await station.ask(make(station.next_id()), DEADLINE)
    assert isinstance(reply, expected), f"{station.label}: {reply}"
    return reply


async def refused(station: Station, make: Callable[[int], Request]) -> Failed:
    """The error reply to a request."""
    return await ask(station, Failed, make)


async def done(station: Station, make: Callable[[int], Request]) -> None:
    """The reply must be ok."""
    await ask(station, Ok, make)


@dataclass
class Names:
    """A test's own names on the broker, and the suite's own client to look at them with."""

    raw: Connection
    token: str = field(default_factory=lambda: secrets.token_hex(6))
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _queues: list[str] = field(default_factory=list)
    _exchanges: list[str] = field(default_factory=list)

    def queue(self) -> str:
        """A name for a queue, which is deleted after the test if it is there then."""
        self._queues.append(f"article.{self.token}.queue-{next(self._numbers)}")
        return self._queues[-1]

    def exchange(self) -> str:
        """The same for an exchange."""
        self._exchanges.append(f"article.{self.token}.exchange-{next(self._numbers)}")
        return self._exchanges[-1]

    async def fanout(self, queues: int) -> tuple[str, list[str]]:
        """A fanout exchange with so many queues bound to it, declared by the suite's own client."""
        exchange, names = self.exchange(), [self.queue() for _ in range(queues)]
        await self.raw.declare_exchange(exchange, "fanout", durable=True)
        for name in names:
            await self.raw.declare_queue(name, durable=True)
            await self.raw.bind(name, exchange)
        return exchange, names

    async def ready(self, queue: str) -> int:
        """How many messages wait in the queue."""
        return (await self.raw.declare_queue(queue, passive=True)).message_count

    async def take(self, queue: str) -> str | None:
        """The queue's first message, taken off it; None if there is none."""
        received = await self.raw.get(queue, no_ack=True)
        return None if received is None else received.body.decode()

    async def until_unused(self, queue: str) -> None:
        """Wait until the broker has noticed that nobody consumes the queue; it tells nobody."""
        async with asyncio.timeout(DEADLINE):
            while (await self.raw.declare_queue(queue, passive=True)).consumer_count:
                await asyncio.sleep(0.01)

    async def is_there(self, *, queue: str = "", exchange: str = "") -> bool:
        """Whether there is a queue, or an exchange, of that name."""
        try:
            if queue:
                await self.raw.declare_queue(queue, passive=True)
            else:
                await self.raw.declare_exchange(exchange, "fanout", passive=True)
        except ChannelClosed as error:
            assert error.code == 404, error
            await self.raw.reopen()
            return False
        return True

    async def delete(self) -> None:
        """All that the test may have declared."""
        await self.raw.reopen()
        for queue in self._queues:
            await self.raw.delete_queue(queue)
        for exchange in self._exchanges:
            await self.raw.delete_exchange(exchange)


class Company:
    """The peers of these tests on one broker: made ready once, one a role running at a time.

    More would not help: tests that share a consumer run one after the other, and an idle rabbitpy 3.0.2
    takes a whole core.
    """

    def __init__(self, broker: Broker, runner: asyncio.Runner) -> None:
        self.broker = broker
        self._runner = runner
        self._stations: dict[Role, Station] = {}
        self.launch = functools.cache(self._launch)

    def run(self, what: Coroutine[None, None, Result]) -> Result:
        """Its result, in the loop that all peers live in."""
        return self._runner.run(what)

    def _launch(self, spec: PeerSpec) -> Launch:
        return make_ready(spec, lambda line: None)

    @asynccontextmanager
    async def peer(self, label: str, role: Role) -> AsyncIterator[tuple[Station, Inbox]]:
        """The peer, freshly connected, and what it is delivered. It stays for the next test."""
        station = await self._station(label, role)
        await station.connect()
        inbox = Inbox()
        station.listener = inbox
        try:
            yield station, inbox
        finally:
            station.listener = None

    async def _station(self, label: str, role: Role) -> Station:
        found = self._stations.get(role)
        if found is None or found.label != label:
            if found is not None:
                await found.close()
            spec = peer_named(label, role)
            found = Station(spec, role, self.launch(spec), self.broker.url, None)
            self._stations[role] = found
        return found

    async def close(self) -> None:
        """End them all."""
        await asyncio.gather(*(station.close() for station in self._stations.values()))


def peer_named(label: str, role: Role) -> PeerSpec:
    """The peer of that name."""
    (spec,) = resolve([label], role, find_peers())
    return spec


async def stopped(station: Station, names: Names, queue: str) -> None:
    """Close a consumer as the protocol has it, and wait until it has ended and the broker knows."""
    await done(station, Close)
    await station.close()
    await names.until_unused(queue)


@contextmanager
def company_on(broker: Broker) -> Iterator[Company]:
    """Peers for the tests of a module; all are ended afterwards."""
    with asyncio.Runner() as runner:
        company = Company(broker, runner)
        try:
            yield company
        finally:
            runner.run(company.close())


@contextmanager
def names_for(company: Company) -> Iterator[Names]:
    """Names for one test; what it declared under them is gone afterwards."""
    names = Names(company.run(connect(company.broker.url)))
    try:
        yield names
    finally:
        company.run(names.delete())
        company.run(names.raw.close())


def played(test: Callable[Fixtures, Coroutine[None, None, None]]) -> Callable[Fixtures, None]:
    """A test that is a coroutine, run in the loop of its fixture ``company``."""

    @functools.wraps(test)
    def run(*args: Fixtures.args, **fixtures: Fixtures.kwargs) -> None:
        company = fixtures["company"]
        assert isinstance(company, Company)
        company.run(test(*args, **fixtures))

    return run


# --- the article's own URL ---------------------------------------------------------------------------


@asynccontextmanager
async def guests_door(broker: Broker) -> AsyncIterator[str]:
    """The URL, with ``guest:guest`` as in the article, of a door on loopback that leads to the broker.

    The programs take the URL as an argument, where everybody can read it, and the broker's own password is
    for nobody to read: so the door exchanges the credentials in connection.start-ok (AMQP 0-9-1, 1.4.2.2,
    mechanism PLAIN), which is the client's first frame, and passes on all the rest as it is.
    """
    address = parse_url(broker.url)
    server = await asyncio.start_server(lambda *streams: _let_in(address, *streams), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        vhost = "%2f" if address.vhost == "/" else address.vhost
        yield f"amqp://guest:guest@127.0.0.1:{port}/{vhost}"


async def _let_in(address: Address, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    broker_reader, broker_writer = await asyncio.open_connection(address.host, address.port)

    async def client_to_broker() -> None:
        broker_writer.write(await reader.readexactly(8))  # the protocol header
        start = await reader.readexactly(7)
        size = int.from_bytes(start[3:7])
        payload = _exchanged(address, await reader.readexactly(size))
        broker_writer.write(start[:3] + len(payload).to_bytes(4) + payload)
        await _pass_on(reader, broker_writer)

    try:
        async with asyncio.TaskGroup() as ways:
            ways.create_task(client_to_broker())
            ways.create_task(_pass_on(broker_reader, writer))
    except* (ConnectionError, asyncio.IncompleteReadError):
        pass  # either side went: so does the other
    finally:
        writer.close()
        broker_writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while octets := await reader.read(65536):
        writer.write(octets)
        await writer.drain()
    writer.close()


def _exchanged(address: Address, start_ok: bytes) -> bytes:
    """start-ok with the broker's credentials for guest's; with any others as it is."""

    def response(user: str, password: str) -> bytes:
        text = f"\0{user}\0{password}".encode()
        return len(text).to_bytes(4) + text

    return start_ok.replace(response("guest", "guest"), response(address.user, address.password))
