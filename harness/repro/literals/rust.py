"""Rust: an enum of values has a variant a wire type. ``table`` is a helper of the template."""

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
    """The expression: an AMQPValue, and of a property what its setter takes."""
    match value:
        case Boolean(text):
            return f"AMQPValue::Boolean({text})"
        case Int8(text):
            return f"AMQPValue::ShortShortInt({text})"
        case Uint8(text):
            return f"AMQPValue::ShortShortUInt({text})"
        case Int16(text):
            return f"AMQPValue::ShortInt({text})"
        case Uint16(text):
            return f"AMQPValue::ShortUInt({text})"
        case Int32(text):
            return f"AMQPValue::LongInt({text})"
        case Uint32(text):
            return f"AMQPValue::LongUInt({text})"
        case Int64(text):
            return f"AMQPValue::LongLongInt({text})"
        case Float():
            return f"AMQPValue::Float({_real(value, 'f32')})"
        case Double():
            return f"AMQPValue::Double({_real(value, 'f64')})"
        case Decimal(parts) if not parts.unscaled.startswith("-"):
            return (
                f"AMQPValue::DecimalValue(DecimalValue {{ scale: {parts.scale}, value: {parts.unscaled} }})"
            )
        case Longstr(content):
            return f"AMQPValue::LongString(LongString::from({octets(content)}))"
        case Binary(content):
            return f"AMQPValue::ByteArray(ByteArray::from({octets(content)}))"
        case Timestamp(text):
            return f"AMQPValue::Timestamp({text})"
        case Array(items):
            return f"AMQPValue::FieldArray(FieldArray::from(vec![{', '.join(map(literal, items))}]))"
        case Table():
            return f"AMQPValue::FieldTable({table(value)})"
        case Void():
            return "AMQPValue::Void"
    raise Inexpressible(value)


def prop(value: Value) -> str:
    """What the setter of a property takes."""
    match value:
        case Shortstr(content):
            return f"{name(content)}.into()"
        case Octet(text) | Timestamp(text):
            return text
        case Table():
            return table(value)
    raise Inexpressible(value)


def table(value: Table) -> str:
    """A FieldTable."""
    entries = [f"({name(key)}, {literal(item)})" for key, item in value.value]
    return f"table(vec![{', '.join(entries)}])"


def name(content: Text) -> str:
    """A string slice."""
    if not isinstance(content, str):
        raise Inexpressible(Shortstr(content))
    return '"' + "".join(_character(each) for each in content) + '"'


def _character(each: str) -> str:
    return each if " " <= each <= "~" and each not in '"\\' else f"\\u{{{ord(each):x}}}"


def octets(content: Text) -> str:
    """A vector of octets."""
    return f'b"{escaped(bytes_of(content), _OCTET)}".to_vec()'


def _real(value: Float | Double, kind: str) -> str:
    real = real_of(value)
    return f"{real!r}_{kind}" if math.isfinite(real) else f"{kind}::from_bits(0x{value.value})"
