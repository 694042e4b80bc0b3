"""What a tap tells of the wire is what was on it."""

from __future__ import annotations

import hashlib
import random
import struct
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tap_wire import (
    HEADER_OF_X,
    HEARTBEAT,
    consume,
    content,
    deliver,
    method,
    names,
    publish,
    publish_method,
    said,
    start,
    start_ok,
)

from harness.amqp.fields import WireError
from harness.amqp.frames import PROTOCOL_HEADER, FrameType, encode_frame
from harness.amqp.message import INLINE_LIMIT, Digest, Inline, Message
from harness.amqp.values import Base64, Shortstr
from harness.tap import (
    Broken,
    ClosedOnWire,
    Cut,
    Delivered,
    Direction,
    Event,
    Hello,
    HungUp,
    Opaque,
    ReturnedMessage,
    Sent,
    Settled,
    Stray,
    Welcome,
    message_of,
)
from harness.tap.eye import Eye

UP, DOWN = Direction.TO_BROKER, Direction.TO_PEER
OPENING = (UP, PROTOCOL_HEADER)


def told(*pieces: tuple[Direction, bytes]) -> list[Event]:
    """The events of a first connection on which ``pieces`` pass."""
    events: list[Event] = []
    eye = Eye(1, events.append, None, "peer")
    for direction, data in pieces:
        eye.octets(direction, data)
    return events


def test_a_publish_is_told_with_names_header_and_body() -> None:
    events = told(OPENING, (UP, publish_method(3, "ex", "key", bits=1) + content(3, b"x")))
    assert events == [Sent(1, 3, "ex", "key", True, HEADER_OF_X, Inline("x"))]


def test_names_and_bodies_that_are_not_utf8_are_told_as_bytes() -> None:
    arguments = b"\0\0" + b"\x01\xff" + b"\x01\xfe" + b"\0"
    (sent,) = told(OPENING, (UP, method(1, 60, 40, arguments) + content(1, b"\xfd")))
    assert isinstance(sent, Sent)
    assert (sent.exchange, sent.routing_key) == (Base64("/w=="), Base64("/g=="))
    assert sent.body == Inline(Base64("/Q=="))


def test_the_message_is_read_from_the_header_octets() -> None:
    message = message_of(HEADER_OF_X, Inline("x"))
    assert message == Message({"content_type": Shortstr("text/plain")}, Inline("x"))


def test_a_header_that_cannot_be_read_is_told_as_octets_and_read_as_an_error() -> None:
    broken = HEADER_OF_X[:-1]
    octets = publish_method(1, "e", "k") + encode_frame(FrameType.HEADER, 1, broken)
    events = told(OPENING, (UP, octets + encode_frame(FrameType.BODY, 1, b"x")))
    assert [event.header for event in events if isinstance(event, Sent)] == [broken]
    assert isinstance(message_of(broken, Inline("x")), WireError)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1), st.integers(0, 2**32))
