"""What is remembered by octets is what would be worked out anew."""

from __future__ import annotations

import msgspec
import pytest

from harness.amqp import values as v
from harness.amqp.header import CACHED_PAYLOAD, decode_header_cached, encode_header
from harness.amqp.message import Inline, Message, PropertyName, Routed, Shared
from harness.evidence import MESSAGE_LIMIT, kept
from harness.judge.compare import compare
from harness.judge.verdict import Evidence
from harness.peers.protocol import Delivery, decode_line, encode_line

HEADERS = v.Table((("k", v.Double("40091eb851eb851f")), ("gone", v.Void())))
SENT: dict[PropertyName, v.Value] = {"headers": HEADERS, "priority": v.Octet("0")}
GOT: dict[PropertyName, v.Value] = {"headers": v.NativeMap((("k", v.NativeInt("3")),))}


def routed(properties: dict[PropertyName, v.Value], body: str = "b") -> Routed:
    return Routed("x", "k", Message(properties, Inline(body)), redelivered=False)


@pytest.mark.parametrize("header_order", [False, True])
def test_shared_properties_differ_as_others_do(header_order: bool) -> None:
    plain = compare(routed(SENT), routed(GOT), header_order=header_order)
    first, second = Shared(SENT), Shared(GOT)
    for _ in range(2):
        assert compare(routed(first), routed(second), header_order=header_order) == plain
    assert {each.path for each in plain} == {"headers.k", "headers.gone", "priority"}
    assert compare(routed(first), routed(Shared(SENT)), header_order=header_order) == ()


def test_equal_octets_are_read_into_one_object_and_others_are_not() -> None:
    payload = encode_header(SENT, 1)
    one, other = decode_header_cached(payload), decode_header_cached(bytes(bytearray(payload)))
    assert type(one.properties) is Shared
    assert one.properties is other.properties
    assert decode_header_cached(encode_header({"priority": v.Octet("1")}, 1)).properties != one.properties
    large = decode_header_cached(encode_header({"headers": v.Table((("k", v.Longstr("v" * 4096)),))}, 1))
    assert len(large.raw) > CACHED_PAYLOAD
    assert type(large.properties) is dict


def test_a_line_s_properties_are_read_once_and_the_rest_of_it_each_time() -> None:
    lines = [Delivery("q", tag, False, "x", f"k{tag}", GOT, Inline("b")) for tag in (1, 2)]
    one, two = (decode_line(encode_line(line)) for line in lines)
    assert [one, two] == lines
    assert isinstance(one, Delivery)
    assert isinstance(two, Delivery)
    assert one.properties is two.properties


def test_large_properties_of_a_line_are_read_as_they_are() -> None:
    line = Delivery("q", 1, False, "x", "k", {"type": v.NativeStr("t" * 5000)}, Inline("b"))
    read = decode_line(encode_line(line))
    assert read == line
    assert isinstance(read, Delivery)
    assert type(read.properties) is dict


@pytest.mark.parametrize(
    ("properties", "path"),
    [
        (b'{"priority":{"type":"octet","value":"256"}}', "$.properties[...]"),
        (b'{"priority":{"type":"octet"}}', "$.properties[...]"),
        (b"[]", "$.properties"),
    ],
)
def test_a_fault_in_the_properties_is_told_with_its_place_in_the_line(properties: bytes, path: str) -> None:
    line = encode_line(Delivery("q", 1, False, "x", "k", {}, Inline("b")))
    for _ in range(2):
        with pytest.raises(msgspec.ValidationError) as caught:
            decode_line(line.replace(b'"properties":{}', b'"properties":' + properties))
        assert path in str(caught.value)


@pytest.mark.parametrize("letter", ["a", "\x01", "é", "\U0001f600", '"'])
def test_no_message_is_taken_for_small_that_is_not(letter: str) -> None:
    clipped = 0
    for length in range(0, 9000, 250):
        message = routed(Shared({"type": v.Shortstr(letter * 63)}), letter * length)
        is_small = len(msgspec.json.encode(message)) <= MESSAGE_LIMIT
        cut = kept(Evidence(asked=message)).clipped
        assert not (is_small and cut)
        assert is_small or cut
        clipped += not is_small
    assert clipped
