"""Typed tables become what Python libraries take, or are unsupported by name."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from python_consumer.arguments import UNSUPPORTED, Unsupported, table


def typed(*pairs: tuple[Any, dict[str, Any]]) -> dict[str, Any]:
    return {"type": "table", "value": [list(pair) for pair in pairs]}


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ({"type": "boolean", "value": "false"}, False),
        ({"type": "int8", "value": "-5"}, -5),
        ({"type": "uint32", "value": "4294967295"}, 4294967295),
        ({"type": "float", "value": "3fc00000"}, 1.5),
        ({"type": "double", "value": "40091eb851eb851f"}, 3.14),
        ({"type": "decimal", "value": {"scale": "2", "unscaled": "-314"}}, Decimal("-3.14")),
        ({"type": "longstr", "value": "é"}, "é"),
        ({"type": "longstr", "value": {"base64": "/w=="}}, b"\xff"),
        ({"type": "binary", "value": "x"}, b"x"),
        ({"type": "array", "value": [{"type": "void"}]}, [None]),
        ({"type": "timestamp", "value": "0"}, datetime(1970, 1, 1, tzinfo=timezone.utc)),  # noqa: UP017
        ({"type": "table", "value": [["k", {"type": "void"}]]}, {"k": None}),
    ],
)
def test_a_typed_argument_becomes_the_python_value_of_its_kind(value: dict[str, Any], made: Any) -> None:
    assert table(typed(("k", value))) == {"k": made}
    assert type(table(typed(("k", value)))["k"]) is type(made)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ({"type": "unparsed", "tag": "", "rest": ""}, "type:unparsed"),
        ({"type": "octet", "value": "1"}, "type:octet"),
        ({"type": "timestamp", "value": "18446744073709551615"}, "timestamp:after-9999"),
        (typed(("a", {"type": "void"}), ("a", {"type": "void"})), "duplicate-keys"),
    ],
)
def test_what_no_python_value_can_hold_is_unsupported_and_declared(value: dict[str, Any], what: str) -> None:
    with pytest.raises(Unsupported) as caught:
        table(typed(("k", value)))
    assert caught.value.what == what
    assert what in UNSUPPORTED


def test_a_native_kind_is_no_argument() -> None:
    with pytest.raises(ValueError, match="native-int is a kind of answers"):
        table(typed(("k", {"type": "native-int", "value": "1"})))
