"""Values are shown in a few words that say the type, are exact, and do nothing to whoever shows them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import HOSTILE

from harness.amqp.message import Digest, Inline, pattern_body
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
    Longstr,
    NativeBytes,
    NativeDecimal,
    NativeFloat,
    NativeInt,
    NativeList,
    NativeMap,
    NativeNone,
    NativeNumber,
    NativeOther,
    NativeStr,
    NativeTime,
    Octet,
    Shortstr,
    Table,
    Timestamp,
    Unparsed,
    Value,
    Void,
    double_bits,
    float_bits,
)
from harness.judge.difference import Shown
from harness.report.values import clipped, inert, quoted, show, shown, type_name

SHOWN: list[tuple[Shown, str]] = [
    (Double(double_bits(3.14)), "double 3.14"),
    (Double(double_bits(-0.0)), "double -0.0"),
    (Double("7ff8000000000001"), "double NaN (bits 7ff8000000000001)"),
    (Float(float_bits(3.14)), "float 3.140000104904175"),
    (NativeFloat(double_bits(1e300)), "float 1e+300"),
    (NativeNumber(double_bits(5)), "number 5.0"),
    (NativeInt("3"), "int 3"),
    (NativeInt("9" * 99), f"int {'9' * 26}…{'9' * 13} (99 characters)"),
    (Int8("-1"), "int8 -1"),
    (Octet("0"), "octet 0"),
    (Boolean("true"), "boolean true"),
    (Decimal(DecimalParts("2", "-310")), "decimal -3.10"),
    (NativeDecimal(DecimalParts("0", "7")), "decimal 7"),
    (Longstr("x"), 'longstr "x"'),
    (Longstr(""), 'longstr ""'),
    (Longstr('a"b\\'), r'longstr "a\"b\\"'),
    (Longstr("é" * 41), f'longstr "{"é" * 40}"… (82 bytes)'),
    (Longstr(Base64("/wA=")), "longstr hex:ff00"),
    (Binary(Base64("/w==")), "binary hex:ff"),
    (Shortstr("a"), 'shortstr "a"'),
    (NativeStr("x"), 'str "x"'),
    (NativeBytes("x"), 'bytes "x"'),
    (Timestamp("4294967296"), "timestamp 4294967296 (2106-02-07T06:28:16Z)"),
    (Timestamp("18446744073709551615"), "timestamp 18446744073709551615 (after the year 9999)"),
    (NativeTime("-1"), "time -1 (1969-12-31T23:59:59Z)"),
    (NativeTime("-99999999999"), "time -99999999999 (before the year 1)"),
    (Void(), "void"),
    (NativeNone(), "none"),
    (NativeOther("Point", "(1, 2)"), 'Point "(1, 2)"'),
    (Unparsed("VQ==", "AAEC"), "unparsed tag 55, then 3 bytes"),
    (Array((Int8("1"), Void())), "array [int8 1, void]"),
    (Array(tuple(Int8(str(n)) for n in range(9))), "array [int8 0, int8 1, int8 2, 6 more]"),
    (NativeList(()), "list []"),
    (Table((("a", Int8("1")),)), 'table {"a": int8 1}'),
    (
        NativeMap((("a", NativeMap((("b", NativeList((NativeInt("1"),))),))),)),
        'map {"a": map {"b": list of 1}}',
    ),
    (None, "absent"),
    (False, "false"),
    ("a name", '"a name"'),
    (Inline("x"), '"x" (1 byte)'),
    (Inline("x", "str"), 'str "x" (1 byte)'),
    (Inline("é" * 41), f'"{"é" * 40}"… (82 bytes)'),
    (pattern_body(b"ab", 9000), '"ab" over and over (9000 bytes, SHA-256 e8901e969ded…)'),
    (Digest(5000, "ab" * 32, "bytes"), "bytes 5000 bytes, SHA-256 abababababab…"),
]


@pytest.mark.parametrize(("value", "words"), SHOWN, ids=[words[:40] for _, words in SHOWN])
def test_a_value_is_shown_with_its_type_in_a_few_words(value: Shown, words: str) -> None:
    assert shown(value) == words


def test_types_are_named_alone_too() -> None:
    named: list[Shown] = [NativeInt("1"), Double("0" * 16), None, True, "x", Inline("x")]
    assert [type_name(one) for one in named] == ["int", "double", "absent", "flag", "name", "body"]


def visible(text: str) -> bool:
    return all(
        character == " "
        or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
        for character in text
    )


@pytest.mark.parametrize(
    "value",
    [
        Longstr(HOSTILE),
        NativeOther(HOSTILE, HOSTILE),
        NativeInt(HOSTILE),
        Table(((HOSTILE, NativeStr(HOSTILE)),)),
    ],
    ids=type_name,
)
def test_hostile_text_becomes_inert(value: Value) -> None:
    assert visible(show(value))
    assert len(show(value)) < 500


def test_escapes_say_which_character_it_was() -> None:
    assert inert("\x1b[31m\n\u202e\U000e0001\xa0\ud800é中") == r"\x1b[31m\n\u202e\U000e0001\xa0\ud800é中"
    assert quoted("\\n") != quoted("\n")


@given(st.text(st.characters()))
def test_no_text_at_all_has_an_effect(text: str) -> None:
    assert visible(inert(text))
    assert visible(shown(NativeStr(text)))


@given(st.text(max_size=99), st.integers(2, 50))
def test_a_clipped_text_is_never_longer_than_its_limit(text: str, limit: int) -> None:
    assert len(clipped(text, limit)) <= limit
