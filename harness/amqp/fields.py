"""Field tables: octets to typed values and back, nothing lost (AMQP 0-9-1, 4.2.5.5; errata, section 3).

The only exception of decoding is :class:`WireError`. Values keep type, order, duplicates and every bit but
one kind: a boolean octet other than 00 and 01, which :mod:`harness.amqp.locate` keeps beside them.
Knows nothing of properties, frames or methods.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from harness.amqp.values import (
    Array,
    Base64,
    Binary,
    Boolean,
    Decimal,
    DecimalParts,
    Double,
    Float,
    Int8,
    Int16,
    Int32,
    Int64,
    LongLong,
    Longstr,
    Table,
    Text,
    Timestamp,
    Uint8,
    Uint16,
    Uint32,
    Unparsed,
    Value,
    Void,
    bytes_of,
)

MAX_DEPTH = 128
"""How deep tables and arrays may nest: past that Python's own recursion would end first."""


class WireError(ValueError):
    """Octets that cannot be read: ``problem``, and the ``offset`` in the octets given where it begins."""

    def __init__(self, offset: int, problem: str) -> None:
        self.offset, self.problem = offset, problem
        super().__init__(offset, problem)

    def __str__(self) -> str:
        return f"{self.problem} (at octet {self.offset})"


def cut(at: int, what: str, have: int, size: int) -> WireError:
    """The error of a ``what`` at ``at`` that needs ``size`` octets where only ``have`` are left."""
    return WireError(at, f"cut {what}: {max(have, 0)} of {size} octets")


Reader: TypeAlias = Callable[[bytes, int, int, int], tuple[Any, int]]
"""(octets, offset of the value, end of what encloses it, depth) to the value and the offset after it."""

_unsigned32 = struct.Struct(">I").unpack_from


def decode_table(octets: bytes, offset: int = 0) -> tuple[Table, int]:
    """The table whose length stands at ``offset``, and the offset after it; else WireError."""
    return _table(octets, offset, len(octets), 0)


def shortstr(octets: bytes, at: int, end: int) -> tuple[Text, int]:
    """The bytes of the short string at ``at``, and the offset after it. WireError if it passes ``end``."""
    if at >= end:
        raise cut(at, "length of shortstr", 0, 1)
    after = at + 1 + octets[at]
    if after > end:
        raise cut(at, "shortstr", end - at - 1, octets[at])
    return _text(octets[at + 1 : after]), after


def longstr(octets: bytes, at: int, end: int, what: str = "longstr") -> tuple[bytes, int]:
    """The bytes of the long string at ``at``, and the offset after it. WireError if it passes ``end``."""
    start, after = _extent(octets, at, end, what)
    return octets[start:after], after


def _text(raw: bytes) -> Text:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return Base64(base64.b64encode(raw).decode("ascii"))


def _extent(octets: bytes, at: int, end: int, what: str) -> tuple[int, int]:
    """Start and end of what a 32-bit length at ``at`` announces."""
    if at + 4 > end:
        raise cut(at, f"length of {what}", end - at, 4)
    after: int = at + 4 + _unsigned32(octets, at)[0]
    if after > end:
        raise cut(at, what, end - at - 4, after - at - 4)
    return at + 4, after


def _table(octets: bytes, at: int, end: int, depth: int) -> tuple[Table, int]:
    at, end = _nested(octets, at, end, depth, "table")
    pairs: list[tuple[Text, Value]] = []
    while at < end:
        key, at = shortstr(octets, at, end)
        if at >= end:
            raise WireError(at, "key without a value")
        value, at = (_READERS.get(octets[at]) or _unparsed)(octets, at + 1, end, depth + 1)
        pairs.append((key, value))
    return Table(tuple(pairs)), end


def _array(octets: bytes, at: int, end: int, depth: int) -> tuple[Array, int]:
    at, end = _nested(octets, at, end, depth, "array")
    items: list[Value] = []
    while at < end:
        value, at = (_READERS.get(octets[at]) or _unparsed)(octets, at + 1, end, depth + 1)
        items.append(value)
    return Array(tuple(items)), end


def _nested(octets: bytes, at: int, end: int, depth: int, what: str) -> tuple[int, int]:
    if depth > MAX_DEPTH:
        raise WireError(at, f"tables and arrays nested deeper than {MAX_DEPTH}")
    return _extent(octets, at, end, what)


def _unparsed(octets: bytes, at: int, end: int, _depth: int) -> tuple[Unparsed, int]:
    tag, rest = octets[at - 1 : at], octets[at:end]
    return Unparsed(base64.b64encode(tag).decode("ascii"), base64.b64encode(rest).decode("ascii")), end


def _fixed(size: int, what: str, make: Callable[[bytes, int], Value]) -> Reader:
    """A reader of a value that always takes ``size`` octets."""

    def read(octets: bytes, at: int, end: int, _depth: int) -> tuple[Value, int]:
        after = at + size
        if after > end:
            raise cut(at, what, end - at, size)
        return make(octets, at), after

    return read


def _integer(kind: Callable[[str], Value], what: str, code: str) -> Reader:
    number = struct.Struct(code)
    unpack = number.unpack_from
    return _fixed(number.size, what, lambda octets, at: kind(str(unpack(octets, at)[0])))


