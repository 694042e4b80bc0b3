"""Two values: the same, the same in another type, less precise, or another. Nothing is coerced."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judge_messages import UNHURRIED

from harness.amqp import values as v
from harness.judge.difference import Kind
from harness.judge.values import compare_scalars, is_blank

NAN, ANOTHER_NAN, SIGNALLING = "7ff8000000000000", "7ff8000000000001", "7ff0000000000001"
ZERO, MINUS_ZERO = v.Double(v.double_bits(0.0)), v.Double(v.double_bits(-0.0))
TENTH = 0.1
NARROW_TENTH = v.Float(v.float_bits(TENTH))
WIDENED_TENTH = v.Double("3fb99999a0000000")
"""0.1 as a binary32, read as a binary64."""


def double(number: float) -> v.Double:
    return v.Double(v.double_bits(number))


def native(number: float) -> v.NativeFloat:
    return v.NativeFloat(v.double_bits(number))


def number(value: float) -> v.NativeNumber:
    return v.NativeNumber(v.double_bits(value))


def decimal(scale: int, unscaled: int) -> v.Decimal:
    return v.Decimal(v.DecimalParts(str(scale), str(unscaled)))


SAME: list[tuple[v.Value, v.Value]] = [
    (v.Boolean("true"), v.NativeBool("true")),
    (v.Int8("-1"), v.NativeInt("-1")),
    (v.Octet("9"), v.NativeInt("9")),
    (v.Int64("9007199254740992"), number(2.0**53)),
    (double(3.14), native(3.14)),
    (double(3.14), number(3.14)),
    (NARROW_TENTH, v.NativeFloat(WIDENED_TENTH.value)),
    (v.Double(NAN), v.NativeFloat(NAN)),
    (MINUS_ZERO, native(-0.0)),
    (decimal(2, 314), v.NativeDecimal(v.DecimalParts("2", "314"))),
    (v.Longstr("é"), v.NativeStr("é")),
    (v.Longstr("é"), v.Longstr("é")),
    (v.Shortstr("x"), v.NativeStr("x")),
    (v.Binary(v.Base64("/w==")), v.NativeBytes(v.Base64("/w=="))),
    (v.Timestamp("0"), v.NativeTime("0")),
    (v.Void(), v.NativeNone()),
]
RETYPED: list[tuple[v.Value, v.Value]] = [
    (v.Int8("1"), v.Int64("1")),
    (v.LongLong("-2"), v.Int64("-2")),
    (v.Uint32("1"), double(1.0)),
    (NARROW_TENTH, WIDENED_TENTH),
    (double(2.0), v.NativeInt("2")),
    (decimal(1, 20), v.NativeInt("2")),
    (decimal(3, 3140), v.NativeDecimal(v.DecimalParts("2", "314"))),
    (v.Longstr("x"), v.NativeBytes("x")),
    (v.Binary("x"), v.NativeStr("x")),
    (v.Shortstr("x"), v.Longstr("x")),
    (v.Timestamp("5"), v.NativeInt("5")),
    (v.Timestamp("5"), v.Uint32("5")),
    (v.Float("7fc00000"), v.Double(NAN)),
]
NARROWED: list[tuple[v.Value, v.Value]] = [
    (double(3.14), v.NativeInt("3")),
    (double(-3.5), v.NativeInt("-3")),
    (double(-3.5), v.NativeInt("-4")),
    (double(2.7), v.NativeInt("3")),
    (double(TENTH), NARROW_TENTH),
    (decimal(1, 1), native(TENTH)),
    (decimal(2, 314), v.NativeInt("3")),
    (v.Int64("9007199254740993"), number(2.0**53)),
    (MINUS_ZERO, ZERO),
    (ZERO, MINUS_ZERO),
    (MINUS_ZERO, v.NativeInt("0")),
]
ALTERED: list[tuple[v.Value, v.Value]] = [
    (decimal(2, 0), v.NativeDecimal(v.DecimalParts("999999999", "0"))),
    (v.Boolean("true"), v.Boolean("false")),
    (v.Int8("1"), v.Int8("2")),
    (v.Int8("-1"), v.Uint8("255")),
    (double(3.14), double(3.15)),
    (double(3.14), v.NativeInt("5")),
    (v.Double(NAN), v.Double(ANOTHER_NAN)),
    (v.Double(SIGNALLING), v.Double(NAN)),
    (double(float("inf")), double(float("-inf"))),
    (double(1e300), v.Float("7f800000")),
    (decimal(2, 314), decimal(2, -314)),
    (decimal(2, 314), decimal(3, 314)),
    (v.Longstr("x"), v.Longstr("X")),
    (v.Longstr("e\u0301"), v.Longstr("é")),
    (v.Timestamp("1"), v.Timestamp("1000")),
]
NEVER_EQUAL: list[v.Value] = [
    v.Boolean("true"),
    v.Int8("1"),
    v.NativeStr("1"),
    v.NativeStr("true"),
    v.NativeNone(),
    v.Array((v.Int8("1"),)),
    v.Table((("k", v.Int8("1")),)),
    v.NativeOther("Fraction", "1"),
]
"""One of a family each: none is ever taken for another, whatever Python or JavaScript think of it."""
FALSY: list[v.Value] = [
    v.Boolean("false"),
    v.Int8("0"),
    v.NativeStr(""),
    v.NativeStr("0"),
    v.NativeNone(),
    v.NativeList(()),
    v.NativeMap(()),
]


@pytest.mark.parametrize("expected, got", SAME)
def test_a_value_at_home_in_its_native_kind_is_the_same(expected: v.Value, got: v.Value) -> None:
    assert compare_scalars(expected, got) is Kind.SAME


@pytest.mark.parametrize("expected, got", RETYPED)
def test_an_equal_value_of_another_type_is_retyped(expected: v.Value, got: v.Value) -> None:
    assert compare_scalars(expected, got) is Kind.RETYPED


@pytest.mark.parametrize("expected, got", NARROWED)
def test_a_number_that_was_rounded_is_narrowed(expected: v.Value, got: v.Value) -> None:
    assert compare_scalars(expected, got) is Kind.NARROWED


@pytest.mark.parametrize("expected, got", ALTERED)
def test_another_value_is_altered(expected: v.Value, got: v.Value) -> None:
    assert compare_scalars(expected, got) is Kind.ALTERED


@pytest.mark.parametrize("expected, got", list(itertools.permutations(NEVER_EQUAL, 2)))
def test_what_looks_alike_in_some_language_is_never_equal(expected: v.Value, got: v.Value) -> None:
    assert compare_scalars(expected, got) is Kind.ALTERED


@pytest.mark.parametrize("expected, got", list(itertools.permutations(FALSY, 2)))
def test_what_is_false_in_some_language_is_not_therefore_equal(expected: v.Value, got: v.Value) -> None:
    assert compare_scalars(expected, got) is Kind.ALTERED


@pytest.mark.parametrize(
    "value",
    [
        v.Longstr(""),
        v.Shortstr(""),
        v.Table(()),
        v.Array(()),
        v.Void(),
        v.Octet("0"),
        v.Timestamp("0"),
        MINUS_ZERO,
        v.NativeStr(""),
        v.NativeMap(()),
        v.NativeNone(),
        decimal(3, 0),
    ],
)
def test_empty_and_zero_are_blank(value: v.Value) -> None:
    assert is_blank(value)


@pytest.mark.parametrize(
    "value",
    [
        v.Longstr("0"),
        v.Shortstr(" "),
        v.Octet("1"),
        v.Table((("", v.Void()),)),
        v.Array((v.Void(),)),
        v.Boolean("false"),
        v.Double(NAN),
        v.NativeOther("NoneType", ""),
    ],
)
def test_what_holds_something_is_not_blank(value: v.Value) -> None:
    assert not is_blank(value)


scalars: st.SearchStrategy[v.Value] = st.one_of(
    st.sampled_from(["true", "false"]).map(v.Boolean),
    st.integers(-(2**63), 2**63 - 1).map(lambda n: v.Int64(str(n))),
    st.integers(-(2**200), 2**200).map(lambda n: v.NativeInt(str(n))),
    st.binary(min_size=4, max_size=4).map(lambda raw: v.Float(raw.hex())),
    st.binary(min_size=8, max_size=8).map(lambda raw: v.Double(raw.hex())),
    st.binary(min_size=8, max_size=8).map(lambda raw: v.NativeNumber(raw.hex())),
    st.tuples(st.integers(0, 255), st.integers(-(2**31), 2**31 - 1)).map(lambda parts: decimal(*parts)),
    st.binary(max_size=8).map(lambda raw: v.Longstr(v.text_of(raw))),
    st.text(max_size=4).map(v.NativeStr),
    st.binary(max_size=8).map(lambda raw: v.NativeBytes(v.text_of(raw))),
    st.integers(0, 2**64 - 1).map(lambda n: v.Timestamp(str(n))),
    st.just(v.Void()),
    st.just(v.NativeNone()),
)


@UNHURRIED
@given(scalars)
def test_every_value_is_the_same_as_itself(value: v.Value) -> None:
    assert compare_scalars(value, value) is Kind.SAME


@UNHURRIED
@given(scalars, scalars)
def test_every_two_values_can_be_compared_and_equality_has_no_direction(one: v.Value, two: v.Value) -> None:
    equal = (Kind.SAME, Kind.RETYPED)
    assert (compare_scalars(one, two) in equal) == (compare_scalars(two, one) in equal)


@UNHURRIED
@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1))
def test_integers_are_compared_exactly(one: int, two: int) -> None:
    kind = compare_scalars(v.Int64(str(one)), v.NativeInt(str(two)))
    assert (kind is Kind.SAME) == (one == two)


@UNHURRIED
@given(st.binary(min_size=8, max_size=8), st.binary(min_size=8, max_size=8))
def test_reals_are_compared_bit_by_bit(one: bytes, two: bytes) -> None:
    kind = compare_scalars(v.Double(one.hex()), v.NativeFloat(two.hex()))
    assert (kind is Kind.SAME) == (one == two)
