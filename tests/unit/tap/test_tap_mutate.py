"""A mutation changes what it was asked to and is seen, or not, according to where it stands."""

from __future__ import annotations

import random

import pytest
from tap_wire import HEARTBEAT, consume, content, deliver, method, publish, publish_method, run, world

from harness.amqp.frames import PROTOCOL_HEADER, FrameType, encode_frame
from harness.amqp.message import Inline
from harness.tap import Delivered, Direction, Group, Mutation, Sent, Side
from harness.tap.mutate import Change, Regrouper

UP, DOWN = Direction.TO_BROKER, Direction.TO_PEER


def same(direction: Direction, group: Group) -> bytes:
    return group.octets


def shout(direction: Direction, group: Group) -> bytes:
    """Bodies in capitals."""
    return group.replaced(body=group.body.upper()) if group.is_message else group.octets


def passed(octets: bytes, change: Change, *, step: int | None = None) -> bytes:
    regrouper, step = Regrouper(UP, change), step or len(octets)
    fed = b"".join(regrouper.feed(octets[at : at + step]) for at in range(0, len(octets), step))
    return fed + regrouper.finish()


@pytest.mark.parametrize("step", [1, 3, 50, 10_000])
def test_unchanged_groups_are_the_octets_that_came(step: int) -> None:
    octets = PROTOCOL_HEADER + publish(1, "k", b"abc", (1, 0, 2)) + HEARTBEAT + publish(2, "k", b"")
    assert passed(octets, same, step=step) == octets


def test_a_group_is_a_whole_message_or_one_other_frame() -> None:
    groups: list[Group] = []

    def note(direction: Direction, group: Group) -> bytes:
        groups.append(group)
        return group.octets

    first = publish_method(1, "e", "k") + content(1, b"ab", (1,), size=2)
    passed(PROTOCOL_HEADER + first + publish(2, "l", b"x") + HEARTBEAT + encode_frame(3, 1, b"b"), note)
    assert [(group.channel, group.is_message, len(group.frames)) for group in groups] == [
        (2, True, 3),
        (0, False, 1),
        (1, True, 4),
    ]
    assert [group.body for group in groups if group.is_message] == [b"x", b"ab"]


def test_a_group_can_be_dropped_or_doubled() -> None:
    one, two = publish(1, "k1", b"x"), publish(1, "k2", b"y")
    drop_first: Change = lambda direction, group: b"" if group.body == b"x" else group.octets  # noqa: E731
    assert passed(PROTOCOL_HEADER + one + two, drop_first) == PROTOCOL_HEADER + two
    twice: Change = lambda direction, group: group.octets * 2  # noqa: E731
    assert passed(PROTOCOL_HEADER + one, twice) == PROTOCOL_HEADER + one * 2


def test_two_groups_can_be_swapped() -> None:
    held: list[bytes] = []

    def swap(direction: Direction, group: Group) -> bytes:
        held.append(group.octets)
        return b"" if len(held) == 1 else held[1] + held[0]

    one, two = publish(1, "k1", b"x"), publish(1, "k2", b"y")
    assert passed(PROTOCOL_HEADER + one + two, swap) == PROTOCOL_HEADER + two + one


def test_parts_of_a_message_can_be_exchanged() -> None:
    def change(direction: Direction, group: Group) -> bytes:
        return group.replaced(method=group.method.replace(b"k1", b"k2"), body=b"longer")

    assert passed(PROTOCOL_HEADER + publish(1, "k1", b"x"), change) == PROTOCOL_HEADER + publish(
        1, "k2", b"longer"
    )
    empty: Change = lambda direction, group: group.replaced(body=b"")  # noqa: E731
    assert passed(PROTOCOL_HEADER + publish(1, "k", b"x"), empty) == PROTOCOL_HEADER + publish(1, "k", b"")
    header: Change = lambda direction, group: group.replaced(header=b"odd")  # noqa: E731
    assert encode_frame(FrameType.HEADER, 1, b"odd") in passed(publish(1, "k", b"x"), header)


def test_a_stream_that_is_no_amqp_passes_unchanged() -> None:
    junk = random.Random(1).randbytes(5000)
    whole = publish(1, "k", b"x")
    for octets in (b"\x16\x03\x01" + junk, PROTOCOL_HEADER + whole + b"\xff" + junk):
        assert passed(octets, same, step=11) == octets
        assert passed(octets, same) == octets


def test_what_an_end_cuts_off_passes_unchanged() -> None:
    octets = PROTOCOL_HEADER + publish(1, "k", b"abcdef", (3, 3))
    for end in range(1, len(octets)):
        assert passed(octets[:end], same) == octets[:end]


def test_a_message_interrupted_by_another_passes_unchanged() -> None:
    octets = publish_method(1, "e", "k") + publish(1, "l", b"x")
    assert passed(octets, same) == octets


@pytest.mark.parametrize(("where", "seen"), [("peer", "LOUD"), ("broker", "loud")])
def test_a_changed_publish_is_seen_changed_only_if_the_peer_is_to_blame(where: Side, seen: str) -> None:
    async def work() -> None:
        async with world(mutation=Mutation(where, shout)) as here:
            peer, broker = await here.connect()
            octets = PROTOCOL_HEADER + publish(1, "k", b"LOUD")
            peer.send(PROTOCOL_HEADER + publish(1, "k", b"loud"))
            await broker.until_count(len(octets))
            assert broker.read == octets
            assert [event.body for event in await here.until(Sent)] == [Inline(seen)]

    run(work())


@pytest.mark.parametrize(("where", "seen"), [("peer", "loud"), ("broker", "LOUD")])
def test_a_changed_delivery_is_seen_changed_only_if_the_broker_is_to_blame(where: Side, seen: str) -> None:
    async def work() -> None:
        async with world(mutation=Mutation(where, shout)) as here:
            peer, broker = await here.connect()
            peer.send(PROTOCOL_HEADER + consume(1, "q", "t"))
            broker.send(deliver(1, "t", 1, b"loud"))
            octets = deliver(1, "t", 1, b"LOUD")
            await peer.until_count(len(octets))
            assert peer.read == octets
            assert [event.body for event in await here.until(Delivered)] == [Inline(seen)]

    run(work())


def test_what_a_mutation_holds_is_passed_on_before_the_end() -> None:
    async def work() -> None:
        async with world(mutation=Mutation("peer", same)) as here:
            peer, broker = await here.connect()
            octets = PROTOCOL_HEADER + method(1, 20, 10, b"\0") + publish_method(1, "e", "k")
            peer.send(octets).transport.write_eof()
            assert await broker.until_end() == "eof"
            assert broker.read == octets

    run(work())
