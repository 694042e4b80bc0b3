"""Content headers: spans, sharing, and what is refused by name."""

from __future__ import annotations

import pytest

from harness.amqp.fields import WireError
from harness.amqp.header import (
    CACHED_PAYLOAD,
    KINDS,
    RESERVED,
    decode_header,
    decode_header_cached,
    encode_header,
)
from harness.amqp.message import PROPERTY_NAMES, PropertyName
from harness.amqp.values import Longstr, Octet, Shortstr, Table, Timestamp, Value, Void

SAMPLES: tuple[Value, ...] = (Shortstr("s"), Octet("1"), Timestamp("2"), Table(()))
ALL: dict[PropertyName, Value] = {
    name: next(sample for sample in SAMPLES if type(sample) is KINDS[name]) for name in PROPERTY_NAMES
}


def test_a_property_s_span_is_where_its_octets_are() -> None:
    header = decode_header(encode_header(ALL, 0))
    spans = [header.spans[name] for name in PROPERTY_NAMES]
    assert (spans[0][0], spans[-1][1]) == (14, len(header.raw))
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]
    assert header.raw[slice(*header.spans["timestamp"])] == b"\x00\x00\x00\x00\x00\x00\x00\x02"


@pytest.mark.parametrize("index", range(14))
def test_one_flag_bit_is_one_property(index: int) -> None:
    name = PROPERTY_NAMES[index]
    header = decode_header(encode_header({name: ALL[name]}, 0))
    assert header.flags == (1 << (15 - index),)
    assert header.properties == {name: ALL[name]}


@pytest.mark.parametrize("name", PROPERTY_NAMES)
def test_a_property_of_the_wrong_type_is_refused_by_name(name: PropertyName) -> None:
    with pytest.raises(TypeError, match=f"property {name} is a .*, not a longstr"):
        encode_header({name: Longstr("x")}, 0)


def test_a_property_that_does_not_exist_is_refused_by_name() -> None:
    wrong: dict[PropertyName, Value] = {"colour": Shortstr("x")}  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="no such property: colour; known: content_type"):
        encode_header(wrong, 0)


def test_headers_that_cannot_be_written_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match="property headers: a value of type octet cannot stand"):
        encode_header({"headers": Table((("k", Octet("1")),))}, 0)
    with pytest.raises(ValueError, match="property headers: a shortstr holds 255"):
        encode_header({"headers": Table((("k" * 256, Void()),))}, 0)


def test_text_that_no_octets_stand_for_is_a_value_error_that_names_the_property() -> None:
    lone_surrogate = Table((("k", Longstr("\ud800")),))
    with pytest.raises(ValueError, match=r"property headers: .*surrogates not allowed"):
        encode_header({"headers": lone_surrogate}, 0)


@pytest.mark.parametrize(
    ("size", "weight", "flags"), [(2**64, 0, 0), (0, 2**16, 0), (0, 0, 2**16), (-1, 0, 0)]
)
def test_numbers_that_do_not_fit_are_refused(size: int, weight: int, flags: int) -> None:
    with pytest.raises(ValueError, match="class 60"):
        encode_header({}, size, weight=weight, reserved_flags=flags)


def test_class_weight_and_reserved_flags_are_written_as_asked() -> None:
    header = decode_header(encode_header({}, 7, class_id=61, weight=3, reserved_flags=RESERVED))
    assert (header.class_id, header.weight, header.body_size, header.flags) == (61, 3, 7, (2,))


def test_the_same_octets_are_decoded_once() -> None:
    payload = encode_header(ALL, 123456)
    assert decode_header_cached(payload) is decode_header_cached(bytes(bytearray(payload)))
    assert decode_header_cached(payload) == decode_header(payload)


def test_octets_that_differ_in_the_body_size_alone_are_told_apart() -> None:
    assert [decode_header_cached(encode_header(ALL, size)).body_size for size in (1, 2, 1)] == [1, 2, 1]


def test_a_very_large_header_is_not_kept() -> None:
    payload = encode_header({"headers": Table((("k", Longstr("x" * CACHED_PAYLOAD)),))}, 0)
    assert decode_header_cached(payload) == decode_header(payload)
    assert decode_header_cached(payload) is not decode_header_cached(payload)


def test_octets_that_cannot_be_read_fail_every_time() -> None:
    for _ in range(2):
        with pytest.raises(WireError):
            decode_header_cached(b"\x00\x3c")
