"""Python. An int is an int and a float a float: which wire type comes of it is the library's choice."""

from __future__ import annotations

import math
from decimal import Decimal as Number

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


def literal(value: Value, *, int64: str = "{}", text: str = "{}", binary: str = "{}", time: str = "") -> str:
    """The expression. ``int64``, ``text`` (of octets that are no UTF-8) and ``binary`` are forms of the
    library's; ``time`` is that of the property timestamp, of its seconds: in a table it is a datetime."""

    def nested(item: Value) -> str:
        return literal(item, int64=int64, text=text, binary=binary)

    match value:
        case Boolean(truth):
            return truth.capitalize()
        case Int64(digits) | LongLong(digits):
            return int64.format(digits)
        case Int8(digits) | Uint8(digits) | Int16(digits) | Uint16(digits) | Int32(digits) | Uint32(digits):
            return digits
        case Octet(digits):
            return digits
        case Float() | Double():
            return _real(value)
        case Decimal(parts):
            sign, digits = int(parts.unscaled.startswith("-")), parts.unscaled.lstrip("-")
            return f'Decimal("{Number((sign, tuple(map(int, digits)), -int(parts.scale)))}")'
        case Longstr(content) | Shortstr(content):
            return name(content, text)
        case Binary(content):
            return binary.format(repr(bytes_of(content)))
        case Timestamp(seconds):
            return (time or "datetime.fromtimestamp({}, timezone.utc)").format(seconds)
        case Array(items):
            return f"[{', '.join(map(nested, items))}]"
        case Table(pairs):
            return "{" + ", ".join(f"{name(key)}: {nested(item)}" for key, item in pairs) + "}"
        case Void():
            return "None"
    raise Inexpressible(value)


def name(content: Text, octets: str = "{}") -> str:
    """A str, or bytes in the form of ``octets`` where it is no UTF-8."""
    return repr(content) if isinstance(content, str) else octets.format(repr(bytes_of(content)))


def _real(value: Float | Double) -> str:
    real = real_of(value)
    if math.isfinite(real):
        return repr(real)
    code = ">f" if isinstance(value, Float) else ">d"
    return f'struct.unpack("{code}", bytes.fromhex("{value.value}"))[0]'
