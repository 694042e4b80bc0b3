"""What a library handed over is reported as it is."""

from __future__ import annotations

import hashlib
import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from harness.amqp.values import Value
from python_consumer.delivery import INLINE_LIMIT, Handed, body_of, delivery
from python_consumer.printout import NAMES, printout
from python_consumer.urls import BadUrl, checked, shown
from python_consumer.values import encoded, native, text_of


class Odd:
    def __repr__(self) -> str:
        return "odd \udc80"


KINDS: list[tuple[Any, dict[str, Any]]] = [
    (True, {"type": "native-bool", "value": "true"}),
    (False, {"type": "native-bool", "value": "false"}),
    (0, {"type": "native-int", "value": "0"}),
    (-(2**63), {"type": "native-int", "value": "-9223372036854775808"}),
    (3.14, {"type": "native-float", "value": "40091eb851eb851f"}),
    (-0.0, {"type": "native-float", "value": "8000000000000000"}),
    (float("nan"), {"type": "native-float", "value": "7ff8000000000000"}),
    ("", {"type": "native-str", "value": ""}),
    ("é", {"type": "native-str", "value": "é"}),
    ("\udcff", {"type": "native-str", "value": {"base64": "/w=="}}),
    (b"", {"type": "native-bytes", "value": ""}),
    (b"abc", {"type": "native-bytes", "value": "abc"}),
    (bytearray(b"\xff\x00"), {"type": "native-bytes", "value": {"base64": "/wA="}}),
    (None, {"type": "native-none"}),
    (datetime(2038, 1, 19, 3, 14, 8), {"type": "native-time", "value": "2147483648"}),
    (
        datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        {"type": "native-time", "value": "0"},
    ),
    (time.gmtime(1), {"type": "native-time", "value": "1"}),
    (time.gmtime(-1), {"type": "native-time", "value": "-1"}),
    (time.gmtime(253402300800), {"type": "native-time", "value": "253402300800"}),  # the year 10000
    (time.gmtime(9007199254740993), {"type": "native-time", "value": "9007199254740993"}),
    (Decimal("-3.14"), {"type": "native-decimal", "value": {"scale": "2", "unscaled": "-314"}}),
    (Decimal("1E+3"), {"type": "native-decimal", "value": {"scale": "0", "unscaled": "1000"}}),
    (Decimal("NaN"), {"type": "native-other", "name": "Decimal", "text": "NaN"}),
    ([1, "x"], {"type": "native-list", "value": [native(1), native("x")]}),
    ((), {"type": "native-list", "value": []}),
    (
        {"z": 1, b"\xff": None, "a": {}},
        {
            "type": "native-map",
            "value": [
                ["z", native(1)],
                [{"base64": "/w=="}, native(None)],
                ["a", {"type": "native-map", "value": []}],
            ],
        },
    ),
    ({1: 2}, {"type": "native-other", "name": "dict", "text": "{1: 2}"}),
    (Odd(), {"type": "native-other", "name": "Odd", "text": {"base64": "b2RkIIA="}}),
]


@pytest.mark.parametrize(("value", "report"), KINDS, ids=[repr(kind[0]) for kind in KINDS])
def test_every_kind_is_reported_as_what_it_is(value: Any, report: dict[str, Any]) -> None:
    assert native(value) == report


@pytest.mark.parametrize("report", [kind[1] for kind in KINDS], ids=[repr(kind[0]) for kind in KINDS])
def test_every_report_is_a_value_of_the_contract(report: dict[str, Any]) -> None:
    assert msgspec.convert(report, Value).type == report["type"]


def test_a_boolean_is_not_an_integer_and_one_is_not_true() -> None:
    assert native(True) != native(1)


def test_a_subclass_of_int_is_reported_by_its_number_not_by_its_repr() -> None:
    class Long(int):
        def __repr__(self) -> str:
            return f"{int(self)}L"

        __str__ = __repr__

    assert native(Long(5)) == native(5)


def test_lone_surrogates_of_single_bytes_give_the_bytes_back_and_others_are_encoded() -> None:
    assert encoded("é\udcff") == b"\xc3\xa9\xff"
    assert encoded("\ud800") == b"\xed\xa0\x80"


def test_text_of_what_is_neither_str_nor_bytes_is_an_error() -> None:
    with pytest.raises(TypeError, match="neither str nor bytes: 5"):
        text_of(5)


def test_a_body_up_to_the_limit_is_inline_and_a_larger_one_a_digest() -> None:
    assert body_of(b"x" * INLINE_LIMIT)["type"] == "inline"
    large = b"x" * (INLINE_LIMIT + 1)
    assert body_of(large) == {
        "type": "digest",
        "length": 4097,
        "sha256": hashlib.sha256(large).hexdigest(),
        "native": "bytes",
    }


def test_a_body_says_the_kind_it_was_handed_over_in() -> None:
    assert body_of("é") == {"type": "inline", "value": "é", "native": "str"}
    assert body_of(bytearray(b"\xff")) == {
        "type": "inline",
        "value": {"base64": "/w=="},
        "native": "bytes",
    }


def test_a_body_that_is_no_text_and_no_bytes_is_an_error() -> None:
    with pytest.raises(TypeError, match="None"):
        body_of(None)


def test_a_delivery_holds_the_properties_that_it_was_given_and_no_others() -> None:
    made = delivery(Handed("q", 7, True, b"\xff", "key", [("priority", 0), ("headers", {})], b""))
    assert made == {
        "type": "delivery",
        "queue": "q",
        "delivery_tag": 7,
        "redelivered": True,
        "exchange": {"base64": "/w=="},
        "routing_key": "key",
        "properties": {"priority": native(0), "headers": native({})},
        "body": {"type": "inline", "value": "", "native": "bytes"},
    }


def test_the_printout_names_exchange_routing_key_fourteen_properties_and_body() -> None:
    text = printout("test_exchange", "routingkey", {"content_type": "text/plain", "cluster_id": ""}, b"LA")
    assert "Exchange: test_exchange\n" in text
    assert "Routing Key: routingkey\n" in text
    assert "content_type     : 'text/plain'" in text
    assert "cluster_id       : ''" in text
    assert "priority         : None" in text
    assert text.endswith("Body:\n\nLA\n")
    assert len(NAMES) == len([line for line in text.splitlines() if " : " in line]) == 14


def test_the_printout_shows_bytes_that_are_no_text_as_python_does() -> None:
    assert printout("", "", {}, bytearray(b"\xff")).endswith("b'\\xff'\n")


@pytest.mark.parametrize(
    "url", ["http://x", "amqp://a:secret@h:99999/", "amqp:///", "", "amqp://[", "amqp://h:0/"]
)
def test_a_url_that_no_broker_can_have_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadUrl, match="expected amqp://user:password@host:port/vhost") as caught:
        checked(url)
    assert "secret" not in str(caught.value)


def test_a_url_is_shown_without_user_and_password() -> None:
    assert shown(checked("amqp://guest:secret@[::1]:5672/%2f")) == "amqp://[::1]:5672/%2f"
