"""Each fault does what it says, and no more: no octet is lost or changed by one that only holds up."""

from __future__ import annotations

import asyncio
import time

import pytest
from tap_wire import LOOPS, Wire, publish, run, world

from harness.amqp.frames import PROTOCOL_HEADER
from harness.tap import Direction, Faults, HungUp, Sent, Shape

OCTETS = PROTOCOL_HEADER + b"".join(publish(1, f"k{n}", b"body" * n) for n in range(20))
CLOCK_SECONDS = 0.005
"""Timers count whole milliseconds in uvloop, from the time when the loop last looked at the clock."""
pytestmark = pytest.mark.parametrize("loop", list(LOOPS))


async def through(shape: Shape, octets: bytes) -> tuple[Wire, float]:
    """The broker's socket after ``octets`` and an end have passed ``shape``, and the seconds it took."""
    async with world(faults=Faults(to_broker=shape)) as here:
        peer, broker = await here.connect()
        began = time.monotonic()
        peer.send(octets).transport.write_eof()
        assert await broker.until_end() == "eof"
        took = time.monotonic() - began
        assert len(here.of(Sent)) == (20 if octets is OCTETS else 0)
        assert broker.read == octets
        return broker, took


def test_delay_holds_everything_back_that_long(loop: str) -> None:
    _, took = run(through(Shape(delay=0.2), OCTETS), loop)
    assert took >= 0.2 - CLOCK_SECONDS


def test_split_sends_every_octet_alone(loop: str) -> None:
    broker, _ = run(through(Shape(split=1), OCTETS), loop)
    assert broker.chunks > len(OCTETS) // 20


def test_join_waits_for_as_many_octets(loop: str) -> None:
    async def work() -> None:
        async with world(faults=Faults(to_broker=Shape(join=100, join_within=60))) as here:
            peer, broker = await here.connect()
            for _ in range(99):
                peer.send(b"a")
                await asyncio.sleep(0)
            peer.send(b"b")
            await broker.until_count(100)
            assert broker.chunks == 1

    run(work(), loop)


def test_join_waits_no_longer_than_told(loop: str) -> None:
    async def work() -> None:
        async with world(faults=Faults(to_broker=Shape(join=100, join_within=0.1))) as here:
            peer, broker = await here.connect()
            began = time.monotonic()
            peer.send(b"a")
            await broker.until_count(1)
            assert time.monotonic() - began >= 0.1 - CLOCK_SECONDS

    run(work(), loop)


def test_join_keeps_nothing_at_the_end(loop: str) -> None:
    run(through(Shape(join=1 << 20, join_within=60), OCTETS), loop)


def test_throttle_moves_so_many_octets_a_second(loop: str) -> None:
    _, took = run(through(Shape(throttle=20_000), b"x" * 10_000), loop)
    assert 0.4 <= took < 5


def test_a_held_up_direction_stops_the_sender_too(loop: str) -> None:
    async def work() -> None:
        shape = Shape(throttle=1_000_000)
        async with world(keep=False, faults=Faults(to_broker=shape)) as here:
            peer, broker = await here.connect()
            sending = asyncio.create_task(peer.send_all(bytes(64 << 20)))
            await broker.until_count(200_000)
            taken = sum(part.octets for part in here.tap.traffic())
            assert taken < broker.count + (2 << 20)
            sending.cancel()

    run(work(), loop)


def test_all_shapes_at_once_lose_nothing(loop: str) -> None:
    run(through(Shape(delay=0.01, join=300, split=50, throttle=1_000_000), OCTETS), loop)


def test_a_fault_of_one_direction_leaves_the_other_alone(loop: str) -> None:
    async def work() -> None:
        async with world(faults=Faults(to_peer=Shape(delay=60))) as here:
            peer, broker = await here.connect()
            broker.send(b"late")
            peer.send(b"prompt")
            await broker.until_count(6)
            assert peer.count == 0

    run(work(), loop)


def test_a_reset_passes_a_shape_after_what_came_before(loop: str) -> None:
    async def work() -> None:
        async with world(faults=Faults(to_broker=Shape(delay=0.1))) as here:
            peer, broker = await here.connect()
            peer.send(b"first")
            await here.tap_has_taken(5)
            peer.reset()
            assert await broker.until_end() == "reset"
            assert broker.read == b"first"

    run(work(), loop)


def test_reset_now_resets_both_sides(loop: str) -> None:
    async def work() -> None:
        async with world() as here:
            peer, broker = await here.connect()
            here.tap.reset()
            assert (await peer.until_end(), await broker.until_end()) == ("reset", "reset")

    run(work(), loop)


@pytest.mark.parametrize("shape", [Shape(), Shape(split=100)])
def test_half_close_now_ends_one_direction_and_drops_the_rest_of_it(loop: str, shape: Shape) -> None:
    async def work() -> None:
        async with world(faults=Faults(to_broker=shape)) as here:
            peer, broker = await here.connect()
            peer.send(b"before")
            await broker.until_count(6)
            here.tap.half_close(Direction.TO_BROKER)
            assert await broker.until_end() == "eof"
            peer.send(b"after")
            await here.tap_has_taken(11)
            broker.send(b"still here")
            await peer.until_count(10)
            assert (bytes(broker.read), peer.ended) == (b"before", None)

    run(work(), loop)


@pytest.mark.parametrize("end", ["eof", "reset"])
@pytest.mark.parametrize("shape", [Shape(), Shape(split=100)])
def test_swallow_drops_octets_and_ends_without_a_word(loop: str, shape: Shape, end: str) -> None:
    async def work() -> None:
        async with world(faults=Faults(to_broker=shape)) as here:
            peer, broker = await here.connect()
            peer.send(PROTOCOL_HEADER)
            await broker.until_count(8)
            here.tap.swallow(Direction.TO_BROKER)
            peer.send(publish(1, "k", b"x"))
            assert await here.until(Sent)
            broker.send(b"anybody there?")
            await peer.until_count(14)
            if end == "eof":
                peer.transport.write_eof()
            else:
                peer.reset()
            assert [(event.by, event.how) for event in await here.until(HungUp)] == [("peer", end)]
            assert (broker.count, broker.ended) == (8, None)

    run(work(), loop)


def test_a_swallowed_direction_still_reads_however_much_comes(loop: str) -> None:
    async def work() -> None:
        async with world(keep=False) as here:
            peer, _ = await here.connect()
            await here.tap_has_taken(0)
            here.tap.swallow(Direction.TO_BROKER)
            await peer.send_all(bytes(16 << 20))
            await here.tap_has_taken(16 << 20)

    run(work(), loop)


def test_a_negative_shape_is_refused(loop: str) -> None:
    with pytest.raises(ValueError, match="negative"):
        Shape(delay=-1)
