"""pamqp, a decoder of other origin, agrees on all that it can express.

It cannot tell integer types apart, nor true octets, drops duplicates and reads times over 2^32 as
milliseconds: those are left out here and are the reason why the suite has its own codec.
"""

from __future__ import annotations

import decimal
import struct
from datetime import UTC, datetime
from typing import Any

import pytest
from amqp_strategies import pairs_of, vectors
from pamqp import commands, decode

from harness.amqp import values as v
from harness.amqp.header import decode_header

NOT_EXPRESSED = {
    "unparsed-U": "unknown tag",
    "unparsed-nul": "taken for void",
    "timestamp-2106": "taken for milliseconds",
    "timestamp-high-bit": "refused",
    "timestamp-max": "refused",
}
"""Field vectors that pamqp 4.0.1 does not read as they are, and what it does."""


def native(value: v.Value) -> Any:
    """What pamqp makes of ``value``."""
    match value:
        case v.Boolean(text):
            return text == "true"
        case v.Float(bits):
            return struct.unpack(">f", bytes.fromhex(bits))[0]
        case v.Double(bits):
            return struct.unpack(">d", bytes.fromhex(bits))[0]
        case v.Decimal(parts):
            return decimal.Decimal(int(parts.unscaled)) * decimal.Decimal(10) ** -int(parts.scale)
        case v.Longstr(text):
            return text if isinstance(text, str) else v.bytes_of(text)
        case v.Binary(text):
            return bytearray(v.bytes_of(text))
        case v.Timestamp(text):
            return datetime.fromtimestamp(int(text), tz=UTC)
        case v.Unparsed():
            return value
        case v.Void():
            return None
        case v.Array(items):
            return [native(item) for item in items]
        case v.Table(pairs):
            return {key: native(item) for key, item in pairs}
        case _:
            return int(value.value)  # type: ignore[union-attr, arg-type]


def same(one: Any, other: Any) -> bool:
    """Equal, where a NaN is equal to any other."""
    return bool(one == other) or (one != one and other != other)


@pytest.mark.parametrize("vector", vectors("fields"), ids=lambda vector: vector["name"])
def test_pamqp_reads_a_field_as_we_do_but_for_its_known_differences(vector: dict[str, Any]) -> None:
    pair = b"\x01k" + bytes.fromhex(vector["hex"])
    expected = pairs_of([["k", vector["value"]]]).value[0][1]
    try:
        _, got = decode.field_table(len(pair).to_bytes(4, "big") + pair)
        agrees = same(got["k"], native(expected))
    except ValueError:
        agrees = False
    assert agrees is (vector["name"] not in NOT_EXPRESSED)


@pytest.mark.parametrize("vector", vectors("headers"), ids=lambda vector: vector["name"])
def test_pamqp_reads_the_same_property_octets_present(vector: dict[str, Any]) -> None:
    header = decode_header(bytes.fromhex(vector["hex"]))
    theirs = commands.Basic.Properties()
    odd = [
        name
        for name, value in header.properties.items()
        if (isinstance(value, v.Timestamp) and int(value.value) >= 2**32)
        or (isinstance(value, v.Shortstr) and not isinstance(value.value, str))
    ]
    if odd:
        with pytest.raises(ValueError):  # pamqp's own, of no fixed text
            theirs.unmarshal(header.flags[0], header.raw[14:])
        return
    theirs.unmarshal(header.flags[0], header.raw[14:])
    for name, value in header.properties.items():
        attribute = "message_type" if name == "type" else name
        text = value.value if isinstance(value, v.Shortstr) else None
        assert getattr(theirs, attribute) == (native(value) if text is None else text), name
