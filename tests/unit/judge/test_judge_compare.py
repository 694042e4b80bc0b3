"""Two messages, field by field: paths, duplicates, order, absence."""

from __future__ import annotations

import pytest
from hypothesis import given
from judge_messages import UNHURRIED, Changed, changed, routed, with_property

from harness.amqp import values as v
from harness.amqp.message import (
    PROPERTY_NAMES,
    Body,
    Inline,
    Message,
    PropertyName,
    Routed,
    body_of,
    pattern_body,
)
from harness.judge.compare import compare, key_path
from harness.judge.difference import Difference, Kind

PLAIN = Routed("e", "k", Message({}, Inline("x")), redelivered=False)
ONE, TWO = v.Int8("1"), v.Int8("2")


def having(name: PropertyName, value: v.Value) -> Routed:
    return with_property(PLAIN, name, value)


def headers(*pairs: tuple[v.Text, v.Value]) -> Routed:
    return having("headers", v.Table(pairs))


def found(before: Routed, after: Routed, *, order: bool = False) -> list[tuple[Kind, str]]:
    return [(each.kind, each.path) for each in compare(before, after, header_order=order)]


@UNHURRIED
@given(routed)
def test_a_message_is_the_same_as_itself(message: Routed) -> None:
    assert compare(message, message, header_order=True) == ()


@UNHURRIED
@given(changed())
def test_any_single_change_is_found_where_it_was_made(change: Changed) -> None:
    differences = compare(change.before, change.after)
    assert differences
    for each in differences:
        assert each.path == change.path or each.path.startswith((f"{change.path}.", f"{change.path}["))


@UNHURRIED
@given(changed())
def test_a_change_is_found_in_both_directions(change: Changed) -> None:
    there, back = compare(change.before, change.after), compare(change.after, change.before)
    assert [each.path for each in sorted(there, key=lambda one: one.path)] == [
        each.path for each in sorted(back, key=lambda one: one.path)
    ]
    opposite = {Kind.LOST: {Kind.ADDED, Kind.DEFAULTED}, Kind.ADDED: {Kind.LOST}, Kind.DEFAULTED: {Kind.LOST}}
    kinds = {each.path: each.kind for each in back}
    for each in there:
        assert kinds[each.path] in opposite.get(each.kind, {each.kind})


@pytest.mark.parametrize("name", PROPERTY_NAMES)
def test_a_property_that_vanished_is_lost_and_one_from_nowhere_is_defaulted(name: PropertyName) -> None:
    value: v.Value = v.Table((("k", ONE),)) if name == "headers" else v.Shortstr("x")
    assert found(having(name, value), PLAIN) == [(Kind.LOST, name)]
    assert found(PLAIN, having(name, value)) == [(Kind.DEFAULTED, name)]


@pytest.mark.parametrize(
    "name, blank",
    [
        ("content_type", v.Shortstr("")),
        ("headers", v.Table(())),
        ("headers", v.NativeMap(())),
        ("priority", v.Octet("0")),
        ("timestamp", v.Timestamp("0")),
        ("app_id", v.NativeStr("")),
        ("app_id", v.NativeNone()),
    ],
)
def test_absent_and_empty_are_not_the_same(name: PropertyName, blank: v.Value) -> None:
    assert found(having(name, blank), PLAIN) == [(Kind.EMPTIED, name)]
    assert found(PLAIN, having(name, blank)) == [(Kind.EMPTIED, name)]


def test_a_property_emptied_in_place_is_altered() -> None:
    assert found(having("app_id", v.Shortstr("x")), having("app_id", v.Shortstr(""))) == [
        (Kind.ALTERED, "app_id")
    ]


@pytest.mark.parametrize(
    "after, path",
    [
        (Routed("f", "k", PLAIN.message, False), "exchange"),
        (Routed("e", "K", PLAIN.message, False), "routing_key"),
        (Routed("e", "k", PLAIN.message, True), "redelivered"),
        (Routed("e", "k", Message({}, Inline("y")), False), "body"),
    ],
)
def test_each_part_of_the_envelope_counts(after: Routed, path: str) -> None:
    assert found(PLAIN, after) == [(Kind.ALTERED, path)]


@pytest.mark.parametrize("flag", [True, False])
def test_the_redelivered_flag_is_not_compared_where_there_is_none(flag: bool) -> None:
    assert compare(Routed("e", "k", PLAIN.message, None), Routed("e", "k", PLAIN.message, flag)) == ()


def test_the_texts_of_both_sides_are_shown() -> None:
    (difference,) = compare(PLAIN, Routed("f", "k", PLAIN.message, False))
    assert difference == Difference(Kind.ALTERED, "exchange", "e", "f")


def test_a_name_that_is_no_text_is_shown_as_bytes() -> None:
    (difference,) = compare(PLAIN, Routed("e", v.Base64("/w=="), PLAIN.message, False))
    assert difference.got == v.NativeBytes(v.Base64("/w=="))


def test_the_order_of_headers_counts_only_where_it_is_asked_for() -> None:
    before, after = headers(("a", ONE), ("b", TWO)), headers(("b", TWO), ("a", ONE))
    assert found(before, after) == []
    assert found(before, after, order=True) == [(Kind.ALTERED, "headers:order")]


def test_a_lost_header_is_not_told_as_a_change_of_order_too() -> None:
    before, after = headers(("a", ONE), ("b", TWO)), headers(("b", TWO))
    assert found(before, after, order=True) == [(Kind.LOST, "headers.a")]


