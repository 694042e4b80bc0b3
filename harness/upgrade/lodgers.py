"""The messages that are left in a broker's queues while it is exchanged, and the queues. Pure.

A message has to survive by right: it is persistent, does not expire meanwhile, and is none that its consumer
can't take in the first place. Which those are is read from the cells that were run on both brokers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

import msgspec

from harness.amqp.message import Message, PropertyName, size_of
from harness.amqp.values import Array, Decimal, Longstr, Octet, Shortstr, Table, Value
from harness.cases import Case
from harness.engine.plan import PERSISTENT, AnyCase
from harness.judge.difference import Kind
from harness.results import CellLine

LASTING_MS = 3_600_000
"""A message that expires earlier might be gone by right."""
LARGEST = 256 * 1024
"""Octets of a body: larger ones are stored no otherwise, and take their time."""
_KINDS = frozenset(map(str, Kind))


class QueueKind(StrEnum):
    """The types of queue of RabbitMQ."""

    CLASSIC = "classic"
    QUORUM = "quorum"
    STREAM = "stream"

    @property
    def arguments(self) -> Table:
        """Of its declaration; a classic queue is what one gets without."""
        if self is QueueKind.CLASSIC:
            return Table(())
        return Table((("x-queue-type", Longstr(self.value)),))


class Lodger(msgspec.Struct, frozen=True):
    """One message for one consumer's queues. ``key`` is its routing key, by which it is known again."""

    case: str
    producer: str
    consumer: str
    message: Message

    @property
    def key(self) -> str:
        """No other message in a queue has it."""
        return f"{self.producer}/{self.case}"

    def fits(self, kind: QueueKind) -> bool:
        """Whether a queue of that kind takes it: a stream closes the connection over a decimal (541)."""
        headers = self.message.properties.get("headers")
        return kind is not QueueKind.STREAM or headers is None or not _holds_decimal(headers)


def _holds_decimal(value: Value) -> bool:
    match value:
        case Decimal():
            return True
        case Table():
            return any(_holds_decimal(one) for _, one in value.value)
        case Array():
            return any(_holds_decimal(one) for one in value.value)
    return False


def lodgers(
    cases: Iterable[AnyCase], old: Iterable[CellLine], new: Iterable[CellLine], extra: str | None
) -> tuple[Lodger, ...]:
    """Every message that came through on both brokers; ``extra`` is a producer that had no cells of its own
    and sends whatever any other can."""
    able = {_key(cell) for cell in old if cell.verdict in _KINDS}
    able &= {_key(cell) for cell in new if cell.verdict in _KINDS}
    if extra is not None:
        able |= {(case, extra, consumer) for case, _, consumer in able}
    messages = dict(_lasting(cases))
    return tuple(
        Lodger(case, producer, consumer, messages[case])
        for case, producer, consumer in sorted(able)
        if case in messages
    )


def _key(cell: CellLine) -> tuple[str, str, str]:
    return cell.case, cell.producer, cell.consumer


def _lasting(cases: Iterable[AnyCase]) -> Iterator[tuple[str, Message]]:
    """The messages that may go over any exchange, made persistent."""
    for case in cases:
        if not isinstance(case, Case) or case.rejected or case.routing_key is not None:
            continue
        message = case.message
        free = case.exchange.kind == "fanout" and case.exchange.name is None
        if free and size_of(message.body) <= LARGEST and lasts(message.properties):
            properties = {**message.properties, "delivery_mode": Octet(str(PERSISTENT))}
            yield case.id, msgspec.structs.replace(message, properties=properties)


def lasts(properties: Mapping[PropertyName, Value]) -> bool:
    """Whether nothing in it lets a broker drop it, once it is made persistent."""
    mode, expiration = properties.get("delivery_mode"), properties.get("expiration")
    if isinstance(mode, Octet) and int(mode.value) != PERSISTENT:
        return False
    if isinstance(expiration, Shortstr):
        text = expiration.value
        return isinstance(text, str) and text.isdigit() and int(text) >= LASTING_MS
    return True
