"""Typed values become what Python users write, and mean on the wire what was asked."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from amqp_strategies import vectors
from pamqp import encode
from producer_fakes import PAMQP, pamqp_takes

from harness.amqp import values as v
from harness.amqp.fields import decode_table
from harness.judge.compare import compare_values
from peers.python_producer.values import dialect
from python_consumer.arguments import Unsupported

INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "longlong")


def typed(*pairs: tuple[Any, dict[str, Any]]) -> dict[str, Any]:
    return {"type": "table", "value": [list(pair) for pair in pairs]}


def plain(value: v.Value) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.to_builtins(value)
    return made


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ({"type": "boolean", "value": "false"}, False),
        *(({"type": kind, "value": "5"}, 5) for kind in INTEGERS),
        ({"type": "float", "value": "3fc00000"}, 1.5),
        ({"type": "double", "value": "40091eb851eb851f"}, 3.14),
        ({"type": "decimal", "value": {"scale": "2", "unscaled": "-314"}}, Decimal("-3.14")),
        ({"type": "longstr", "value": "é"}, "é"),
        ({"type": "longstr", "value": {"base64": "/w=="}}, bytearray(b"\xff")),
        ({"type": "binary", "value": "x"}, bytearray(b"x")),
        ({"type": "array", "value": [{"type": "void"}]}, [None]),
        ({"type": "timestamp", "value": "0"}, datetime(1970, 1, 1, tzinfo=timezone.utc)),  # noqa: UP017
        ({"type": "table", "value": [["k", {"type": "void"}]]}, {"k": None}),
    ],
)
def test_a_value_becomes_the_python_object_of_its_kind(value: dict[str, Any], made: Any) -> None:
    got = PAMQP.dialect.table(typed(("k", value)))["k"]
    assert got == made
    assert type(got) is type(made)


VECTORS = [vector for vector in vectors("fields") if '"double"' not in json.dumps(vector["value"])]
"""All but the doubles, of which pamqp makes floats."""


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_what_pamqp_sends_of_it_is_equal_to_what_was_asked(vector: dict[str, Any]) -> None:
    asked = msgspec.convert(vector["value"], v.Value)
    try:
        made = PAMQP.dialect.table(typed(("k", plain(asked))))
    except Unsupported as error:
        assert error.what in PAMQP.unsupported
        return
    sent = decode_table(encode.field_table(made))[0].value[0][1]
    assert all(difference.kind.passes for difference in compare_values("k", asked, sent))


def test_a_library_is_asked_which_types_it_takes() -> None:
    def takes(table: dict[Any, Any]) -> bool:
        return not any(isinstance(value, (float, bytearray)) for value in table.values())

    made = dialect(takes)
    assert {"type:float", "type:double"} <= set(made.unsupported)
    assert not {"float", "double"} & set(made.types)
    assert made.table(typed(("k", {"type": "binary", "value": "x"}))) == {"k": b"x"}
    with pytest.raises(Unsupported) as caught:
        made.table(typed(("k", {"type": "double", "value": "3ff0000000000000"})))
    assert caught.value.what == "type:double"


def test_a_library_that_takes_no_octets_says_so() -> None:
    made = dialect(lambda table: all(isinstance(value, (str, int)) for value in table.values()))
    assert {"longstr:non-utf8", "type:binary"} <= set(made.unsupported)
    for kind, what in (("longstr", "longstr:non-utf8"), ("binary", "type:binary")):
        with pytest.raises(Unsupported) as caught:
            made.table(typed(("k", {"type": kind, "value": {"base64": "/w=="}})))
        assert caught.value.what == what


def test_an_int64_is_made_by_the_type_that_the_library_has_for_it() -> None:
    class Long(int):
        pass

    made = dialect(lambda table: True, int64=Long).table(
        typed(("l", {"type": "int64", "value": "1"}), ("i", {"type": "int32", "value": "1"}))
    )
    assert (type(made["l"]), type(made["i"])) == (Long, int)


@pytest.mark.parametrize(
    ("table", "what"),
    [
        (typed(("k", {"type": "void"}), ("k", {"type": "void"})), "duplicate-keys"),
        (typed(("k", {"type": "timestamp", "value": "253402300800"})), "timestamp:after-9999"),
        (typed(("k", {"type": "unparsed", "tag": "VQ==", "rest": ""})), "type:unparsed"),
        (typed(({"base64": "/w=="}, {"type": "void"})), "key:non-utf8"),
        (typed(("a", {"type": "array", "value": [{"type": "octet", "value": "1"}]})), "type:octet"),
    ],
)
def test_what_cannot_be_said_is_unsupported_by_a_declared_name(table: dict[str, Any], what: str) -> None:
    with pytest.raises(Unsupported) as caught:
        PAMQP.dialect.table(table)
    assert caught.value.what == what
    assert what in PAMQP.unsupported


def test_a_native_kind_is_no_value_of_a_request() -> None:
    with pytest.raises(ValueError, match="native-int"):
        PAMQP.dialect.table(typed(("k", {"type": "native-int", "value": "1"})))


def test_a_key_may_be_bytes_where_the_library_takes_them() -> None:
    made = dialect(lambda table: True)
    assert made.table(typed(({"base64": "/w=="}, {"type": "void"}))) == {b"\xff": None}
    assert "key:non-utf8" not in made.unsupported
    assert not pamqp_takes({b"\xff": 1})
