"""Compare two messages, field by field.

Tables are compared by key, as the specification gives their order no meaning, Go's maps have none, and a
4.x broker sorts the top level; where order is what a case tests, it is asked for with ``header_order``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import zip_longest

from harness.amqp.message import (
    PROPERTY_NAMES,
    Body,
    Digest,
    Inline,
    PropertyName,
    Routed,
    Shared,
    digest_of,
)
from harness.amqp.values import NativeBytes, Text, Value, bytes_of
from harness.judge.difference import Difference, Kind, Shown
from harness.judge.values import LISTS, TABLES, at_home, compare_scalars, is_blank, unchanged

Properties = Mapping[PropertyName, Value]


def compare(expected: Routed, got: Routed, *, header_order: bool = False) -> tuple[Difference, ...]:
    """Every difference between the two, in the order of the fields; () when they are the same."""
    envelope = (expected.exchange, expected.routing_key, expected.redelivered)
    plain = envelope == (got.exchange, got.routing_key, got.redelivered)
    before, after = expected.message, got.message
    return (
        *(() if plain else _envelope(expected, got)),
        *compare_properties(before.properties, after.properties, header_order),
        *_body(before.body, after.body),
    )


def compare_properties(expected: Properties, got: Properties, header_order: bool) -> tuple[Difference, ...]:
    """Every difference between the properties; it is remembered of what is remembered itself."""
    if expected is got:  # one decoding of the same octets
        return ()
    if type(expected) is Shared and type(got) is Shared:
        return _remembered(expected, got, header_order)
    return tuple(_properties(expected, got, header_order))


@lru_cache(8192)
def _remembered(expected: Shared, got: Shared, header_order: bool) -> tuple[Difference, ...]:
    return tuple(_properties(expected, got, header_order))


def _envelope(expected: Routed, got: Routed) -> Iterator[Difference]:
    for name in ("exchange", "routing_key"):
        before, after = getattr(expected, name), getattr(got, name)
        if before != after and bytes_of(before) != bytes_of(after):
            yield Difference(Kind.ALTERED, name, _name(before), _name(after))
    if None not in (expected.redelivered, got.redelivered) and expected.redelivered != got.redelivered:
        yield Difference(Kind.ALTERED, "redelivered", expected.redelivered, got.redelivered)


def _name(text: Text) -> Shown:
    """A name as it is, or as bytes where it is no text."""
    return text if isinstance(text, str) else NativeBytes(text)


def _properties(expected: Properties, got: Properties, header_order: bool) -> Iterator[Difference]:
    for name in PROPERTY_NAMES:
        before, after = expected.get(name), got.get(name)
        if before is not after:
            yield from _property(name, before, after)
    if header_order:
        yield from _order(expected.get("headers"), got.get("headers"))


def _property(path: str, expected: Value | None, got: Value | None) -> Iterator[Difference]:
    if expected is not None and got is not None:
        yield from compare_values(path, expected, got)
    elif expected is not None:
        yield Difference(Kind.EMPTIED if is_blank(expected) else Kind.LOST, path, expected, None)
    elif got is not None:
        yield Difference(Kind.EMPTIED if is_blank(got) else Kind.DEFAULTED, path, None, got)


def compare_values(path: str, expected: Value, got: Value) -> Iterator[Difference]:
    """The differences between two values, nested ones with a path of their own."""
    if unchanged(expected, got):
        return
    if isinstance(expected, TABLES) and isinstance(got, TABLES):
        yield from _tables(path, expected.value, got.value)
    elif isinstance(expected, LISTS) and isinstance(got, LISTS):
        for index, (before, after) in enumerate(zip_longest(expected.value, got.value)):
            yield from _item(f"{path}[{index}]", before, after)
    else:
        kind = compare_scalars(expected, got)
        if kind is not Kind.SAME:
            yield Difference(kind, path, expected, got)
        return
    if not at_home(expected, got):
        yield Difference(Kind.RETYPED, path, expected, got)


def _item(path: str, expected: Value | None, got: Value | None) -> Iterator[Difference]:
    """An entry of a list or table: its absence is a loss, whatever its value."""
    if expected is not None and got is not None:
        yield from compare_values(path, expected, got)
    elif expected is not None:
        yield Difference(Kind.LOST, path, expected, None)
    elif got is not None:
        yield Difference(Kind.ADDED, path, None, got)


Pairs = tuple[tuple[Text, Value], ...]


def _tables(path: str, expected: Pairs, got: Pairs) -> Iterator[Difference]:
    before, after = _by_key(expected), _by_key(got)
    for key in before | after:
        entries = zip_longest(before.get(key, ()), after.get(key, ()))
        for number, (old, new) in enumerate(entries):
            yield from _item(key_path(path, key) + (f"#{number + 1}" if number else ""), old, new)


def _by_key(pairs: Pairs) -> dict[bytes, list[Value]]:
    found: dict[bytes, list[Value]] = {}
    for key, value in pairs:
        found.setdefault(bytes_of(key), []).append(value)
    return found


@lru_cache(8192)
def key_path(path: str, key: bytes) -> str:
    """``path.key``, or ``path["any text"]``, or ``path[hex:ff]`` for a key that is not UTF-8."""
    try:
        text = key.decode("utf-8")
    except UnicodeDecodeError:
        return f"{path}[hex:{key.hex()}]"
    if text.isascii() and (text[:1] + text[1:].replace("-", "_")).isidentifier():
        return f"{path}.{text}"
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'{path}["{quoted}"]'


def _order(expected: Value | None, got: Value | None) -> Iterator[Difference]:
    if not (isinstance(expected, TABLES) and isinstance(got, TABLES)):
        return
    before, after = [key for key, _ in expected.value], [key for key, _ in got.value]
    if before != after and sorted(map(bytes_of, before)) == sorted(map(bytes_of, after)):
        yield Difference(Kind.ALTERED, "headers:order", _listed(before), _listed(after))


def _listed(keys: list[Text]) -> str:
    return ", ".join(bytes_of(key).decode("utf-8", "backslashreplace") for key in keys)


def _body(expected: Body, got: Body) -> tuple[Difference, ...]:
    if expected is got:
        return ()
    plain = type(expected) is type(got) is Inline and expected.value == got.value
    if not plain and digest_of(expected) != digest_of(got):
        return (Difference(Kind.ALTERED, "body", expected, got),)
    if isinstance(got, Inline | Digest) and got.native == "str":
        return (Difference(Kind.RETYPED, "body", expected, got),)
    return ()
