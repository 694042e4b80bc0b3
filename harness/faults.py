"""A broker that fails while messages flow, and comes back: what came, and what each client saw.

Every producer publishes persistent messages with confirms, one after another, into one exchange; every
consumer takes its own durable queue from it, and one more queue is taken by nobody until all is over. Then
the broker is stopped, killed, frozen, or cut off. A peer does not reconnect by itself: what its application
saw is what its library told it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from harness.amqp.message import Inline, Message
from harness.amqp.values import Octet, bytes_of
from harness.broker import Broker
from harness.engine.plan import Plan
from harness.engine.session import Session, plain_tap, session
from harness.engine.station import Station
from harness.errors import InteropError, SetupError
from harness.peers.build import Launch
from harness.peers.manifest import PeerSpec
from harness.peers.process import PeerBroken, PeerGone
from harness.peers.protocol import Ack, Closed, Confirmed, Consume, Delivery, Event, Failed, Publish, Role
from harness.raw.client import connect
from harness.raw.url import parse_url
from harness.tap.events import Direction
from harness.tap.events import Event as WireEvent
from harness.tap.tap import Tap

ENOUGH = 20
"""Confirmed messages of each producer before the fault."""
PATIENCE = 6.0
"""Seconds for which an application waits after the fault before it is said that it saw nothing."""
PREFETCH = 10
SILENCE = "silence"


class Fault(StrEnum):
    """What happens to the broker."""

    STOPPED = "stopped"
    KILLED = "killed"
    FROZEN = "frozen"
    CUT_OFF = "cut off"


class Witness(msgspec.Struct, frozen=True):
    """What the application of one peer saw: its library's words, or :data:`SILENCE`."""

    peer: str
    role: Role
    saw: str


class Ordeal(msgspec.Struct, frozen=True):
    """What one fault came to: ``confirmed`` by producer; ``lost`` are confirmed and never came, by queue."""

    fault: Fault
    confirmed: Mapping[str, int]
    lost: Mapping[str, tuple[str, ...]]
    witnesses: tuple[Witness, ...]


def lost(confirmed: Iterable[str], delivered: Iterable[str]) -> tuple[str, ...]:
    """What was confirmed and not delivered once; twice is allowed."""
    came = set(delivered)
    return tuple(body for body in confirmed if body not in came)


def suffer(broker: Broker, plan: Plan, ready: Mapping[PeerSpec, Launch], fault: Fault) -> tuple[Ordeal, str]:
    """Put the broker through ``fault``; what came of it, and the broker's URL afterwards. SetupError if it
    does not come back."""
    token = secrets.token_hex(6)
    flow = asyncio.run(_flow(broker, plan, ready, fault, token))
    url = _bring_back(broker, fault)
    left = asyncio.run(_drain(url, token, tuple(flow.consumers)))
    confirmed = [body for bodies in flow.confirmed.values() for body in bodies]
    missing = {queue: lost(confirmed, (*left[queue], *flow.consumers.get(queue, ()))) for queue in left}
    counts = {label: len(bodies) for label, bodies in flow.confirmed.items()}
    return Ordeal(fault, counts, missing, tuple(flow.witnesses)), url


LEDGER = "nobody"
"""The queue that is not consumed from meanwhile."""


class _Flow:
    """What is heard while messages flow."""

    def __init__(self, consumers: Iterable[str]) -> None:
        self.confirmed: dict[str, list[str]] = {}
        self.consumers: dict[str, list[str]] = {label: [] for label in consumers}
        self.told: dict[str, str] = {}
        self.witnesses: list[Witness] = []
        self.news = asyncio.Event()

    def said(self, station: Station, event: Event) -> None:
        """A consumer wrote an event."""
        match event:
            case Delivery():
                station.send(Ack(station.next_id(), event.delivery_tag))
                if isinstance(event.body, Inline):
                    self.consumers[station.label].append(bytes_of(event.body.value).decode())
            case Closed():
                self.told.setdefault(station.label, f"{event.scope} closed: {event.message}")
        self.news.set()

    def saw(self, station: Station, event: WireEvent) -> None:
        """Something passed on its wire."""

    def ended(self, station: Station, why: InteropError) -> None:
        """Its process is gone."""
        self.told.setdefault(station.label, f"its process ended: {why.problem}")
        self.news.set()


async def _flow(
    broker: Broker, plan: Plan, ready: Mapping[PeerSpec, Launch], fault: Fault, token: str
) -> _Flow:
    taps: list[Tap] = []

    def tapped(
        spec: PeerSpec, role: Role, host: str, port: int, observer: Callable[[WireEvent], None]
    ) -> Tap:
        taps.append(plain_tap(spec, role, host, port, observer))
        return taps[-1]

    await _declare(broker.url, token, [spec.label for spec in plan.consumers])
    async with session(plan, broker, ready, tapped) as started:
        flow = _Flow(started.consumers)
        await _consume(flow, started, token)
        publishing = [
            asyncio.create_task(_publish(flow, station, token)) for station in started.producers.values()
        ]
        await _until_enough(flow, started, publishing)
        await _inflict(broker, fault, taps)
        await asyncio.gather(*publishing)
        await _listen(flow, started.consumers)
        return flow


