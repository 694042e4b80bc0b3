"""The vectors of contract/vectors hold for this codec, in both directions."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from amqp_strategies import pairs_of, vectors

from harness.amqp.fields import WireError, decode_table, encode_table
from harness.amqp.header import decode_header, encode_again, encode_header
from harness.amqp.locate import decode_wire_table
from harness.amqp.message import PROPERTY_NAMES, PropertyName
from harness.amqp.values import Field, Table, Value

Vector = dict[str, Any]


def each(name: str) -> pytest.MarkDecorator:
    read = vectors(name)
    return pytest.mark.parametrize("vector", read, ids=[vector["name"] for vector in read])


def octets_of(vector: Vector) -> bytes:
    return bytes.fromhex(vector["hex"])


def typed(raw: object) -> dict[PropertyName, Value]:
    return msgspec.convert(raw, dict[PropertyName, Value])


@each("fields")
def test_a_field_vector_holds_both_ways(vector: Vector) -> None:
    value = msgspec.convert(vector["value"], Value)
    pair = b"\x01k" + octets_of(vector)
    octets = len(pair).to_bytes(4, "big") + pair
    assert decode_table(octets) == (Table((("k", value),)), len(octets))
    assert encode_table(Table((("k", value),))) == octets


@each("tables")
def test_a_table_vector_holds_both_ways(vector: Vector) -> None:
    octets = octets_of(vector)
    assert decode_table(octets) == (pairs_of(vector["table"]), len(octets))
    assert encode_table(pairs_of(vector["table"])) == octets


@each("headers")
def test_a_header_vector_holds_both_ways(vector: Vector) -> None:
    header = decode_header(octets_of(vector))
    assert (header.class_id, header.weight, header.trailing) == (60, 0, b"")
    assert (dict(header.properties), header.body_size) == (
        typed(vector["properties"]),
        int(vector["body_size"]),
    )
    assert encode_header(typed(vector["properties"]), int(vector["body_size"])) == octets_of(vector)


@each("unusual")
def test_an_unusual_vector_is_read_as_it_says_and_nothing_of_it_is_lost(vector: Vector) -> None:
    octets, reads = octets_of(vector), vector["reads"]
    if vector["what"] == "table":
        wire, end = decode_wire_table(octets)
        assert (wire.table, end, wire.encode()) == (pairs_of(reads["table"]), len(octets), octets)
        return
    header = decode_header(octets)
    expected = {
        "class_id": 60,
        "weight": 0,
        **reads,
        "flags": tuple(reads["flags"]),
        "properties": typed(reads["properties"]),
        "trailing": bytes.fromhex(reads["trailing"]),
    }
    assert {name: getattr(header, name) for name in expected} == expected
    assert encode_again(header) == octets


@each("invalid")
def test_an_invalid_vector_is_refused_where_and_as_it_says(vector: Vector) -> None:
    decode = decode_table if vector["what"] == "table" else decode_header
    with pytest.raises(WireError) as caught:
        decode(octets_of(vector))
    assert {"offset": caught.value.offset, "problem": caught.value.problem} == vector["error"]


def test_the_vectors_have_every_field_type_and_every_property_empty_and_typical() -> None:
    types = {str(kind.__struct_config__.tag) for kind in Field.__args__}
    assert {vector["value"]["type"] for vector in vectors("fields")} == types
    names = {vector["name"] for vector in vectors("headers")}
    for name in PROPERTY_NAMES:
        assert {f"{name}-empty", f"{name}-zero"} & names
        assert f"{name}-typical" in names


@pytest.mark.parametrize("name", ["fields", "tables", "headers", "unusual", "invalid"])
def test_no_two_vectors_of_a_file_share_a_name(name: str) -> None:
    names = [vector["name"] for vector in vectors(name)]
    assert names
    assert len(set(names)) == len(names)
