"""The deliveries of a scenario: as its consumer reported them, and as they passed on its wire. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.amqp.message import INLINE_LIMIT, Body, Inline, Message, Pattern, expand
from harness.amqp.values import (
    Array,
    Double,
    Float,
    NativeFloat,
    NativeList,
    NativeMap,
    NativeNone,
    NativeNumber,
    Table,
    Text,
    Value,
    Void,
    bytes_of,
)
from harness.cases import to_body
from harness.judge.difference import Kind
from harness.judge.values import real_of
from harness.judge.verdict import Step, StepDifference, Verdict
from harness.peers.protocol import Delivery, Undecodable
from harness.scenarios import Names
from harness.steps import Plain, Receive, Wanted
from harness.tap.events import Delivered
from harness.tap.eye import message_of


class Otherwise(Exception):
    """A step came out otherwise than it must: what differs, at which step of the way, expected and got."""

    def __init__(
        self, kind: Kind, step: Step | None, path: str, expected: str | None, got: str | None
    ) -> None:
        self.kind, self.step, self.path, self.expected, self.got = kind, step, path, expected, got
        super().__init__(f"{path}: {expected} became {got}")

    def verdict(self, path: str) -> Verdict:
        """The one of a play that ends with it; ``path`` has the step's number, too."""
        difference = StepDifference(self.step, self.kind, path, self.expected, self.got)
        return Verdict(self.kind, self.step, path, self.expected, self.got, (difference,), None)


@dataclass(frozen=True, slots=True)
class Seen:
    """One delivery, by whichever of the two was asked."""

    body: str
    redelivered: bool
    exchange: str
    routing_key: str
    headers: Value | None


@dataclass(slots=True)
class Inbox:
    """What came since the consumer connected. ``taken`` were looked at already."""

    reported: list[Delivery | Undecodable] = field(default_factory=list)
    on_wire: list[Delivered] = field(default_factory=list)
    taken: int = 0

    def reconnected(self) -> None:
        """Another connection: delivery tags begin anew."""
        self.reported, self.on_wire, self.taken = [], [], 0

    def has(self, more: int) -> bool:
        """Whether so many more were reported than were looked at."""
        return len(self.reported) >= self.taken + more

    def tag(self, number: int) -> int:
        """The delivery tag of the delivery of that number, from 1; 0 is the last that was looked at."""
        index = (number or self.taken) - 1
        delivery = self.reported[index] if 0 <= index < len(self.reported) else None
        if isinstance(delivery, Delivery):
            return delivery.delivery_tag
        raise ValueError(f"the scenario settles delivery {number}, which it never waited for")

    def take(self, step: Receive, names: Names) -> None:
        """Look at the next deliveries. Otherwise, unless they are those that the step wants."""
        start, self.taken = self.taken, self.taken + len(step.messages)
        reported = [_reported(one) for one in self.reported[start : self.taken]]
        wire = [_on_wire(one) for one in self.on_wire[start : self.taken]]
        compare(step, reported, wire, names)

    @property
    def reply_to(self) -> str | None:
        """Where the last delivery that was looked at wants its answer."""
        last = self.reported[self.taken - 1] if 0 < self.taken <= len(self.reported) else None
        value = last.properties.get("reply_to") if isinstance(last, Delivery) else None
        text = getattr(value, "value", None)
        return None if text is None else _name(text)

    def nothing_more(self) -> None:
        """Otherwise, if something came that nobody wanted."""
        if self.has(1):
            extra = _reported(self.reported[self.taken])
            step = Step.BROKER if len(self.on_wire) > self.taken else Step.CONSUMER
            raise Otherwise(Kind.ADDED, step, "deliveries", None, extra.body)


def compare(step: Receive, reported: list[Seen], wire: list[Seen], names: Names) -> None:
    """Otherwise, unless what was reported, and passed on the wire, is what the step wants."""
    wanted = [Wanted(one) if isinstance(one, str) else one for one in step.messages]
    if step.unordered:
        wanted.sort(key=lambda one: _text(to_body(one.body)))
        reported.sort(key=lambda one: one.body)
        wire.sort(key=lambda one: one.body)
    for number, want in enumerate(wanted):
        _check(f"messages[{number + 1}]", want, _at(reported, number), _at(wire, number), names)


