"""What became of messages that lay in queues while the broker was exchanged. Pure.

Each message was taken three times: from the old broker, from the new one that was started on its data, and
fresh through the new one. What the new one does to every message is no fault of the exchange.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias

import msgspec

from harness.amqp.message import Routed
from harness.amqp.values import NativeMap, Table, Value, bytes_of
from harness.judge.compare import compare
from harness.judge.difference import Difference
from harness.judge.verdict import Step
from harness.upgrade.lodgers import Lodger, QueueKind

OWN_HEADERS = (b"x-stream-offset",)
"""What a broker says of a delivery rather than of its message: where it stands in a stream."""


class Fate(StrEnum):
    """What became of a message, worst first."""

    LOST = "lost"
    DOUBLED = "doubled"
    ALTERED = "altered"
    AS_NEW = "as the new broker does to every message"
    SAME = "the same"

    @property
    def fails(self) -> bool:
        """Whether it may not happen."""
        return self in (Fate.LOST, Fate.DOUBLED, Fate.ALTERED)


class Taken(msgspec.Struct, frozen=True):
    """One delivery: as it was on the wire (None where nobody watched), and as the application had it."""

    delivered: Routed | None
    reported: Routed | None


Shelf: TypeAlias = Mapping[str, Sequence[Taken]]
"""What was taken from one queue, by routing key."""


class Stay(msgspec.Struct, frozen=True):
    """One consumer's queue of one kind, taken empty three times."""

    consumer: str
    kind: QueueKind
    lodgers: tuple[Lodger, ...]
    before: Shelf
    after: Shelf
    fresh: Shelf


class Finding(msgspec.Struct, frozen=True):
    """What became of one message. ``step`` is where it was first seen, ``difference`` the first there."""

    fate: Fate
    lodger: Lodger
    kind: QueueKind
    step: Step | None = None
    difference: Difference | None = None
    times: int = 1


def findings(stays: Iterable[Stay]) -> Iterator[Finding]:
    """Of every message that the old broker gave out, in the order of the stays."""
    for stay in stays:
        for lodger in stay.lodgers:
            if lodger.key in stay.before:
                yield _finding(stay, lodger)


def _finding(stay: Stay, lodger: Lodger) -> Finding:
    after = stay.after.get(lodger.key, ())
    if not after:
        return Finding(Fate.LOST, lodger, stay.kind, Step.BROKER, times=0)
    if len(after) > 1:
        step = Step.BROKER if sum(one.delivered is not None for one in after) > 1 else Step.CONSUMER
        return Finding(Fate.DOUBLED, lodger, stay.kind, step, times=len(after))
    (before, *_), (now,) = stay.before[lodger.key], after
    fresh = next(iter(stay.fresh.get(lodger.key, ())), None)
    new_broker = None
    for step in (Step.BROKER, Step.CONSUMER):
        differences = _differences(_at(before, step), _at(now, step))
        usual = _differences(_at(before, step), _at(fresh, step)) if fresh is not None else ()
        if strange := [one for one in differences if one not in usual]:
            return Finding(Fate.ALTERED, lodger, stay.kind, step, strange[0])
        if differences and new_broker is None:
            new_broker = Finding(Fate.AS_NEW, lodger, stay.kind, step, differences[0])
    return new_broker or Finding(Fate.SAME, lodger, stay.kind)


def _at(taken: Taken | None, step: Step) -> Routed | None:
    if taken is None:
        return None
    return taken.delivered if step is Step.BROKER else taken.reported


def _differences(before: Routed | None, after: Routed | None) -> tuple[Difference, ...]:
    """Those that don't pass; the exchange is the queues' and not the message's."""
    if before is None or after is None:
        return ()
    return tuple(one for one in compare(bare(before), bare(after)) if not one.kind.passes)


def bare(routed: Routed) -> Routed:
    """Without the exchange, and without what the broker says of the delivery."""
    message = routed.message
    headers = message.properties.get("headers")
    if isinstance(headers, Table | NativeMap):
        properties = {**message.properties, "headers": _without_own(headers)}
        message = msgspec.structs.replace(message, properties=properties)
    return msgspec.structs.replace(routed, exchange="", message=message)


def _without_own(headers: Table | NativeMap) -> Value:
    kept = tuple(pair for pair in headers.value if bytes_of(pair[0]) not in OWN_HEADERS)
    return msgspec.structs.replace(headers, value=kept)


def counts(found: Iterable[Finding]) -> Counter[Fate]:
    """How many of each."""
    return Counter(one.fate for one in found)
