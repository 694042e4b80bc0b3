"""C: initializers of an ``amqp_field_value_t``, which says its wire type itself."""

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
from harness.repro.literals import Inexpressible, escaped

_OCTET = "\\{:03o}"


def literal(value: Value) -> str:
    """The braced initializer of a field value."""
    kind, member, content = _parts(value)
    shown = f", .value.{member} = {content}" if member else ""
    return f"{{.kind = AMQP_FIELD_KIND_{kind}{shown}}}"


def _parts(value: Value) -> tuple[str, str, str]:
    """Kind, member of the union, and its value."""
    match value:
        case Boolean(truth):
            return "BOOLEAN", "boolean", "1" if truth == "true" else "0"
        case Int8(digits):
            return "I8", "i8", digits
        case Uint8(digits):
            return "U8", "u8", digits
        case Int16(digits):
            return "I16", "i16", digits
        case Uint16(digits):
            return "U16", "u16", digits
        case Int32(digits):
            return "I32", "i32", _least(digits, 31, "")
        case Uint32(digits):
            return "U32", "u32", f"{digits}U"
        case Int64(digits):
            return "I64", "i64", _least(digits, 63, "LL")
        case LongLong(digits) if not digits.startswith("-"):
            return "U64", "u64", f"{digits}ULL"
        case Timestamp(digits):
            return "TIMESTAMP", "u64", f"{digits}ULL"
        case Float():
            return "F32", "f32", f"(float){_real(real_of(value))}"
        case Double():
            return "F64", "f64", _real(real_of(value))
        case Decimal(parts) if not parts.unscaled.startswith("-"):
            return "DECIMAL", "decimal", f"{{{parts.scale}, {parts.unscaled}}}"
        case Longstr(content):
            return "UTF8", "bytes", octets(content)
        case Binary(content):
            return "BYTES", "bytes", octets(content)
        case Array(items):
            return "ARRAY", "array", _many("amqp_field_value_t", [literal(item) for item in items])
        case Table():
            return "TABLE", "table", table(value)
        case Void():
            return "VOID", "", ""
    raise Inexpressible(value)


def prop(value: Value) -> str:
    """The initializer of a member of the properties."""
    match value:
        case Shortstr(content):
            return octets(content)
        case Octet(digits):
            return digits
        case Timestamp(digits):
            return f"{digits}ULL"
        case Table():
            return table(value)
    raise Inexpressible(value)


def table(value: Table) -> str:
    """The initializer of a table."""
    return _many("amqp_table_entry_t", [f"{{{octets(key)}, {literal(item)}}}" for key, item in value.value])


def _many(kind: str, items: list[str]) -> str:
    return f"{{{len(items)}, ({kind}[]){{{', '.join(items)}}}}}" if items else "{0, NULL}"


def octets(content: Text) -> str:
    """The initializer of an amqp_bytes_t. Hexadecimal escapes have no end in C; three octal digits have."""
    raw = bytes_of(content)
    return f'{{{len(raw)}, "{escaped(raw, _OCTET)}"}}'


def _least(digits: str, power: int, suffix: str) -> str:
    """There is no literal of the least number, only of its opposite."""
    return f"(-{2**power - 1}{suffix} - 1)" if int(digits) == -(2**power) else digits + suffix


def _real(real: float) -> str:
    if math.isfinite(real):
        return repr(real)
    return "NAN" if math.isnan(real) else ("INFINITY" if real > 0 else "-INFINITY")