def _at(seen: list[Seen], number: int) -> Seen | None:
    return seen[number] if number < len(seen) else None


def _reported(event: Delivery | Undecodable) -> Seen:
    if isinstance(event, Undecodable):
        return Seen(f"undecodable: {event.message}", False, "", "", None)
    headers = event.properties.get("headers")
    return Seen(
        _text(event.body), event.redelivered, _name(event.exchange), _name(event.routing_key), headers
    )


def _on_wire(event: Delivered) -> Seen:
    return seen_on_wire(event.header, event.body, event.redelivered, event.exchange, event.routing_key)


def seen_on_wire(header: bytes, body: Body, redelivered: bool, exchange: Text, routing_key: Text) -> Seen:
    """A delivery by its octets; ``header`` is the payload of its content header frame."""
    message = message_of(header, body)
    headers = message.properties.get("headers") if isinstance(message, Message) else None
    return Seen(_text(body), redelivered, _name(exchange), _name(routing_key), headers)


def _text(body: Body) -> str:
    """A body that is not long as itself, any other by its length and the beginning of its SHA-256."""
    if isinstance(body, Pattern) and body.length <= INLINE_LIMIT:
        return expand(bytes_of(body.pattern), body.length).decode("utf-8", "backslashreplace")
    return _name(body.value) if isinstance(body, Inline) else f"{body.length} bytes {body.sha256[:16]}"


def _name(text: object) -> str:
    return text if isinstance(text, str) else bytes_of(text).decode("utf-8", "backslashreplace")  # type: ignore[arg-type]


def _check(path: str, want: Wanted, reported: Seen | None, wire: Seen | None, names: Names) -> None:
    if reported is None:
        step = Step.BROKER if wire is None else Step.CONSUMER
        raise Otherwise(Kind.LOST, step, path, _text(to_body(want.body)), None)
    for field_name, expected, got, seen in _compared(want, reported, wire, names):
        if expected != got:
            step = Step.CONSUMER if wire is not None and seen == expected else Step.BROKER
            raise Otherwise(Kind.ALTERED, step, f"{path}.{field_name}", expected, got)


def _compared(
    want: Wanted, reported: Seen, wire: Seen | None, names: Names
) -> Iterable[tuple[str, str, str, str | None]]:
    """Field, expected, as reported, as on the wire."""
    expected = {"body": _text(to_body(want.body))}
    if want.redelivered is not None:
        expected["redelivered"] = str(want.redelivered)
    if want.exchange is not None:
        expected["exchange"] = names.of(want.exchange)
    if want.routing_key is not None:
        expected["routing_key"] = names.within(want.routing_key)
    expected |= {f"headers.{key}": _argument(value, names) for key, value in want.headers.items()}
    for name, text in expected.items():
        yield name, text, _field(reported, name), None if wire is None else _field(wire, name)


def _field(seen: Seen, name: str) -> str:
    if name.startswith("headers."):
        return shown_at(seen.headers, name.removeprefix("headers."))
    return str(getattr(seen, name))


def _argument(value: Plain, names: Names) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return names.within(str(value))


_PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


def shown_at(headers: Value | None, path: str) -> str:
    """The text of what stands at ``x-death[0].reason``, ``absent`` if nothing does."""
    value: Value | None = headers
    for index, key in _PART.findall(path):
        if index and isinstance(value, Array | NativeList):
            value = value.value[int(index)] if int(index) < len(value.value) else None
        elif key and isinstance(value, Table | NativeMap):
            value = next((one for name, one in value.value if _name(name) == key), None)
        else:
            value = None
    match value:
        case None:
            return "absent"
        case Void() | NativeNone():
            return "void"
        case Array() | NativeList() | Table() | NativeMap():
            return f"{len(value.value)} entries"
        case Float() | Double() | NativeFloat() | NativeNumber():
            real = real_of(value)
            return str(int(real)) if real.is_integer() else repr(real)
    text = getattr(value, "value", "")
    return _name(text) if isinstance(text, str) or hasattr(text, "base64") else str(text)
