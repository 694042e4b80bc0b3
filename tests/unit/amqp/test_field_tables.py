"""Tables: what the codec refuses to write, how deep it goes, and where it says that values lie."""

from __future__ import annotations

import pytest

from harness.amqp.fields import MAX_DEPTH, WireError, decode_table, encode_table
from harness.amqp.locate import decode_wire_table, locate
from harness.amqp.values import (
    Array,
    Base64,
    Boolean,
    Int8,
    Int32,
    Int64,
    LongLong,
    NativeInt,
    Octet,
    Shortstr,
    Table,
    Unparsed,
    Value,
    Void,
)


def wrapped(levels: int) -> Value:
    value: Value = Void()
    for _ in range(levels):
        value = Array((value,))
    return value


def deep_octets(levels: int) -> bytes:
    """A table of one key "", under it so many arrays, each in the one before, and a void in the last."""
    arrays = b"".join(b"A" + (5 * (levels - level) - 4).to_bytes(4, "big") for level in range(levels))
    return (len(arrays) + 2).to_bytes(4, "big") + b"\x00" + arrays + b"V"


def test_the_tags_l_and_upper_case_l_are_told_apart() -> None:
    octets = bytes.fromhex("00000016 00 6c 0000000000000001 00 4c 0000000000000001 0056")
    assert decode_table(octets)[0] == Table((("", Int64("1")), ("", LongLong("1")), ("", Void())))


def test_nesting_up_to_the_limit_comes_back() -> None:
    table = Table((("", wrapped(MAX_DEPTH)),))
    assert encode_table(table) == deep_octets(MAX_DEPTH)
    assert decode_table(deep_octets(MAX_DEPTH))[0] == table
    assert len(locate(deep_octets(MAX_DEPTH))) == MAX_DEPTH + 1


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 20_000])
def test_deeper_nesting_is_a_wire_error_and_no_recursion_error(levels: int) -> None:
    with pytest.raises(WireError, match=f"nested deeper than {MAX_DEPTH}"):
        decode_table(deep_octets(levels))


def test_deeper_nesting_is_not_written() -> None:
    with pytest.raises(ValueError, match="nested deeper"):
        encode_table(Table((("", wrapped(MAX_DEPTH + 1)),)))


@pytest.mark.parametrize(
    "value",
    [Shortstr("s"), Octet("1"), NativeInt("1")],
    ids=lambda value: value.type,
)
def test_what_is_no_field_is_not_written(value: Value) -> None:
    with pytest.raises(TypeError, match=f"{value.type} cannot stand in a table"):
        encode_table(Table((("k", value),)))


def test_a_key_of_256_bytes_is_not_written() -> None:
    with pytest.raises(ValueError, match="255 bytes at the most, this has 256"):
        encode_table(Table((("k" * 256, Void()),)))


def test_an_unparsed_value_that_is_not_the_last_is_not_written() -> None:
    hidden = Unparsed("VQ==", "")
    with pytest.raises(ValueError, match="must be the last"):
        encode_table(Table((("u", hidden), ("k", Void()))))
    with pytest.raises(ValueError, match="must be the last"):
        encode_table(Table((("a", Array((hidden, Void()))),)))


@pytest.mark.parametrize("tag", ["SQ==", "VVU=", ""], ids=["known", "two-octets", "none"])
def test_an_unparsed_value_is_not_written_where_it_would_be_read_as_another(tag: str) -> None:
    with pytest.raises(ValueError, match="one octet that is no known tag"):
        encode_table(Table((("u", Unparsed(tag, "")),)))


def test_each_value_is_located_with_its_path_tag_and_octets() -> None:
    octets = bytes.fromhex("ffff 0000001b 0161 49 00000007 01ff 46 0000000d 0162 41 00000003 6205 56 0163 56")
    key = Base64("/w==")
    array = Array((Int8("5"), Void()))
    assert [
        (place.path, place.tag, octets[place.start : place.end].hex(), place.value)
        for place in locate(octets, 2)
    ] == [
        (("a",), b"I", "00000007", Int32("7")),
        ((key,), b"F", "0000000d01624100000003620556016356", Table((("b", array), ("c", Void())))),
        ((key, "b"), b"A", "00000003620556", array),
        ((key, "b", 0), b"b", "05", Int8("5")),
        ((key, "b", 1), b"V", "", Void()),
        ((key, "c"), b"V", "", Void()),
    ]


def test_an_unparsed_value_is_located_with_all_that_it_takes() -> None:
    octets = bytes.fromhex("0000000f 0161 46 00000005 0175 55 0102 0162 56")
    assert [(place.path, place.tag, octets[place.start : place.end].hex()) for place in locate(octets)] == [
        (("a",), b"F", "000000050175550102"),
        (("a", "u"), b"U", "0102"),
        (("b",), b"V", ""),
    ]


def test_a_boolean_of_another_octet_is_true_and_the_octet_is_kept() -> None:
    octets = bytes.fromhex("00000008 0161 7402 0162 7401")
    wire, end = decode_wire_table(b"\xff" + octets, 1)
    assert wire.table == Table((("a", Boolean("true")), ("b", Boolean("true"))))
    assert (wire.odd_booleans, end) == (((7, 2),), 13)
    assert wire.encode() == octets
    assert encode_table(wire.table) != octets