def test_frames_split_anywhere_tell_the_same(cuts: list[int], seed: int) -> None:
    chance = random.Random(seed)
    octets = PROTOCOL_HEADER + b"".join(
        publish(chance.randrange(1, 5), f"k{n}", chance.randbytes(chance.randrange(0, 60))) + HEARTBEAT
        for n in range(6)
    )
    pieces, at = [], 0
    for size in cuts * (len(octets) // sum(cuts) + 1):
        pieces.append((UP, octets[at : at + size]))
        at += size
    assert told(*pieces) == told((UP, octets))


def test_contents_interleaved_on_many_channels_are_each_told_whole() -> None:
    channels = range(1, 40)
    bodies = {channel: bytes([channel]) * (channel * 7) for channel in channels}
    frames = {c: [publish_method(c, "e", f"k{c}"), *_parts(c, bodies[c])] for c in channels}
    octets = b"".join(
        frames[channel][turn]
        for turn in range(max(map(len, frames.values())))
        for channel in channels
        if turn < len(frames[channel])
    )
    sent = [event for event in told(OPENING, (UP, octets)) if isinstance(event, Sent)]
    assert {(event.channel, event.routing_key, event.body) for event in sent} == {
        (channel, f"k{channel}", Inline(bodies[channel].decode())) for channel in channels
    }


def _parts(channel: int, body: bytes) -> list[bytes]:
    whole = content(channel, body, (5,) * -(-len(body) // 5))
    parts, at = [], 0
    while at < len(whole):
        end = at + 8 + int.from_bytes(whole[at + 3 : at + 7])
        parts.append(whole[at:end])
        at = end
    return parts


@pytest.mark.parametrize("size", [0, 1, INLINE_LIMIT, INLINE_LIMIT + 1, 300_000])
@pytest.mark.parametrize("part", [1000, 131_064])
def test_a_body_is_kept_up_to_the_limit_and_hashed_above(size: int, part: int) -> None:
    body = b"z" * size
    sizes = tuple(min(part, size - at) for at in range(0, size, part))
    (sent,) = told(OPENING, (UP, publish(1, "k", body, sizes)))
    assert isinstance(sent, Sent)
    digest = Digest(size, hashlib.sha256(body).hexdigest())
    assert sent.body == (Inline(body.decode()) if size <= INLINE_LIMIT else digest)


def test_empty_body_frames_before_the_end_belong_to_the_message() -> None:
    (sent,) = told(OPENING, (UP, publish(1, "k", b"abc", (0, 1, 0, 2))))
    assert isinstance(sent, Sent)
    assert sent.body == Inline("abc")


def test_a_body_longer_than_announced_is_told_as_it_came() -> None:
    octets = publish_method(1, "e", "k") + content(1, b"abcde", size=3)
    (sent,) = told(OPENING, (UP, octets))
    assert isinstance(sent, Sent)
    assert sent.body == Inline("abcde")


def test_a_body_frame_after_the_end_is_a_stray() -> None:
    octets = publish(1, "k", b"abc") + encode_frame(FrameType.BODY, 1, b"more")
    assert told(OPENING, (UP, octets))[1:] == [Stray(1, 1, UP, 3, 4)]


def test_a_second_header_is_a_stray() -> None:
    octets = publish_method(1, "e", "k") + content(1, b"", size=4) + encode_frame(FrameType.HEADER, 1, b"h")
    assert told(OPENING, (UP, octets)) == [Stray(1, 1, UP, 2, 1)]


def test_a_publish_interrupted_by_a_method_is_told_as_cut() -> None:
    octets = publish_method(1, "e", "k") + content(1, b"ab", size=9) + publish(1, "l", b"x")
    cut, sent = told(OPENING, (UP, octets))
    assert cut == Cut(1, 1, UP, "e", "k", HEADER_OF_X[:4] + struct.pack(">Q", 9) + HEADER_OF_X[12:], 2, 9)
    assert isinstance(sent, Sent)


def test_a_publish_cut_by_the_end_of_the_connection_is_told_as_cut() -> None:
    events: list[Event] = []
    eye = Eye(1, events.append, None, "peer")
    eye.octets(*OPENING)
    eye.octets(UP, publish_method(1, "e", "k"))
    eye.ended("peer", "reset")
    assert events == [Cut(1, 1, UP, "e", "k", None, 0, None), HungUp(1, "peer", "reset")]


def test_deliveries_of_several_consumers_carry_the_queue_of_each() -> None:
    events = told(
        OPENING,
        (UP, consume(1, "q1", "a") + consume(1, "q2", "") + consume(2, "q3", "") + consume(2, "q4", "a")),
        (DOWN, method(1, 60, 21, names("a")) + method(1, 60, 21, names("amq.1"))),
        (DOWN, method(2, 60, 21, names("amq.2")) + method(2, 60, 21, names("a"))),
        (DOWN, deliver(1, "amq.1", 1, b"x") + deliver(2, "a", 2, b"y", redelivered=1)),
        (DOWN, deliver(1, "a", 3, b"") + deliver(2, "amq.2", 4, b"") + deliver(1, "who", 5, b"")),
    )
    assert [
        (event.channel, event.queue, event.consumer_tag, event.delivery_tag, event.redelivered)
        for event in events
        if isinstance(event, Delivered)
    ] == [
        (1, "q2", "amq.1", 1, False),
        (2, "q4", "a", 2, True),
        (1, "q1", "a", 3, False),
        (2, "q3", "amq.2", 4, False),
        (1, None, "who", 5, False),
    ]


def test_an_empty_queue_name_means_the_one_declared_last_on_the_channel() -> None:
    (event,) = told(
        OPENING,
        (DOWN, method(1, 50, 11, names("amq.gen-1") + bytes(8))),
        (UP, consume(1, "", "t")),
        (DOWN, deliver(1, "t", 1, b"x")),
    )
    assert isinstance(event, Delivered)
    assert event.queue == "amq.gen-1"


def test_a_channel_that_is_opened_anew_has_no_consumers() -> None:
    (event,) = told(
        OPENING, (UP, consume(1, "q", "t") + method(1, 20, 10, b"\0")), (DOWN, deliver(1, "t", 1, b"x"))
    )
    assert isinstance(event, Delivered)
    assert event.queue is None


def test_gets_are_answered_in_the_order_of_asking() -> None:
    def get(queue: str) -> bytes:
        return method(1, 60, 70, b"\0\0" + names(queue) + b"\0")

    got = method(1, 60, 71, struct.pack(">QB", 7, 1) + names("e", "k") + bytes(4)) + content(1, b"x")
    empty = method(1, 60, 72, names(""))
    (event,) = told(OPENING, (UP, get("q1") + get("q2")), (DOWN, empty + got))
    assert event == Delivered(1, 1, "q2", "", 7, True, "e", "k", HEADER_OF_X, Inline("x"))


def test_a_returned_message_is_told_with_its_code() -> None:
    octets = method(1, 60, 50, struct.pack(">H", 312) + names("NO_ROUTE", "e", "k")) + content(1, b"x")
    assert told(OPENING, (DOWN, octets)) == [
        ReturnedMessage(1, 1, 312, "NO_ROUTE", "e", "k", HEADER_OF_X, Inline("x"))
    ]


def test_settlements_are_told_with_who_made_them() -> None:
    tag = struct.pack(">Q", 9)
    events = told(
        OPENING,
        (
            UP,
            method(1, 60, 80, tag + b"\1") + method(1, 60, 120, tag + b"\2") + method(1, 60, 90, tag + b"\1"),
        ),
        (DOWN, method(2, 60, 80, tag + b"\0") + method(2, 60, 120, tag + b"\1")),
    )
    assert events == [
        Settled(1, 1, "ack", 9, True, False, "peer"),
        Settled(1, 1, "nack", 9, False, True, "peer"),
        Settled(1, 1, "reject", 9, False, True, "peer"),
        Settled(1, 2, "ack", 9, False, False, "broker"),
        Settled(1, 2, "nack", 9, True, False, "broker"),
    ]


def test_a_close_is_told_with_code_text_scope_and_who() -> None:
    def close(code: int, text: str) -> bytes:
        return struct.pack(">H", code) + names(text) + bytes(4)

    events = told(
        OPENING,
        (
            DOWN,
            method(4, 20, 40, close(406, "PRECONDITION_FAILED")) + method(0, 10, 50, close(541, "INTERNAL")),
        ),
        (UP, method(0, 10, 50, close(200, "bye"))),
    )
    assert events == [
        ClosedOnWire(1, 4, "channel", 406, "PRECONDITION_FAILED", "broker"),
        ClosedOnWire(1, 0, "connection", 541, "INTERNAL", "broker"),
        ClosedOnWire(1, 0, "connection", 200, "bye", "peer"),
    ]


def test_both_sides_introductions_are_told() -> None:
    server, client = said(product="RabbitMQ", version="3.10.8"), said(product="pika", version="1.3.2")
    events = told(OPENING, (DOWN, start(server)), (UP, start_ok(client)))
    assert events == [Welcome(1, server), Hello(1, "pika", "1.3.2", client)]


def test_an_introduction_without_product_is_told_as_such() -> None:
    (event,) = told(OPENING, (UP, start_ok(said(platform="any"))))
    assert event == Hello(1, "", "", said(platform="any"))


@pytest.mark.parametrize("first", [1, 2, 5])
def test_tls_is_told_once_and_read_no_further(first: int) -> None:
    hello = b"\x16\x03\x01\x02\x00\x01" + b"AMQP" * 20
    pieces = ((UP, hello[:first]), (UP, hello[first:]), (DOWN, hello), (UP, hello))
    assert told(*pieces) == [Opaque(1, "TLS")]


def test_a_stream_that_does_not_begin_with_the_protocol_header_is_broken() -> None:
    (event,) = told((UP, b"GET / HTTP/1.1\r\n\r\n"), (UP, publish(1, "k", b"x")))
    assert isinstance(event, Broken)
    assert (event.direction, "protocol header" in event.text) == (UP, True)


def test_a_broken_direction_is_told_once_and_the_other_is_still_read() -> None:
    events = told(
        OPENING,
        (UP, publish(1, "k", b"x") + publish_method(1, "e", "l") + b"\x09\0\0\0\0\0\0\0"),
        (UP, publish(1, "m", b"x")),
        (DOWN, deliver(1, "t", 1, b"x")),
    )
    assert [type(event) for event in events] == [Sent, Broken, Cut, Delivered]


def test_a_method_whose_arguments_are_cut_breaks_its_direction() -> None:
    for octets in (
        method(1, 60, 40, b"\0\0\x09e"),
        method(1, 60, 80, b"\0"),
        method(1, 60, 20, b"\0\0\x05q"),
    ):
        assert [type(event) for event in told(OPENING, (UP, octets))] == [Broken]
    surplus = names("t") + bytes(9) + names("e", "k") + b"!"
    for arguments in (b"", b"\x01a\0", b"\x01a" + bytes(9) + b"\x05e", surplus):
        events = told(OPENING, (DOWN, method(1, 60, 60, arguments)))
        assert [type(event) for event in events] == [Broken]


def test_methods_that_nobody_asked_about_are_passed_over() -> None:
    assert told(OPENING, (UP, method(1, 99, 99, b"junk") + method(1, 60, 10, bytes(7)) + HEARTBEAT)) == []


def test_memory_is_flat_in_the_number_and_the_size_of_messages() -> None:
    seen: list[int] = []
    eye = Eye(1, lambda event: seen.append(0) if len(seen) < 2000 else None, None, "peer")
    eye.octets(*OPENING)
    tracemalloc.start()
    for number in range(12_000):
        eye.octets(UP, publish(1, f"key {number}", b"a body"))
    eye.octets(UP, publish_method(1, "e", "k") + content(1, b"", size=64 << 20))
    frame = encode_frame(FrameType.BODY, 1, bytes(1 << 17))
    for _ in range(64 << 3):
        eye.octets(UP, frame)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20
