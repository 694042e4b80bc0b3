"""What counts as read unchanged is what the judge lets pass, whatever type it was read as."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from report_samples import headers, routed

from harness.amqp.message import Digest, pattern_body
from harness.amqp.values import (
    Base64,
    Boolean,
    Decimal,
    DecimalParts,
    Double,
    Float,
    Int64,
    Longstr,
    Octet,
    Table,
    Timestamp,
    Value,
    Void,
    bytes_of,
    double_bits,
    float_bits,
)
from harness.judge.compare import key_path
from harness.repro.rows import octets_of, place_of, quoted, rows, step, texts_of


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (Int64("5"), ("5", "0x4014000000000000")),
        (Int64(str(2**53 + 1)), ("9007199254740993",)),
        (Double(double_bits(3.0)), ("0x4008000000000000", "3")),
        (Double(double_bits(3.14)), ("0x40091eb851eb851f",)),
        (Double(double_bits(-0.0)), ("0x8000000000000000",)),
        (Float(float_bits(3.14)), ("0x40091eb860000000",)),
        (Decimal(DecimalParts("2", "300")), ("300e-2", "30e-1", "3e-0")),
        (Boolean("true"), ("true",)),
        (Longstr("true"), ('"true"',)),
        (Longstr(Base64("/w==")), ("hex:ff",)),
        (Timestamp("5"), ("5",)),
        (Void(), ("none",)),
        (Table((("k", Void()),)), ("map of 1",)),
    ],
)
def test_a_value_has_every_text_that_is_no_difference(value: Value, texts: tuple[str, ...]) -> None:
    assert texts_of(value) == texts


def test_each_value_has_a_row_and_only_those_that_differ_decide() -> None:
    asked = routed({**headers(("k", Int64("5")), ("a b", Void())), "priority": Octet("1")})
    found = {row.place: (row.decides, row.texts[0]) for row in rows(asked, {"headers.k", "cluster_id"})}
    assert found == {
        "message": (False, "read"),
        "routing_key": (False, '"r"'),
        "headers": (False, "map of 2"),
        "headers.k": (True, "5"),
        "headers[hex:612062]": (False, "none"),
        "priority": (False, "1"),
        "body": (False, '"x"'),
        "cluster_id": (True, "absent"),
    }


def test_everything_decides_where_nothing_differs_and_only_the_message_where_none_came() -> None:
    asked = routed(headers(("k", Int64("5"))))
    assert all(row.decides for row in rows(asked, ()))
    assert [row.place for row in rows(asked, {"message"}) if row.decides] == ["message"]
    assert "routing_key" not in {row.place for row in rows(asked, (), routing_key=False)}


def test_a_key_that_stands_twice_has_two_rows() -> None:
    asked = routed(headers(("k", Int64("1")), ("k", Int64("2"))))
    assert [row.place for row in rows(asked, ())][2:5] == ["headers", "headers.k", "headers.k#2"]


@given(st.binary(min_size=1, max_size=12))
@example(b"-")
@example(b"x-y")
def test_the_place_of_a_path_is_what_programs_make_of_its_key(key: bytes) -> None:
    path = key_path("headers", key)
    if not path.isprintable():
        return  # the judge's paths keep what the places name by octets
    assert place_of(f"{path}[0]") == f"headers{step(key)}[0]"


@given(st.binary(max_size=20))
def test_no_text_holds_what_ends_a_column_or_a_line(octets: bytes) -> None:
    text = quoted(octets)
    assert text.isprintable()
    assert (bytes.fromhex(text[4:]) if text.startswith("hex:") else text[1:-1].encode()) == octets


def test_the_octets_of_a_body_are_known_but_of_a_digest() -> None:
    assert octets_of(pattern_body(b"ab", 5)) == b"ababa"
    assert octets_of(routed(body="é").message.body) == bytes_of("é")
    with pytest.raises(ValueError, match="only the digest"):
        octets_of(Digest(1, "0" * 64))
