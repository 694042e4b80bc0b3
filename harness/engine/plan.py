"""The plan: which cells there are, and how each case's message travels. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from harness.amqp.message import Inline, Message
from harness.amqp.values import Text
from harness.cases import UNIQUE_LENGTH, Case, exchange_name
from harness.peers.manifest import PeerSpec

SENTINEL_BODY = "the message after it"


class Cell(msgspec.Struct, frozen=True):
    """case × producer × consumer, on the broker of the run."""

    case: Case
    producer: PeerSpec
    consumer: PeerSpec

    @property
    def id(self) -> str:
        """``headers/int64-min[streadway->pika]``"""
        return f"{self.case.id}[{self.producer.label}->{self.consumer.label}]"


class Plan(msgspec.Struct, frozen=True):
    """All cells of a run. ``full`` says that nothing was filtered out of the default matrix."""

    cases: tuple[Case, ...]
    producers: tuple[PeerSpec, ...]
    consumers: tuple[PeerSpec, ...]
    full: bool

    @property
    def size(self) -> int:
        """How many cells."""
        return len(self.cases) * len(self.producers) * len(self.consumers)

    def cells(self) -> Iterator[Cell]:
        """Every cell, by case."""
        for case in self.cases:
            for producer in self.producers:
                for consumer in self.consumers:
                    yield Cell(case, producer, consumer)


class Route(msgspec.Struct, frozen=True):
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


def sentinel(token: str) -> Message:
    """The plain message that follows a case's: if it arrives, so must have all before it."""
    return Message({}, Inline(f"{SENTINEL_BODY}: {token}"))


def topics(cases: Iterable[Case]) -> tuple[str, ...]:
    """The folders of the cases, each once, in order."""
    return tuple(dict.fromkeys(case.topic for case in cases))