async def _declare(url: str, token: str, consumers: Sequence[str]) -> None:
    async with await connect(url) as client:
        await client.declare_exchange(_name(token, "in"), "fanout", durable=True)
        for label in (*consumers, LEDGER):
            await client.declare_queue(_name(token, label), durable=True)
            await client.bind(_name(token, label), _name(token, "in"))


def _name(token: str, what: str) -> str:
    return f"interop.{token}.{what}"


async def _consume(flow: _Flow, started: Session, token: str) -> None:
    for label, station in started.consumers.items():
        await station.connect()
        station.listener = flow
        reply = await station.ask(Consume(station.next_id(), _name(token, label), PREFETCH), PATIENCE)
        if reply is None or isinstance(reply, Failed):
            raise SetupError(f"{label} can't consume before the fault: {reply}")


async def _publish(flow: _Flow, station: Station, token: str) -> None:
    """One message after another, each confirmed, until the application sees something else."""
    await station.connect()
    mine = flow.confirmed.setdefault(station.label, [])
    saw = ""
    while not saw:
        body = f"{station.label}-{len(mine)}"
        message = Message({"delivery_mode": Octet("2")}, Inline(body))
        publish = Publish(station.next_id(), _name(token, "in"), "", message, confirm=True)
        try:
            reply = await station.ask(publish, PATIENCE)
        except (PeerGone, PeerBroken) as error:
            saw = f"its process ended: {error.problem}"
            continue
        match reply:
            case Confirmed():
                mine.append(body)
            case None:
                saw = SILENCE
            case Failed():
                saw = f"{reply.kind}: {reply.message}"
            case _:
                saw = type(reply).__name__.lower()
        flow.news.set()
    flow.witnesses.append(Witness(station.label, "producer", saw))


async def _until_enough(flow: _Flow, started: Session, publishing: Sequence[asyncio.Task[None]]) -> None:
    while not all(len(flow.confirmed.get(label, ())) >= ENOUGH for label in started.producers):
        flow.news.clear()
        await asyncio.wait(
            [asyncio.create_task(flow.news.wait()), *publishing], return_when="FIRST_COMPLETED"
        )
        for task in publishing:
            if task.done():
                raise SetupError(f"a producer stopped before the fault: {flow.witnesses}")


async def _inflict(broker: Broker, fault: Fault, taps: Iterable[Tap]) -> None:
    from harness.broker import control

    name = broker.container
    if name is None:
        raise SetupError(f"{broker.info.spec} can't be made to fail: it runs in no container of ours")
    match fault:
        case Fault.STOPPED:
            await asyncio.to_thread(control.stop, name)
        case Fault.KILLED:
            await asyncio.to_thread(control.kill, name)
        case Fault.FROZEN:
            await asyncio.to_thread(control.freeze, name)
        case Fault.CUT_OFF:
            for tap in taps:
                for direction in Direction:
                    tap.swallow(direction)


async def _listen(flow: _Flow, consumers: Mapping[str, Station]) -> None:
    """Until every consumer's application was told something, or its patience is over."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not all(label in flow.told for label in consumers):
                flow.news.clear()
                await flow.news.wait()
    except TimeoutError:
        pass  # silence is an answer
    for label, station in consumers.items():
        station.listener = None
        flow.witnesses.append(Witness(label, "consumer", flow.told.get(label, SILENCE)))


def _bring_back(broker: Broker, fault: Fault) -> str:
    from harness.broker import control
    from harness.broker.config import Credentials

    assert broker.container is not None
    match fault:
        case Fault.STOPPED | Fault.KILLED:
            address = parse_url(broker.url)
            return control.start_again(broker.container, Credentials(address.user, address.password))[0]
        case Fault.FROZEN:
            control.thaw(broker.container)
    return broker.url


async def _drain(url: str, token: str, consumers: Sequence[str]) -> dict[str, list[str]]:
    """What is left in each queue; all is deleted."""
    left: dict[str, list[str]] = {}
    async with await connect(url) as client:
        for label in (*consumers, LEDGER):
            left[label] = []
            while (received := await client.get(_name(token, label), no_ack=True)) is not None:
                left[label].append(received.body.decode())
            await client.delete_queue(_name(token, label))
        await client.delete_exchange(_name(token, "in"))
    return left


__all__ = ["Fault", "Ordeal", "Witness", "lost", "suffer"]
