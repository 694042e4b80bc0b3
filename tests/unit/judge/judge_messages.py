"""What Hypothesis draws for the judge: messages, and the same message with one thing changed."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from harness.amqp import values as v
from harness.amqp.message import PROPERTY_NAMES, Inline, Message, PropertyName, Routed

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""No failure for being slow on a loaded machine."""


class Changed(NamedTuple):
    """``path`` is where the judge must find the change."""

    before: Routed
    after: Routed
    path: str


texts = st.text(max_size=6)
leaves: st.SearchStrategy[v.Value] = st.one_of(
    st.sampled_from([v.Boolean("true"), v.Boolean("false"), v.Void()]),
    st.integers(-128, 127).map(lambda n: v.Int8(str(n))),
    st.integers(0, 2**64 - 1).map(lambda n: v.Timestamp(str(n))),
    st.binary(min_size=8, max_size=8).map(lambda raw: v.Double(raw.hex())),
    st.binary(max_size=6).map(lambda raw: v.Longstr(v.text_of(raw))),
)


def _tables(inner: st.SearchStrategy[v.Value]) -> st.SearchStrategy[v.Table]:
    return st.lists(st.tuples(texts, inner), max_size=4).map(lambda pairs: v.Table(tuple(pairs)))


def _arrays(inner: st.SearchStrategy[v.Value]) -> st.SearchStrategy[v.Array]:
    return st.lists(inner, max_size=3).map(lambda items: v.Array(tuple(items)))


nested = st.recursive(leaves, lambda inner: st.one_of(_tables(inner), _arrays(inner)), max_leaves=6)
tables = _tables(nested)


def property_values(name: PropertyName) -> st.SearchStrategy[v.Value]:
    match name:
        case "headers":
            return tables.map(lambda table: table)
        case "priority" | "delivery_mode":
            return st.integers(0, 255).map(lambda n: v.Octet(str(n)))
        case "timestamp":
            return st.integers(0, 2**64 - 1).map(lambda n: v.Timestamp(str(n)))
        case _:
            return texts.map(v.Shortstr)


messages: st.SearchStrategy[Message] = st.builds(
    Message,
    st.fixed_dictionaries({}, optional={name: property_values(name) for name in PROPERTY_NAMES}),
    st.binary(max_size=12).map(lambda raw: Inline(v.text_of(raw))),
)
routed: st.SearchStrategy[Routed] = st.builds(Routed, texts, texts, messages, st.booleans())


def with_property(message: Routed, name: PropertyName, value: v.Value | None) -> Routed:
    """The message with the property set, or taken out."""
    others = {key: item for key, item in message.message.properties.items() if key != name}
    properties = others if value is None else {**others, name: value}
    inner = msgspec.structs.replace(message.message, properties=properties)
    return msgspec.structs.replace(message, message=inner)


@st.composite
def changed(draw: st.DrawFn) -> Changed:
    """A message and the same with exactly one part another."""
    before = draw(routed)
    part = draw(st.sampled_from(["exchange", "routing_key", "redelivered", "body", *PROPERTY_NAMES]))
    if part in ("exchange", "routing_key"):
        text = draw(texts.filter(lambda other: other != getattr(before, part)))
        return Changed(before, msgspec.structs.replace(before, **{part: text}), part)
    if part == "redelivered":
        return Changed(before, msgspec.structs.replace(before, redelivered=not before.redelivered), part)
    if part == "body":
        body = draw(st.text(max_size=12).map(Inline).filter(lambda other: other != before.message.body))
        inner = msgspec.structs.replace(before.message, body=body)
        return Changed(before, msgspec.structs.replace(before, message=inner), part)
    name = next(each for each in PROPERTY_NAMES if each == part)
    old = before.message.properties.get(name)
    if name == "headers":
        return Changed(before, with_property(before, name, _one_more(draw, old)), "headers")
    new = draw(st.one_of(st.none(), property_values(name)).filter(lambda value: value != old))
    return Changed(before, with_property(before, name, new), part)


def _one_more(draw: st.DrawFn, old: v.Value | None) -> v.Table:
    """The table with a pair put in anywhere, or the last pair taken out."""
    pairs: list[tuple[v.Text, v.Value]] = list(old.value) if isinstance(old, v.Table) else []
    if pairs and draw(st.sampled_from([True, False])):
        return v.Table(tuple(pairs[:-1]))
    pairs.insert(draw(st.integers(0, len(pairs))), (draw(texts), draw(nested)))
    return v.Table(tuple(pairs))