def _sized(kind: Callable[[Text], Value], what: str) -> Reader:
    def read(octets: bytes, at: int, end: int, _depth: int) -> tuple[Value, int]:
        start, after = _extent(octets, at, end, what)
        return kind(_text(octets[start:after])), after

    return read


def _decimal(octets: bytes, at: int) -> Decimal:
    scale, unscaled = struct.unpack_from(">Bi", octets, at)
    return Decimal(DecimalParts(str(scale), str(unscaled)))


_FALSE, _TRUE, _VOID = Boolean("false"), Boolean("true"), Void()
_READERS: Mapping[int, Reader] = {
    ord("t"): _fixed(1, "boolean", lambda octets, at: _TRUE if octets[at] else _FALSE),
    ord("b"): _integer(Int8, "int8", ">b"),
    ord("B"): _integer(Uint8, "uint8", ">B"),
    ord("s"): _integer(Int16, "int16", ">h"),
    ord("u"): _integer(Uint16, "uint16", ">H"),
    ord("I"): _integer(Int32, "int32", ">i"),
    ord("i"): _integer(Uint32, "uint32", ">I"),
    ord("l"): _integer(Int64, "int64", ">q"),
    ord("L"): _integer(LongLong, "longlong", ">q"),
    ord("f"): _fixed(4, "float", lambda octets, at: Float(octets[at : at + 4].hex())),
    ord("d"): _fixed(8, "double", lambda octets, at: Double(octets[at : at + 8].hex())),
    ord("D"): _fixed(5, "decimal", _decimal),
    ord("S"): _sized(Longstr, "longstr"),
    ord("x"): _sized(Binary, "binary"),
    ord("T"): _integer(Timestamp, "timestamp", ">Q"),
    ord("V"): _fixed(0, "void", lambda octets, at: _VOID),
    ord("A"): _array,
    ord("F"): _table,
}


# --- back to octets ----------------------------------------------------------------------------------


def encode_table(table: Table) -> bytes:
    """The table with its length in front.

    ValueError: a key of more than 255 bytes, too deep a nesting, an ``unparsed`` that would not be read back
    as itself (not the last of its table, or of a known tag). TypeError: what cannot stand in a table.
    """
    return _table_octets(table, 0)


def encode_shortstr(text: Text) -> bytes:
    """The bytes of ``text`` with their length in front. ValueError if they are more than 255."""
    raw = bytes_of(text)
    if len(raw) > 255:
        raise ValueError(f"a shortstr holds 255 bytes at the most, this has {len(raw)}")
    return bytes((len(raw),)) + raw


def _table_octets(table: Table, depth: int) -> bytes:
    values = [value for _, value in table.value]
    _check(values, depth)
    return _with_length(
        b"".join(encode_shortstr(key) + _field(value, depth + 1) for key, value in table.value)
    )


def _array_octets(array: Array, depth: int) -> bytes:
    _check(array.value, depth)
    return _with_length(b"".join(_field(value, depth + 1) for value in array.value))


def _check(values: list[Value] | tuple[Value, ...], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError(f"tables and arrays nested deeper than {MAX_DEPTH}")
    if any(isinstance(value, Unparsed) for value in values[:-1]):
        raise ValueError("an unparsed value takes the rest of its table or array: it must be the last")


def _with_length(octets: bytes) -> bytes:
    return struct.pack(">I", len(octets)) + octets


def _field(value: Value, depth: int) -> bytes:
    """Tag and value."""
    match value:
        case Table():
            return b"F" + _table_octets(value, depth)
        case Array():
            return b"A" + _array_octets(value, depth)
        case Unparsed():
            return _unparsed_octets(value)
    try:
        tag, octets = _WRITERS[type(value)]
    except KeyError:
        raise TypeError(f"a value of type {value.type} cannot stand in a table") from None
    return tag + octets(value)


def _unparsed_octets(value: Unparsed) -> bytes:
    tag, rest = (base64.b64decode(part, validate=True) for part in (value.tag, value.rest))
    if len(tag) != 1 or tag[0] in _READERS:
        raise ValueError(f"an unparsed value's tag is one octet that is no known tag, not {tag!r}")
    return tag + rest


def _number(code: str) -> Callable[[Any], bytes]:
    pack = struct.Struct(code).pack
    return lambda value: pack(int(value.value))


def _hex(value: Any) -> bytes:
    return bytes.fromhex(value.value)


def _string(value: Any) -> bytes:
    return _with_length(bytes_of(value.value))


_WRITERS: Mapping[type, tuple[bytes, Callable[[Any], bytes]]] = {
    Boolean: (b"t", lambda value: b"\x01" if value.value == "true" else b"\x00"),
    Int8: (b"b", _number(">b")),
    Uint8: (b"B", _number(">B")),
    Int16: (b"s", _number(">h")),
    Uint16: (b"u", _number(">H")),
    Int32: (b"I", _number(">i")),
    Uint32: (b"i", _number(">I")),
    Int64: (b"l", _number(">q")),
    LongLong: (b"L", _number(">q")),
    Float: (b"f", _hex),
    Double: (b"d", _hex),
    Decimal: (
        b"D",
        lambda value: struct.pack(">Bi", int(value.value.scale), int(value.value.unscaled)),
    ),
    Longstr: (b"S", _string),
    Binary: (b"x", _string),
    Timestamp: (b"T", _number(">Q")),
    Void: (b"V", lambda value: b""),
}
