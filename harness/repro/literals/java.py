"""Java: the class of the object says the wire type. ``table`` and ``list`` are helpers of the template."""

from __future__ import annotations

import math

from harness.amqp.values import (
    Array,
    Base64,
    Binary,
    Boolean,
    Decimal,
    Double,
    Float,
    Int8,
    Int16,
    Int32,
    Int64,
    LongLong,
    Longstr,
    Octet,
    Shortstr,
    Table,
    Text,
    Timestamp,
    Uint8,
    Uint16,
    Uint32,
    Value,
    Void,
    bytes_of,
)
from harness.judge.values import real_of
from harness.repro.literals import Inexpressible


def literal(value: Value) -> str:
    """The expression. What Java has no unsigned type for goes as the JDK hands it out: int, or long."""
    match value:
        case Boolean(truth):
            return truth
        case Int8(digits):
            return f"(byte) {digits}"
        case Int16(digits):
            return f"(short) {digits}"
        case Int32(digits) | Uint8(digits) | Uint16(digits) | Octet(digits):
            return digits
        case Int64(digits) | Uint32(digits) | LongLong(digits):
            return f"{digits}L"
        case Float():
            real = real_of(value)
            return f"(float) {real!r}" if math.isfinite(real) else f"Float.intBitsToFloat(0x{value.value})"
        case Double():
            real = real_of(value)
            return f"{real!r}d" if math.isfinite(real) else f"Double.longBitsToDouble(0x{value.value}L)"
        case Decimal(parts):
            return f"new BigDecimal(BigInteger.valueOf({parts.unscaled}), {parts.scale})"
        case Longstr(Base64() as octets):
            return f"LongStringHelper.asLongString({_octets(octets)})"
        case Longstr(str(content)) | Shortstr(str(content)):
            return name(content)
        case Binary(octets):
            return _octets(octets)
        case Timestamp(seconds):
            return f"new Date({seconds}L * 1000)"
        case Array(items):
            return f"list({', '.join(map(_item, items))})"
        case Table(pairs):
            entries = [f"{name(key)}, {_item(item)}" for key, item in pairs if isinstance(key, str)]
            if len(entries) == len(pairs):
                return f"table({', '.join(entries)})"
        case Void():
            return "null"
    raise Inexpressible(value)


def _item(value: Value) -> str:
    """An argument of a helper, which takes any number of them: null alone would be no argument."""
    return f"(Object) {literal(value)}" if isinstance(value, Void) else literal(value)


def name(content: Text) -> str:
    """A String."""
    if not isinstance(content, str):
        raise Inexpressible(Shortstr(content))
    units = content.encode("utf-16-be")
    codes = [int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2)]
    return '"' + "".join(map(_unit, codes)) + '"'


def _unit(code: int) -> str:
    """A UTF-16 unit. Java reads \\u000a before it reads strings, so controls are octal."""
    if 0x20 <= code < 0x7F and chr(code) not in '"\\':
        return chr(code)
    return f"\\{code:03o}" if code < 0x80 else f"\\u{code:04x}"


def _octets(content: Text) -> str:
    return f'HexFormat.of().parseHex("{bytes_of(content).hex()}")'
