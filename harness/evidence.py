"""What a results file keeps of a cell's evidence: the four messages, the octets of both content headers.

Only of cells that are not clean, and clipped by size: one message of a megabyte must not make a file of
thousands of them. What was cut is told, with its whole size, so that nobody takes the rest for the whole.
Pure; knows nothing of files.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import TypeAlias

import msgspec

from harness.amqp.message import Body, Inline, Message, Routed, Shared
from harness.amqp.values import (
    Array,
    Base64,
    Binary,
    Longstr,
    NativeBytes,
    NativeList,
    NativeMap,
    NativeOther,
    NativeStr,
    Table,
    Text,
    Unparsed,
    Value,
    bytes_of,
    text_of,
)
from harness.judge.compare import key_path
from harness.judge.verdict import Evidence

MESSAGE_LIMIT = 8 * 1024
"""Bytes of JSON up to which a message is kept as it is."""
TEXT_LIMIT = 512
"""Bytes that are kept of each text of a larger message, and of its body."""
ENTRIES_LIMIT = 32
"""Entries that are kept of each table and list of a larger message, beside those that changed."""
HEADER_LIMIT = 16 * 1024
"""Octets that are kept of a content header."""
Pairs: TypeAlias = tuple[tuple[Text, Value], ...]


class Messages(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The message at each place of its way; None where there was none, or nobody watched."""

    asked: Routed
    sent: Routed | None = None
    delivered: Routed | None = None
    reported: Routed | None = None


class Octets(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The payloads of the content header frames on both wires, base64; None where nobody saw one."""

    sent: bytes | None = None
    delivered: bytes | None = None


class Kept(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """``clipped``: what was cut, ``delivered.headers.k`` or ``wire.sent``, and its whole size: bytes of a
    text, entries of a table or list."""

    messages: Messages
    wire: Octets = Octets()
    clipped: Mapping[str, int] = {}


_encode = msgspec.json.Encoder().encode


def kept(evidence: Evidence, changed: Collection[str] = ()) -> Kept:
    """What is kept of ``evidence``. Entries at the paths ``changed`` are kept wherever they stand."""
    clipped: dict[str, int] = {}
    places = {"asked": evidence.asked, "sent": evidence.sent, "delivered": evidence.delivered}
    places["reported"] = evidence.reported
    messages = {
        place: None if routed is None else _routed(place, routed, changed, clipped)
        for place, routed in places.items()
    }
    asked = messages["asked"]
    assert asked is not None
    wire = Octets(
        _octets("wire.sent", evidence.wire.sent, clipped),
        _octets("wire.delivered", evidence.wire.delivered, clipped),
    )
    return Kept(Messages(asked, messages["sent"], messages["delivered"], messages["reported"]), wire, clipped)


def _octets(name: str, payload: bytes | None, clipped: dict[str, int]) -> bytes | None:
    if payload is None or len(payload) <= HEADER_LIMIT:
        return payload
    clipped[name] = len(payload)
    return payload[:HEADER_LIMIT]


def _is_small(routed: Routed) -> bool:
    """Whether its JSON is within the limit. Of most it is plain without writing it: a letter takes at the
    most six octets, as an escape, and what is always there less than 200."""
    message = routed.message
    body, properties = message.body, message.properties
    if type(properties) is Shared and type(body) is Inline:
        letters = _letters(routed.exchange) + _letters(routed.routing_key) + _letters(body.value)
        if 6 * letters + _octets_of(properties) + 200 <= MESSAGE_LIMIT:
            return True
    return len(_encode(routed)) <= MESSAGE_LIMIT


def _letters(text: Text) -> int:
    return len(text if isinstance(text, str) else text.base64)


@lru_cache(4096)
def _octets_of(properties: Shared) -> int:
    return len(_encode(properties))


def _routed(place: str, routed: Routed, changed: Collection[str], clipped: dict[str, int]) -> Routed:
    if _is_small(routed):
        return routed
    scissors = _Scissors(place, changed, clipped)
    message = Message(
        {name: scissors.value(name, value) for name, value in routed.message.properties.items()},
        scissors.body(routed.message.body),
    )
    return Routed(
        scissors.text("exchange", routed.exchange),
        scissors.text("routing_key", routed.routing_key),
        message,
        routed.redelivered,
    )


class _Scissors:
    """Cuts the values of one message, and notes what it cut."""

    def __init__(self, place: str, changed: Collection[str], clipped: dict[str, int]) -> None:
        self._place, self._clipped = place, clipped
        self._changed = {
            path[:end]
            for path in list(changed)[:ENTRIES_LIMIT]
            for end in (*(at for at, letter in enumerate(path) if letter in ".["), len(path))
        }

    def text(self, path: str, text: Text) -> Text:
        octets = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes_of(text)
        if len(octets) <= TEXT_LIMIT:
            return text
        self._clipped[f"{self._place}.{path}"] = len(octets)
        if isinstance(text, str):  # whole letters, not octets that happen to be none
            return octets[:TEXT_LIMIT].decode("utf-8", "ignore")
        return text_of(octets[:TEXT_LIMIT])

    def body(self, body: Body) -> Body:
        if isinstance(body, Inline):
            return Inline(self.text("body", body.value), body.native)
        return body

    def value(self, path: str, value: Value) -> Value:
        match value:
            case Longstr(text) | Binary(text) | NativeStr(text) | NativeBytes(text):
                return type(value)(self.text(path, text))
            case NativeOther(name, text):
                return NativeOther(name[:TEXT_LIMIT], self.text(path, text))
            case Unparsed(tag, rest):
                few = bytes_of(self.text(path, Base64(rest)))
                return Unparsed(tag, base64.b64encode(few).decode("ascii"))
            case Table(pairs) | NativeMap(pairs):
                return type(value)(self._pairs(path, pairs))
            case Array(items) | NativeList(items):
                return type(value)(self._items(path, items))
            case _:
                return value

    def _pairs(self, path: str, pairs: Pairs) -> Pairs:
        self._count(path, len(pairs))
        kept = (
            (at, pair)
            for index, (at, pair) in enumerate(zip(_paths(path, pairs), pairs, strict=True))
            if index < ENTRIES_LIMIT or at in self._changed
        )
        return tuple((key, self.value(at, item)) for at, (key, item) in kept)

    def _items(self, path: str, items: tuple[Value, ...]) -> tuple[Value, ...]:
        """The first ones without a gap, for an item is told by its place alone."""
        self._count(path, len(items))
        return tuple(self.value(f"{path}[{index}]", item) for index, item in enumerate(items[:ENTRIES_LIMIT]))

    def _count(self, path: str, entries: int) -> None:
        if entries > ENTRIES_LIMIT:
            self._clipped[f"{self._place}.{path}"] = entries


def _paths(path: str, pairs: Pairs) -> Iterator[str]:
    """The paths of a table's entries, as the judge names them."""
    seen: dict[bytes, int] = {}
    for key, _ in pairs:
        raw = bytes_of(key)
        seen[raw] = seen.get(raw, 0) + 1
        yield key_path(path, raw) + (f"#{seen[raw]}" if seen[raw] > 1 else "")
