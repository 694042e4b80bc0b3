"""Content headers: the properties of class basic with flags, order and raw octets (AMQP 0-9-1, 4.2.6.1).

Knows the payload of one header frame; knows nothing of the frame around it or of the body.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeAlias

import msgspec

from harness.amqp.fields import (
    cut,
    decode_table,
    encode_shortstr,
    encode_table,
    shortstr,
)
from harness.amqp.locate import WireTable, decode_wire_table
from harness.amqp.message import PROPERTY_NAMES, PropertyName, Shared
from harness.amqp.values import Octet, Shortstr, Table, Timestamp, Value

CLASS_BASIC = 60
CONTINUES = 0x0001
"""The flag bit that says another flag word follows."""
RESERVED = 0x0002
"""The one flag bit of the first word that stands for no property."""
CACHED_PAYLOAD = 2048
"""Larger payloads are decoded anew each time, so that the cache stays small."""

_LEAD = struct.Struct(">HHQ")
_WORD = struct.Struct(">H").unpack_from
_LONG = struct.Struct(">Q").unpack_from


class ContentHeader(msgspec.Struct, frozen=True):
    """One content header, decoded. Nothing in it may be changed: it may be shared.

    ``flags``: the flag words as they stand, continuation words too (their properties are unknown: the octets
    of those are in ``trailing``). ``trailing``: what is left after the property list. ``spans``: start and
    end of each property's octets in ``raw``, which is the whole payload.
    """

    class_id: int
    weight: int
    body_size: int
    flags: tuple[int, ...]
    properties: Mapping[PropertyName, Value]
    trailing: bytes
    spans: Mapping[PropertyName, tuple[int, int]]
    raw: bytes


def decode_header(payload: bytes) -> ContentHeader:
    """The content header in ``payload``. WireError, with the offset in it, if it cannot be read."""
    end = len(payload)
    if end < _LEAD.size:
        raise cut(0, "class, weight and body size", end, _LEAD.size)
    class_id, weight, body_size = _LEAD.unpack_from(payload)
    flags, at = _flags(payload)
    properties: dict[PropertyName, Value] = {}
    spans: dict[PropertyName, tuple[int, int]] = {}
    first = flags[0]
    for bit, name, read in _PROPERTIES:
        if first & bit:
            start = at
            properties[name], at = read(payload, at, end)
            spans[name] = (start, at)
    return ContentHeader(class_id, weight, body_size, flags, properties, payload[at:], spans, payload)


@lru_cache(maxsize=4096)
def _decode_cached(payload: bytes) -> ContentHeader:
    header = decode_header(payload)
    return msgspec.structs.replace(header, properties=Shared(header.properties))


def decode_header_cached(payload: bytes) -> ContentHeader:
    """:func:`decode_header`, remembering the last thousands of distinct payloads of usual size."""
    return _decode_cached(payload) if len(payload) <= CACHED_PAYLOAD else decode_header(payload)


def _flags(payload: bytes) -> tuple[tuple[int, ...], int]:
    at = _LEAD.size
    words: list[int] = []
    while not words or words[-1] & CONTINUES:
        if at + 2 > len(payload):
            raise cut(at, "property flags", len(payload) - at, 2)
        words.append(_WORD(payload, at)[0])
        at += 2
    return tuple(words), at


def _shortstr(payload: bytes, at: int, end: int) -> tuple[Value, int]:
    text, after = shortstr(payload, at, end)
    return Shortstr(text), after


def _octet(payload: bytes, at: int, end: int) -> tuple[Value, int]:
    if at >= end:
        raise cut(at, "octet", 0, 1)
    return Octet(str(payload[at])), at + 1


def _timestamp(payload: bytes, at: int, end: int) -> tuple[Value, int]:
    if at + 8 > end:
        raise cut(at, "timestamp", end - at, 8)
    return Timestamp(str(_LONG(payload, at)[0])), at + 8


def _headers(payload: bytes, at: int, _end: int) -> tuple[Value, int]:
    return decode_table(payload, at)


Reader: TypeAlias = Callable[[bytes, int, int], tuple[Value, int]]
_READERS: Mapping[type[Value], Reader] = {
    Shortstr: _shortstr,
    Octet: _octet,
    Timestamp: _timestamp,
    Table: _headers,
}
_NOT_SHORTSTR: Mapping[PropertyName, type[Value]] = {
    "headers": Table,
    "delivery_mode": Octet,
    "priority": Octet,
    "timestamp": Timestamp,
}
_SHORTSTR: type[Value] = Shortstr
KINDS: Mapping[PropertyName, type[Value]] = {
    name: _NOT_SHORTSTR.get(name, _SHORTSTR) for name in PROPERTY_NAMES
}
"""What each property is on the wire."""
_PROPERTIES: tuple[tuple[int, PropertyName, Reader], ...] = tuple(
    (0x8000 >> index, name, _READERS[KINDS[name]]) for index, name in enumerate(PROPERTY_NAMES)
)


# --- back to octets ----------------------------------------------------------------------------------


def encode_header(
    properties: Mapping[PropertyName, Value],
    body_size: int,
    *,
    class_id: int = CLASS_BASIC,
    weight: int = 0,
    reserved_flags: int = 0,
) -> bytes:
    """The payload of a content header frame with these properties, in the order of their flag bits.

    ``reserved_flags`` are or-ed into the flag word. TypeError names a property whose value is of the wrong
    type, ValueError one that does not exist or cannot be encoded (see
    :func:`~harness.amqp.fields.encode_table`), or numbers that do not fit their fields.
    """
    unknown = [name for name in properties if name not in KINDS]
    if unknown:
        raise ValueError(f"no such property: {', '.join(unknown)}; known: {', '.join(PROPERTY_NAMES)}")
    flags, parts = reserved_flags, []
    for bit, name, _ in _PROPERTIES:
        if name in properties:
            flags |= bit
            parts.append(_property(name, properties[name]))
    try:
        lead = _LEAD.pack(class_id, weight, body_size) + struct.pack(">H", flags)
    except struct.error as error:
        raise ValueError(f"class {class_id}, weight {weight}, body size {body_size}: {error}") from error
    return lead + b"".join(parts)


def _property(name: PropertyName, value: Value) -> bytes:
    if type(value) is not KINDS[name]:
        raise TypeError(f"property {name} is a {KINDS[name].__name__.lower()}, not a {value.type}")
    try:
        return _property_octets(value)
    except TypeError as error:
        raise TypeError(f"property {name}: {error}") from error
    except ValueError as error:
        raise ValueError(f"property {name}: {error}") from error


def _property_octets(value: Value) -> bytes:
    match value:
        case Shortstr():
            return encode_shortstr(value.value)
        case Octet():
            return bytes((int(value.value),))
        case Timestamp():
            return struct.pack(">Q", int(value.value))
        case Table():
            return encode_table(value)
        case _:
            raise TypeError(f"no property is a {value.type}")


def encode_again(header: ContentHeader) -> bytes:
    """The payload that ``header`` was decoded from, made from its parts: the proof that they lose nothing.

    ``raw`` is asked only for the boolean octets that values do not tell apart.
    """
    parts = [_LEAD.pack(header.class_id, header.weight, header.body_size)]
    parts += [struct.pack(">H", word) for word in header.flags]
    for name in PROPERTY_NAMES:
        value = header.properties.get(name)
        if isinstance(value, Table):
            wire, _ = decode_wire_table(header.raw, header.spans[name][0])
            parts.append(WireTable(value, wire.odd_booleans).encode())
        elif value is not None:
            parts.append(_property(name, value))
    return b"".join(parts) + header.trailing
