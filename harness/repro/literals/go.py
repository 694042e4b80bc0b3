"""Go: the type of the value says the wire type. ``amqp`` is the library's name in the program."""

from __future__ import annotations

import math

from harness.amqp.values import (
    Array,
    Binary,
    Boolean,
    Decimal,
    Double,
    Float,
    Int8,
    Int16,
    Int32,
    Int64,
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
from harness.repro.literals import Inexpressible, escaped

_OCTET = "\\x{:02x}"


def literal(value: Value) -> str:
    """The expression."""
    match value:
        case Boolean(truth):
            return truth
        case Int8(digits) | Uint8(digits) | Int16(digits) | Uint16(digits) | Int32(digits) | Uint32(digits):
            return f"{value.type}({digits})"
        case Int64(digits):
            return f"int64({digits})"
        case Octet(digits):
            return digits
        case Float() | Double():
            return _real(value)
        case Decimal(parts):
            return f"amqp.Decimal{{Scale: {parts.scale}, Value: {parts.unscaled}}}"
        case Longstr(content) | Shortstr(content):
            return name(content)
        case Binary(content):
            return f"[]byte({name(content)})"
        case Timestamp(seconds):
            return f"time.Unix({seconds}, 0).UTC()"
        case Array(items):
            return f"[]any{{{', '.join(map(literal, items))}}}"
        case Table(pairs):
            return "amqp.Table{" + ", ".join(f"{name(key)}: {literal(item)}" for key, item in pairs) + "}"
        case Void():
            return "nil"
    raise Inexpressible(value)


def name(content: Text) -> str:
    """A string, which holds any octets."""
    return f'"{escaped(bytes_of(content), _OCTET)}"'


def _real(value: Float | Double) -> str:
    """A constant has no negative zero, infinity or NaN."""
    size, real = ("32", real_of(value)) if isinstance(value, Float) else ("64", real_of(value))
    if not math.isfinite(real) or (real == 0 and math.copysign(1, real) < 0):
        return f"math.Float{size}frombits(0x{value.value})"
    return f"float{size}({real!r})"
