"""What Hypothesis draws for the codec's tests: values, tables, headers, and octets that nearly are such."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from harness.amqp import values as v
from harness.amqp.fields import encode_table
from harness.amqp.header import KINDS, encode_header
from harness.amqp.locate import locate
from harness.amqp.message import PROPERTY_NAMES, PropertyName

VECTORS = Path(__file__).parents[3] / "contract" / "vectors"
KNOWN_TAGS = b"tbBsuIilLfdDSAxTFV"


def vectors(name: str) -> list[dict[str, Any]]:
    """The vectors of one file of contract/vectors."""
    read: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    return read


def pairs_of(raw: object) -> v.Table:
    """A vector's pairs as a table."""
    return v.Table(msgspec.convert(raw, tuple[tuple[v.Text, v.Value], ...]))


def unhurried(examples: int) -> settings:
    """So many examples, and no failure for being slow on a loaded machine."""
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _integer(make: Callable[[str], v.Value], low: int, high: int) -> st.SearchStrategy[v.Value]:
    return st.one_of(st.integers(low, high), st.sampled_from((low, high))).map(lambda n: make(str(n)))


def _hex(make: Callable[[str], v.Value], size: int) -> st.SearchStrategy[v.Value]:
    return st.binary(min_size=size, max_size=size).map(lambda raw: make(raw.hex()))


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


texts: st.SearchStrategy[v.Text] = st.one_of(
    st.text(max_size=8), st.binary(max_size=12).map(v.text_of), st.just("k" * 255)
).filter(lambda text: len(v.bytes_of(text)) <= 255)
leaves: st.SearchStrategy[v.Value] = st.one_of(
    st.sampled_from((v.Boolean("true"), v.Boolean("false"), v.Void())),
    _integer(v.Int8, -(2**7), 2**7 - 1),
    _integer(v.Uint8, 0, 2**8 - 1),
    _integer(v.Int16, -(2**15), 2**15 - 1),
    _integer(v.Uint16, 0, 2**16 - 1),
    _integer(v.Int32, -(2**31), 2**31 - 1),
    _integer(v.Uint32, 0, 2**32 - 1),
    _integer(v.Int64, -(2**63), 2**63 - 1),
    _integer(v.LongLong, -(2**63), 2**63 - 1),
    _integer(v.Timestamp, 0, 2**64 - 1),
    _hex(v.Float, 4),
    _hex(v.Double, 8),
    st.tuples(st.integers(0, 255), st.integers(-(2**31), 2**31 - 1)).map(
        lambda parts: v.Decimal(v.DecimalParts(str(parts[0]), str(parts[1])))
    ),
    st.binary(max_size=20).map(lambda raw: v.Longstr(v.text_of(raw))),
    st.binary(max_size=20).map(lambda raw: v.Binary(v.text_of(raw))),
)
unparsed: st.SearchStrategy[v.Value] = st.tuples(
    st.integers(0, 255).filter(lambda octet: octet not in KNOWN_TAGS), st.binary(max_size=8)
).map(lambda parts: v.Unparsed(_base64(bytes((parts[0],))), _base64(parts[1])))


def _ends(inner: st.SearchStrategy[v.Value]) -> st.SearchStrategy[tuple[v.Value, ...]]:
    """A few values, now and then with one at the end that cannot be read."""
    return st.tuples(st.lists(inner, max_size=4), st.one_of(st.none(), st.none(), unparsed)).map(
        lambda drawn: (*drawn[0], *([drawn[1]] if drawn[1] else []))
    )


def _tables(inner: st.SearchStrategy[v.Value]) -> st.SearchStrategy[v.Value]:
    return _ends(inner).flatmap(
        lambda items: st.lists(texts, min_size=len(items), max_size=len(items)).map(
            lambda keys: v.Table(tuple(zip(keys, items, strict=True)))
        )
    )


nested: st.SearchStrategy[v.Value] = st.recursive(
    leaves, lambda inner: st.one_of(_ends(inner).map(v.Array), _tables(inner)), max_leaves=8
)
tables: st.SearchStrategy[v.Table] = _tables(nested).map(lambda table: msgspec.convert(table, v.Table))


@st.composite
def table_octets(draw: st.DrawFn) -> bytes:
    """Octets that can be read as a table, booleans of any octet included."""
    octets = bytearray(encode_table(draw(tables)))
    for place in locate(bytes(octets)):
        if place.tag == b"t":
            octets[place.start] = draw(st.integers(0, 255))
    return bytes(octets)


def _property(name: PropertyName) -> st.SearchStrategy[v.Value]:
    kind = KINDS[name]
    if kind is v.Table:
        return tables.map(lambda table: table)
    if kind is v.Octet:
        return _integer(v.Octet, 0, 255)
    if kind is v.Timestamp:
        return _integer(v.Timestamp, 0, 2**64 - 1)
    return texts.map(v.Shortstr)


properties: st.SearchStrategy[Mapping[PropertyName, v.Value]] = st.fixed_dictionaries(
    {}, optional={name: _property(name) for name in PROPERTY_NAMES}
)


@st.composite
def header_octets(draw: st.DrawFn) -> bytes:
    """Octets that can be read as a content header: reserved bit, flag words and octets too many included."""
    payload = encode_header(
        draw(properties),
        draw(st.integers(0, 2**64 - 1)),
        class_id=draw(st.integers(0, 2**16 - 1)),
        weight=draw(st.integers(0, 2**16 - 1)),
        reserved_flags=draw(st.sampled_from((0, 2))),
    )
    words = draw(st.lists(st.integers(0, 2**16 - 1), max_size=2))
    flags = [int.from_bytes(payload[12:14], "big"), *words]
    chained = [word | 1 for word in flags[:-1]] + [flags[-1] & ~1]
    return (
        payload[:12]
        + b"".join(word.to_bytes(2, "big") for word in chained)
        + payload[14:]
        + draw(st.binary(max_size=4))
    )


@st.composite
def mutated(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Octets of ``whole`` with a few overwritten, taken out or put in."""
    octets = bytearray(draw(whole))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(octets) - 1, 0)))
        octets[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    return bytes(octets)
