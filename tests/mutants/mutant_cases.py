"""The messages that mutants change, and the two innocent ones around each. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from harness.amqp.message import Body, Inline, Message, PropertyName, pattern_body
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
    Table,
    Timestamp,
    Uint8,
    Uint16,
    Uint32,
    Value,
    Void,
    double_bits,
    float_bits,
)
from harness.cases import Case, CaseBinding, CaseExchange

BODY = "the one that is changed"

HEADERS: Mapping[str, Value] = {
    "array": Array((Int32("1"), Longstr("two"), Array((Int8("3"),)))),
    "binary": Binary(Base64("/wA=")),
    "boolean": Boolean("true"),
    "decimal": Decimal(DecimalParts("2", "310")),
    "double": Double(double_bits(0.5)),
    "float": Float(float_bits(1.5)),
    "int16": Int16("-1"),
    "int32": Int32("-1"),
    "int64": Int64("-1"),
    "int8": Int8("-1"),
    "longlong": LongLong("-1"),
    "longstr": Longstr("text"),
    "table": Table((("a", Longstr("b")), ("n", Int32("1")), ("t", Table((("deep", Boolean("false")),))))),
    "timestamp": Timestamp("1434616200"),
    "uint16": Uint16("65535"),
    "uint32": Uint32("4294967295"),
    "uint8": Uint8("200"),
    "void": Void(),
}
"""One header of each field type, named after it."""


def all_properties(user: str) -> Mapping[PropertyName, Value]:
    """All 14, of a kind that the broker lets pass if ``user`` is who publishes."""
    return {
        "content_type": Shortstr("text/plain"),
        "content_encoding": Shortstr("utf-8"),
        "headers": Table(tuple(HEADERS.items())),
        "delivery_mode": Octet("2"),
        "priority": Octet("5"),
        "correlation_id": Shortstr("c-1"),
        "reply_to": Shortstr("replies"),
        "expiration": Shortstr("60000"),
        "message_id": Shortstr("m-1"),
        "timestamp": Timestamp("1434616200"),
        "type": Shortstr("order.created"),
        "user_id": Shortstr(user),
        "app_id": Shortstr("billing"),
        "cluster_id": Shortstr("rabbit@a"),
    }


BLANKS: Mapping[PropertyName, Value] = {
    "content_type": Shortstr(""),
    "content_encoding": Shortstr(""),
    "headers": Table(()),
    "priority": Octet("0"),
    "correlation_id": Shortstr(""),
    "reply_to": Shortstr(""),
    "message_id": Shortstr(""),
    "timestamp": Timestamp("0"),
    "type": Shortstr(""),
    "app_id": Shortstr(""),
    "cluster_id": Shortstr(""),
}
"""Empty or zero, all that the broker lets be so: it refuses such a delivery_mode, expiration or user_id."""


def case(
    name: str,
    properties: Mapping[PropertyName, Value] | None = None,
    *,
    body: Body | None = None,
    kind: CaseExchange | None = None,
    header_order: bool = False,
) -> Case:
    """A case of the mutants' own; its id is also its routing key."""
    message = Message(properties or {}, body or Inline(BODY))
    return Case(
        id=f"mutants/{name}",
        why="to be changed on its way",
        source=None,
        exchange=kind or CaseExchange(),
        binding=CaseBinding(),
        routing_key=None,
        message=message,
        header_order=header_order,
        rejected=None,
    )


BARE = case("bare")
BLANK = case("blank", BLANKS)
LARGE = case("large", body=pattern_body(f"{BODY}, ".encode(), 100_000))
DIRECT = case("direct", kind=CaseExchange("direct"))
SORTED = case("sorted", {"headers": Table(tuple((k, Int32("1")) for k in "abc"))}, header_order=True)
DUPLICATES = (Longstr("first"), Longstr("second"))
_TWICE = Table(tuple(("k", value) for value in DUPLICATES))
TWICE = case("twice", {"headers": _TWICE})
TWICE_IN_TABLE = case("twice-in-table", {"headers": Table((("t", _TWICE),))})
BEFORE = case("before", {"priority": Octet("1")}, body=Inline("innocent"))
AFTER = case("then", {"message_id": Shortstr("2")}, body=Inline("innocent too"))


def full(user: str) -> Case:
    """The case with all 14 properties and all field types."""
    return case("full", all_properties(user))


def named(base: Case, name: str) -> Case:
    """The same message under another id, and so with another routing key."""
    return msgspec.structs.replace(base, id=f"mutants/{name}")