def test_duplicate_keys_are_told_apart_by_their_number() -> None:
    before = headers(("k", ONE), ("k", TWO))
    assert found(before, headers(("k", ONE))) == [(Kind.LOST, "headers.k#2")]
    assert found(headers(("k", ONE)), before) == [(Kind.ADDED, "headers.k#2")]
    assert found(before, headers(("k", TWO), ("k", ONE))) == [
        (Kind.ALTERED, "headers.k"),
        (Kind.ALTERED, "headers.k#2"),
    ]


def test_a_key_that_is_lost_is_lost_even_if_its_value_was_empty() -> None:
    assert found(headers(("k", v.Longstr(""))), headers()) == [(Kind.LOST, "headers.k")]
    assert found(headers(), headers(("k", v.Void()))) == [(Kind.ADDED, "headers.k")]


def test_keys_that_differ_only_in_case_or_normal_form_are_two_keys() -> None:
    assert found(headers(("k", ONE)), headers(("K", ONE))) == [
        (Kind.LOST, "headers.k"),
        (Kind.ADDED, "headers.K"),
    ]
    assert len(found(headers(("e\u0301", ONE)), headers(("é", ONE)))) == 2


def test_nested_differences_have_nested_paths() -> None:
    before = headers(("a", v.Array((ONE, v.Table((("in", ONE),))))))
    after = headers(("a", v.Array((ONE, v.Table((("in", TWO),))))))
    assert found(before, after) == [(Kind.ALTERED, "headers.a[1].in")]


def test_the_length_of_an_array_counts() -> None:
    short, long = v.Array((ONE,)), v.Array((ONE, v.Void()))
    assert found(headers(("a", long)), headers(("a", short))) == [(Kind.LOST, "headers.a[1]")]
    assert found(headers(("a", short)), headers(("a", long))) == [(Kind.ADDED, "headers.a[1]")]


def test_the_order_of_an_array_counts() -> None:
    assert found(headers(("a", v.Array((ONE, TWO)))), headers(("a", v.Array((TWO, ONE))))) == [
        (Kind.ALTERED, "headers.a[0]"),
        (Kind.ALTERED, "headers.a[1]"),
    ]


def test_a_native_list_or_map_is_the_same_and_no_array_is_a_table() -> None:
    array, table = v.Array((ONE,)), v.Table((("k", ONE),))
    natives = v.NativeList((v.NativeInt("1"),)), v.NativeMap((("k", v.NativeInt("1")),))
    assert found(headers(("a", array), ("t", table)), headers(("a", natives[0]), ("t", natives[1]))) == []
    assert found(headers(("a", array)), headers(("a", v.NativeMap(())))) == [(Kind.ALTERED, "headers.a")]
    assert found(headers(("a", v.Array(()))), headers(("a", v.Table(())))) == [(Kind.ALTERED, "headers.a")]


def test_retyped_inside_a_table_is_told_at_its_own_path() -> None:
    assert found(headers(("k", v.LongLong("1"))), headers(("k", v.Int64("1")))) == [
        (Kind.RETYPED, "headers.k")
    ]


@pytest.mark.parametrize(
    "key, path",
    [
        (b"plain", "t.plain"),
        (b"x-death", "t.x-death"),
        (b"_x9", "t._x9"),
        (b"9x", 't["9x"]'),
        (b"", 't[""]'),
        (b"a b", 't["a b"]'),
        (b"a.b", 't["a.b"]'),
        (b'say "x"', 't["say \\"x\\""]'),
        (b"a\\b", 't["a\\\\b"]'),
        ("é".encode(), 't["é"]'),
        (b"\xff", "t[hex:ff]"),
    ],
)
def test_a_key_has_one_readable_spelling(key: bytes, path: str) -> None:
    assert key_path("t", key) == path


BIG = b"ab" * 4000
BODIES: list[tuple[Body, Body]] = [
    (Inline("x"), Inline("x", native="bytes")),
    (Inline(v.Base64("/w==")), body_of(b"\xff")),
    (pattern_body(b"ab", 8000), body_of(BIG)),
    (pattern_body(b"ab", 4), Inline("abab")),
    (pattern_body(b"", 0), Inline("")),
]


@pytest.mark.parametrize("before, after", BODIES)
def test_a_body_is_the_same_in_whatever_form_it_is_told(before: Body, after: Body) -> None:
    one, two = Routed("e", "k", Message({}, before), None), Routed("e", "k", Message({}, after), None)
    assert compare(one, two) == ()


@pytest.mark.parametrize(
    "before, after",
    [
        (Inline("x"), Inline("")),
        (Inline(""), Inline("\0")),
        (pattern_body(b"ab", 8000), body_of(BIG[:-1])),
        (pattern_body(b"ab", 8000), body_of(b"b" + BIG[1:])),
        (Inline(v.Base64("/w==")), Inline("\ufffd")),
    ],
)
def test_one_octet_of_the_body_counts(before: Body, after: Body) -> None:
    one, two = Routed("e", "k", Message({}, before), None), Routed("e", "k", Message({}, after), None)
    assert found(one, two) == [(Kind.ALTERED, "body")]


def test_a_body_handed_over_as_text_is_retyped() -> None:
    one = Routed("e", "k", Message({}, Inline("x")), None)
    two = Routed("e", "k", Message({}, Inline("x", native="str")), None)
    assert found(one, two) == [(Kind.RETYPED, "body")]


def test_a_wire_type_reported_by_a_consumer_that_folds_it_is_the_same_property() -> None:
    assert found(having("priority", v.Octet("3")), having("priority", v.NativeInt("3"))) == []
    assert found(having("priority", v.Octet("1")), having("priority", v.NativeBool("true"))) == [
        (Kind.ALTERED, "priority")
    ]
    assert found(having("timestamp", v.Timestamp("9")), having("timestamp", v.NativeTime("9"))) == []
