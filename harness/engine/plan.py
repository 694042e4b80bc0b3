"""The plan: which cells there are, and how each case's message travels. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from harness.amqp.message import Inline, Message, Routed
from harness.amqp.values import Octet, Text
from harness.cases import UNIQUE_LENGTH, Case, digest, exchange_name
from harness.peers.manifest import PeerSpec
from harness.results import Shard, cell_id
from harness.scenarios import Scenario

PERSISTENT = 2
"""The delivery_mode of a message that outlives the broker's restart."""
SENTINEL_BODY = "the message after it"


AnyCase: TypeAlias = Case | Scenario


class Cell(msgspec.Struct, frozen=True, gc=False):
    """case (or scenario) × producer × consumer, on the broker of the run."""

    case: AnyCase
    producer: PeerSpec
    consumer: PeerSpec

    @property
    def message_case(self) -> Case:
        """Its case; only of a cell that is about one message, not a scenario."""
        assert isinstance(self.case, Case)
        return self.case

    @property
    def id(self) -> str:
        """``headers/int64-min[streadway->pika]``"""
        return cell_id(self.case.id, self.producer.label, self.consumer.label)


class Plan(msgspec.Struct, frozen=True):
    """All cells of a run on one broker. ``full``: nothing was filtered out of the default matrix.

    ``broker`` is that broker's spec where the run has several, else "". ``shard`` says which part it is.
    """

    cases: tuple[AnyCase, ...]
    producers: tuple[PeerSpec, ...]
    consumers: tuple[PeerSpec, ...]
    full: bool
    broker: str = ""
    shard: Shard | None = None

    @property
    def size(self) -> int:
        """How many cells."""
        return sum(len(self.producers_of(case)) * len(self.consumers_of(case)) for case in self.cases)

    def producers_of(self, case: AnyCase) -> tuple[PeerSpec, ...]:
        """Those that send it: of a scenario about consumers one will do."""
        whole = isinstance(case, Case) or case.about == "producer"
        return self.producers if whole else partner(self.producers)

    def consumers_of(self, case: AnyCase) -> tuple[PeerSpec, ...]:
        """Those that receive it: of a scenario about producers one will do."""
        whole = isinstance(case, Case) or case.about == "consumer"
        return self.consumers if whole else partner(self.consumers)

    def cells(self) -> Iterator[Cell]:
        """Every cell, by case."""
        for case in self.cases:
            for producer in self.producers_of(case):
                for consumer in self.consumers_of(case):
                    yield Cell(case, producer, consumer)

    def part(self, number: int, of: int) -> Plan:
        """The ``number``-th (from 1) ``of`` so many parts: every so many-th case, with all its cells."""
        shard = Shard(number, of, len(self.cases), self.size, digest(self.cases), self.full)
        return msgspec.structs.replace(self, cases=self.cases[number - 1 :: of], full=False, shard=shard)


def partner(peers: tuple[PeerSpec, ...]) -> tuple[PeerSpec, ...]:
    """The one that takes the other part in a scenario: the suite's own if it is there, else the first."""
    return tuple(peer for peer in peers if peer.entry.package == "")[:1] or peers[:1]


class Route(msgspec.Struct, frozen=True, gc=False):
    """Where a publish goes: its exchange and routing key, which also recognise it again on its way.

    ``declare`` is the exchange's type where it has to be declared for this case alone; ``binding_key`` is the
    routing key of the queue's binding to it.
    """

    exchange: Text
    routing_key: Text
    declare: str | None
    binding_key: Text


def unique(run: str, *parts: str) -> str:
    """:data:`~harness.cases.UNIQUE_LENGTH` characters that nothing else has, in this run or another."""
    return hashlib.sha256("\0".join((run, *parts)).encode()).hexdigest()[:UNIQUE_LENGTH]


def shared_exchange(run: str, producer: str) -> Text:
    """The fanout exchange over which a producer publishes all that leaves it free."""
    return f"interop.{unique(run, 'exchange', producer)}"


def runs_alone(case: Case) -> bool:
    """Whether the first pass can't take it: it leaves nothing free to be recognised by, or ends a channel."""
    return case.exchange.kind == "default" or case.rejected is not None


def shared_route(case: Case, run: str, producer: str, exchange: Text) -> Route:
    """The way in the first pass: over the producer's shared ``exchange`` where the case leaves it free."""
    if case.exchange.kind == "fanout" and case.exchange.name is None and case.routing_key is None:
        return Route(exchange, case.id, None, "")
    return own_route(case, unique(run, producer, case.id), "")


def own_route(case: Case, token: str, queue: str) -> Route:
    """The way over an exchange of the case's own; over the default exchange it is the name of ``queue``."""
    if case.exchange.kind == "default":
        return Route("", queue, None, "")
    key: Text = case.id if case.routing_key is None else case.routing_key
    binding = key if case.binding.routing_key is None else case.binding.routing_key
    return Route(exchange_name(case, token, f"interop.{token}"), key, case.exchange.kind, binding)


def asked(case: Case, route: Route) -> Routed:
    """The message that a case asks for, on its way over ``route``."""
    message = Message(case.message.properties, case.message.body)
    return Routed(route.exchange, route.routing_key, message, redelivered=False)


def sentinel(token: str) -> Message:
    """The plain message that follows a case's: if it arrives, so must have all before it.

    It is persistent, as Broker-J (9.2.0) passes a transient message on before a persistent one that was sent
    before it on the same channel.
    """
    return Message({"delivery_mode": Octet(str(PERSISTENT))}, Inline(f"{SENTINEL_BODY}: {token}"))


def topics(cases: Iterable[AnyCase]) -> tuple[str, ...]:
    """The folders of the cases, each once, in order."""
    return tuple(dict.fromkeys(case.topic for case in cases))
