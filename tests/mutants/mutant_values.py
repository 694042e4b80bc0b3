"""What the properties and header values of the mutants' messages are changed to. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from harness.amqp.message import PropertyName
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
    Octet,
    Shortstr,
    Timestamp,
    Uint8,
    Uint16,
    Uint32,
    Value,
    Void,
    double_bits,
    float_bits,
)

CHANGED: Mapping[PropertyName, Value] = {
    "content_type": Shortstr("text/html"),
    "content_encoding": Shortstr("utf-9"),
    "delivery_mode": Octet("1"),
    "priority": Octet("4"),
    "correlation_id": Shortstr("c-2"),
    "reply_to": Shortstr("Replies"),
    "expiration": Shortstr("60001"),
    "message_id": Shortstr("m-1 "),
    "timestamp": Timestamp("1434616201"),
    "type": Shortstr(Base64("/w==")),
    "user_id": Shortstr("somebody else"),
    "app_id": Shortstr("billin"),
    "cluster_id": Shortstr("rabbit@b"),
}

OTHER_VALUE: Mapping[str, Value] = {
    "binary": Binary(Base64("/wE=")),
    "boolean": Boolean("false"),
    "decimal": Decimal(DecimalParts("2", "311")),
    "double": Double(double_bits(0.5000000000000001)),
    "float": Float(float_bits(-1.5)),
    "int16": Int16("1"),
    "int32": Int32("-2"),
    "int64": Int64("9223372036854775807"),
    "int8": Int8("-128"),
    "longlong": LongLong("0"),
    "longstr": Longstr("Text"),
    "timestamp": Timestamp("1434616200000"),
    "uint16": Uint16("0"),
    "uint32": Uint32("4294967294"),
    "uint8": Uint8("201"),
}
OTHER_TYPE: Mapping[str, Value] = {
    "array": Longstr("[1, 2]"),
    "binary": Longstr("/wA="),
    "boolean": Int8("1"),
    "decimal": Longstr("3.10"),
    "double": Longstr("0.5"),
    "float": Int32("1"),
    "int16": Uint16("65535"),
    "int32": Uint32("4294967295"),
    "int64": Longstr("-1"),
    "int8": Uint8("255"),
    "longlong": Boolean("true"),
    "longstr": Void(),
    "table": Array((Longstr("a"), Longstr("b"))),
    "timestamp": Longstr("1434616200"),
    "uint16": Int16("-1"),
    "uint32": Int32("-1"),
    "uint8": Int8("-56"),
    "void": Longstr(""),
}
"""The value is lost with the type."""
SAME_VALUE: Mapping[str, Value] = {
    "binary": Longstr(Base64("/wA=")),
    "decimal": Decimal(DecimalParts("1", "31")),
    "double": Float(float_bits(0.5)),
    "float": Double(double_bits(1.5)),
    "int16": Int32("-1"),
    "int32": Int64("-1"),
    "int64": Int32("-1"),
    "int8": Int16("-1"),
    "longlong": Int32("-1"),
    "longstr": Binary("text"),
    "timestamp": Int64("1434616200"),
    "uint16": Uint32("65535"),
    "uint32": Int64("4294967295"),
    "uint8": Int32("200"),
}
"""Retyped only: such a cell passes, but its line must tell."""
