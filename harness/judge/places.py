"""The values of a message by the paths that differences have: ``priority``, ``headers.k[0]``. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from harness.amqp.message import PROPERTY_NAMES
from harness.amqp.values import Value, bytes_of
from harness.judge.compare import Properties, key_path
from harness.judge.values import LISTS, TABLES


def places(properties: Properties) -> Iterator[tuple[str, Value | None]]:
    """Each property, None where it is absent, and everything in the headers."""
    for name in PROPERTY_NAMES:
        value = properties.get(name)
        yield name, value
        if value is not None:
            yield from _within(name, value)


def _within(path: str, value: Value) -> Iterator[tuple[str, Value]]:
    for below, inner in _children(path, value):
        yield below, inner
        yield from _within(below, inner)


def _children(path: str, value: Value) -> Iterator[tuple[str, Value]]:
    if isinstance(value, LISTS):
        yield from ((f"{path}[{index}]", inner) for index, inner in enumerate(value.value))
    elif isinstance(value, TABLES):
        seen: Counter[bytes] = Counter()
        for key, inner in value.value:
            octets = bytes_of(key)
            seen[octets] += 1
            number = f"#{seen[octets]}" if seen[octets] > 1 else ""
            yield key_path(path, octets) + number, inner
