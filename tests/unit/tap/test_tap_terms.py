"""A doorman is a legal server, tells broker and peer what each agreed to, and notes what the peer did."""

from __future__ import annotations

import struct

import pytest
from tap_wire import HEARTBEAT, content, deliver, method, names, publish

from harness.amqp.fields import encode_table
from harness.amqp.frames import PROTOCOL_HEADER, Frame, FrameSplitter, FrameType, encode_frame
from harness.amqp.values import Boolean, Table
from harness.entry import Terms
from harness.tap.terms import Doorman, Excess, Tuning


def tune(channel_max: int, frame_max: int, heartbeat: int, answer: bool = False) -> bytes:
    return method(0, 10, 31 if answer else 30, struct.pack(">HIH", channel_max, frame_max, heartbeat))


def frames_of(octets: bytes) -> list[Frame]:
    return FrameSplitter().feed(octets)


def at_the_door(terms: Terms, answer: bytes) -> tuple[Doorman, bytes, bytes]:
    """A doorman after the tuning, what the peer was offered, and what the broker was told."""
    doorman = Doorman(terms, lambda: None)
    offered = doorman.to_peer.feed(tune(2047, 131072, 60))
    told = doorman.to_broker.feed(PROTOCOL_HEADER + answer)
    return doorman, offered, told.removeprefix(PROTOCOL_HEADER)


def test_each_side_is_told_what_it_agreed_to() -> None:
    terms = Terms(channel_max=1, frame_max=4096, heartbeat=1)
    doorman, offered, told = at_the_door(terms, tune(1, 4096, 1, answer=True))
    assert offered == tune(1, 4096, 1)
    assert told == tune(2047, 131072, 1, answer=True)
    assert (doorman.proposed, doorman.agreed) == (Tuning(1, 4096, 1), Tuning(1, 4096, 1))


def test_the_broker_is_told_the_answer_as_it_is_where_the_terms_say_so() -> None:
    told = at_the_door(Terms(frame_max=4096, broker_told=True), tune(9, 4096, 0, answer=True))[2]
    assert told == tune(9, 4096, 0, answer=True)


def test_what_is_left_out_is_as_the_broker_proposes() -> None:
    assert at_the_door(Terms(), tune(0, 0, 0, answer=True))[1] == tune(2047, 131072, 60)


def test_a_body_is_cut_to_what_each_side_takes() -> None:
    doorman = at_the_door(Terms(frame_max=0), tune(2047, 0, 60, answer=True))[0]
    body = bytes(200_000)
    sent = frames_of(doorman.to_broker.feed(publish(1, "k", body)))
    assert [len(frame.payload) for frame in sent[2:]] == [131064, 68936]
    doorman = at_the_door(Terms(frame_max=4096), tune(2047, 4096, 60, answer=True))[0]
    delivered = frames_of(doorman.to_peer.feed(deliver(1, "tag", 1, bytes(5000))))
    assert [len(frame.payload) for frame in delivered[2:]] == [4088, 912]


@pytest.mark.parametrize(
    "terms, kinds",
    [
        (Terms(), [1, 2, 3]),
        (Terms(frames="heartbeats"), [1, 8, 2, 8, 3]),
        (Terms(frames="empty-bodies"), [1, 2, 3, 3]),
        (Terms(frames="octets"), [1, 2, 3, 3, 3, 3]),
    ],
)
def test_an_unusual_server_says_the_same_message_in_other_frames(terms: Terms, kinds: list[int]) -> None:
    doorman = at_the_door(terms, tune(2047, 131072, 60, answer=True))[0]
    frames = frames_of(doorman.to_peer.feed(deliver(1, "tag", 1, b"body")))
    assert [frame.type for frame in frames] == kinds
    assert b"".join(frame.payload for frame in frames if frame.type == FrameType.BODY) == b"body"
    assert all(frame.channel == 0 for frame in frames if frame.type == FrameType.HEARTBEAT)


def start_ok(*capabilities: str) -> bytes:
    able = Table(tuple((name, Boolean("true")) for name in capabilities))
    properties = encode_table(Table((("capabilities", able),)))
    return method(0, 10, 11, properties + names("PLAIN") + struct.pack(">I", 0) + names("en_US"))


@pytest.mark.parametrize(
    "capabilities, methods",
    [
        (("connection.blocked", "basic.nack"), [(0, 10, 60), (1, 60, 60), (0, 10, 61)]),
        (("basic.nack",), [(1, 60, 60)]),
    ],
)
def test_who_understands_it_is_told_that_the_broker_is_blocked(
    capabilities: tuple[str, ...], methods: list[tuple[int, int, int]]
) -> None:
    doorman = Doorman(Terms(frames="blocked"), lambda: None)
    doorman.to_broker.feed(PROTOCOL_HEADER + start_ok(*capabilities))
    frames = frames_of(doorman.to_peer.feed(deliver(1, "tag", 1, b"body")))
    told = [frame for frame in frames if frame.type == FrameType.METHOD]
    assert [(frame.channel, *struct.unpack_from(">HH", frame.payload)) for frame in told] == methods
    assert [frame.type for frame in frames if frame.channel] == [1, 2, 3]


def test_an_empty_body_stays_without_a_body_frame() -> None:
    doorman = at_the_door(Terms(frames="empty-bodies"), tune(2047, 131072, 60, answer=True))[0]
    assert len(frames_of(doorman.to_peer.feed(deliver(1, "tag", 1, b"")))) == 2


@pytest.mark.parametrize(
    "octets, excess",
    [
        (publish(1, "k", bytes(4088)), None),
        (publish(1, "k", bytes(4089), (4089,)), Excess("frame", 4096, 4097)),
        (method(2, 20, 10, names("")), Excess("channel", 1, 2)),
    ],
)
def test_what_goes_beyond_the_agreement_is_noted(octets: bytes, excess: Excess | None) -> None:
    answer = tune(1, 4096, 0, answer=True)
    doorman = at_the_door(Terms(channel_max=1, frame_max=4096), answer)[0]
    doorman.to_broker.feed(octets)
    assert doorman.excess == excess


def test_heartbeats_of_the_peer_are_counted_and_told() -> None:
    heard: list[int] = []
    doorman = Doorman(Terms(), lambda: heard.append(doorman.beats))
    doorman.to_broker.feed(PROTOCOL_HEADER + HEARTBEAT + HEARTBEAT)
    assert heard == [1, 2]


def test_what_the_peer_asks_for_is_read() -> None:
    doorman = Doorman(Terms(), lambda: None)
    start_ok = b"\0\0\0\0" + names("PLAIN") + b"\0\0\0\x04\0u\0p" + names("en_US")
    octets = PROTOCOL_HEADER + method(0, 10, 11, start_ok) + method(0, 10, 40, names("a/b", "") + b"\0")
    assert doorman.to_broker.feed(octets) == octets
    assert doorman.start_ok is not None
    assert (doorman.start_ok.response, doorman.vhost) == (b"\0u\0p", "a/b")


def test_what_nobody_can_read_passes_as_it_is() -> None:
    doorman = Doorman(Terms(), lambda: None)
    cut = PROTOCOL_HEADER + encode_frame(FrameType.METHOD, 0, struct.pack(">HHB", 10, 31, 1))
    assert doorman.to_broker.feed(cut) == cut
    assert doorman.agreed is None


def test_content_that_belongs_to_no_method_passes_as_it_is() -> None:
    doorman = at_the_door(Terms(), tune(2047, 131072, 60, answer=True))[0]
    octets = content(1, b"x")
    assert doorman.to_broker.feed(octets) == octets
