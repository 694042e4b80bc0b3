"""Where each value of a field table lies, and what its values alone do not say.

For showing the octets of one field as they were on the wire, and for the proof that decoding loses nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

import msgspec

from harness.amqp.fields import decode_table, encode_table
from harness.amqp.values import Array, Table, Text, Unparsed, Value

_unsigned32 = struct.Struct(">I").unpack_from
_SIZES: Mapping[bytes, int] = {
    **dict.fromkeys((b"t", b"b", b"B"), 1),
    **dict.fromkeys((b"s", b"u"), 2),
    **dict.fromkeys((b"I", b"i", b"f"), 4),
    **dict.fromkeys((b"l", b"L", b"d", b"T"), 8),
    b"D": 5,
    b"V": 0,
}


class Located(msgspec.Struct, frozen=True):
    """A value and its place: ``path`` from the table's top (keys, and indexes in arrays), its ``tag``, and
    the octets ``start:end`` after the tag, with the length in front that some types have."""

    path: tuple[Text | int, ...]
    tag: bytes
    start: int
    end: int
    value: Value

    @property
    def tag_offset(self) -> int:
        """Where the tag stands: right before the value."""
        return self.start - 1


def locate(octets: bytes, offset: int = 0) -> list[Located]:
    """Every value of the table at ``offset`` in the order of the wire, a nested table before what is in it.

    Offsets are those of ``octets``. WireError as :func:`decode_table`.
    """
    table, end = decode_table(octets, offset)
    found: list[Located] = []
    _walk(octets, offset, end, table, (), found)
    return found


def _walk(
    octets: bytes,
    at: int,
    end: int,
    inside: Table | Array,
    path: tuple[Text | int, ...],
    found: list[Located],
) -> None:
    at += 4
    for step, value in _steps(inside):
        if isinstance(inside, Table):
            at += 1 + octets[at]
        tag, start = octets[at : at + 1], at + 1
        if isinstance(value, Unparsed):
            at = end
        else:
            size = _SIZES.get(tag)
            at = start + (4 + _unsigned32(octets, start)[0] if size is None else size)
        found.append(Located((*path, step), tag, start, at, value))
        if isinstance(value, Table | Array):
            _walk(octets, start, at, value, (*path, step), found)


def _steps(inside: Table | Array) -> Iterator[tuple[Text | int, Value]]:
    return iter(inside.value) if isinstance(inside, Table) else iter(enumerate(inside.value))


class WireTable(msgspec.Struct, frozen=True):
    """All that the octets of a table say: its values, and what values cannot hold.

    ``odd_booleans``: (offset from the table's length field, octet) of each boolean that is not 00 or 01.
    """

    table: Table
    odd_booleans: tuple[tuple[int, int], ...]

    def encode(self) -> bytes:
        """The octets it was read from."""
        octets = bytearray(encode_table(self.table))
        for at, octet in self.odd_booleans:
            octets[at] = octet
        return bytes(octets)


def decode_wire_table(octets: bytes, offset: int = 0) -> tuple[WireTable, int]:
    """As :func:`decode_table`, with nothing lost."""
    table, end = decode_table(octets, offset)
    found: list[Located] = []
    _walk(octets, offset, end, table, (), found)
    odd = tuple((one.start - offset, octets[one.start]) for one in found if one.tag == b"t")
    return WireTable(table, tuple(pair for pair in odd if pair[1] > 1)), end
