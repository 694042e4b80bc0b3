"""How a message's octets are changed on their way: functions from a whole message to what passes instead.

Pure. An edit changes one thing and leaves the rest as it was on the wire; it knows neither where it stands
nor what is to come of it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

from harness.amqp.fields import encode_shortstr
from harness.amqp.header import decode_header, encode_header
from harness.amqp.message import PropertyName
from harness.amqp.methods import Deliver, Publish, decode_method, encode_publish
from harness.amqp.values import Table, Text, Value
from harness.tap.mutate import Group

Edit: TypeAlias = Callable[[Group], bytes]
"""What to pass on instead of a message."""
Properties: TypeAlias = Mapping[PropertyName, Value]
Pairs: TypeAlias = tuple[tuple[Text, Value], ...]


def unchanged(group: Group) -> bytes:
    """The counter-check: taken apart, changed in nothing, passed on."""
    return group.octets


def dropped(group: Group) -> bytes:
    """Nothing passes."""
    return b""


def doubled(group: Group) -> bytes:
    """It passes twice."""
    return group.octets * 2


def body(change: Callable[[bytes], bytes]) -> Edit:
    """Another body; the size in the header agrees with it."""
    return lambda group: group.replaced(body=change(group.body))


def properties(change: Callable[[Properties], Properties]) -> Edit:
    """Other properties."""

    def edit(group: Group) -> bytes:
        header = decode_header(group.header)
        return group.replaced(header=encode_header(change(header.properties), header.body_size))

    return edit


def property_set(name: PropertyName, value: Value) -> Edit:
    """One property gets this value, whether it was there or not."""
    return properties(lambda old: {**old, name: value})


def property_gone(name: PropertyName) -> Edit:
    """One property is left out."""
    return properties(lambda old: {each: value for each, value in old.items() if each != name})


def pairs(change: Callable[[Pairs], Pairs]) -> Edit:
    """Other headers."""

    def changed(old: Properties) -> Properties:
        table = old["headers"]
        assert isinstance(table, Table)
        return {**old, "headers": Table(change(table.value))}

    return properties(changed)


def header_set(key: str, value: Value) -> Edit:
    """The header ``key`` gets another value."""
    return pairs(lambda old: tuple((each, value if each == key else was) for each, was in old))


def header_gone(key: str) -> Edit:
    """The header ``key`` is left out."""
    return pairs(lambda old: tuple(pair for pair in old if pair[0] != key))


def header_renamed(key: str, name: Text) -> Edit:
    """The header ``key`` gets another key."""
    return pairs(lambda old: tuple((name if each == key else each, value) for each, value in old))


def header_before(key: str, value: Value) -> Edit:
    """One header more, in front of all others: the one that is kept where only one of a key is."""
    return pairs(lambda old: ((key, value), *old))


def header_after(key: str, value: Value) -> Edit:
    """One header more, behind all others."""
    return pairs(lambda old: (*old, (key, value)))


def envelope(*, exchange: Text | None = None, routing_key: Text | None = None) -> Edit:
    """Another exchange or routing key, in a publish or a delivery."""

    def edit(group: Group) -> bytes:
        method = decode_method(group.method)
        assert isinstance(method, Publish | Deliver)
        names = (
            method.exchange if exchange is None else exchange,
            method.routing_key if routing_key is None else routing_key,
        )
        if isinstance(method, Publish):
            new = encode_publish(*names, mandatory=method.mandatory, immediate=method.immediate)
        else:
            new = _deliver(msgspec.structs.replace(method, exchange=names[0], routing_key=names[1]))
        return group.replaced(method=new)

    return edit


def marked_redelivered(group: Group) -> bytes:
    """A delivery that says it came before."""
    method = decode_method(group.method)
    assert isinstance(method, Deliver)
    assert not method.redelivered
    return group.replaced(method=_deliver(msgspec.structs.replace(method, redelivered=True)))


def _deliver(method: Deliver) -> bytes:
    """The payload of a basic.deliver (AMQP 0-9-1, 1.8.3.13)."""
    return b"\x00\x3c\x00\x3c%b%b%b%b" % (
        encode_shortstr(method.consumer_tag),
        struct.pack(">QB", method.delivery_tag, method.redelivered),
        encode_shortstr(method.exchange),
        encode_shortstr(method.routing_key),
    )
