"""The relay passes on what it gets, as it gets it, and so are the ends of connections."""

from __future__ import annotations

import asyncio
import random
import tracemalloc

import pytest
from tap_wire import LOOPS, World, publish, run, world

from harness.amqp.frames import PROTOCOL_HEADER
from harness.tap import Direction, HungUp, Tap, Unreachable

MIB = 1 << 20
pytestmark = pytest.mark.parametrize("loop", list(LOOPS))


@pytest.mark.parametrize("seed", range(4))
def test_octets_are_the_same_by_hash_in_both_directions_however_they_are_split(loop: str, seed: int) -> None:
    chance = random.Random(seed)

    async def work() -> None:
        async with world() as here:
            peer, broker = await here.connect()
            up = PROTOCOL_HEADER + b"".join(
                publish(chance.randrange(1, 9), f"k{n}", chance.randbytes(chance.randrange(9000)))
                for n in range(200)
            )
            down = chance.randbytes(300_000)
            for wire, octets in ((peer, up), (broker, down)):
                at = 0
                while at < len(octets):
                    step = chance.choice((1, 7, 100, 5000, 70_000))
                    wire.send(octets[at : at + step])
                    at += step
                    if chance.random() < 0.3:
                        await asyncio.sleep(0)
            await broker.until_count(len(up))
            await peer.until_count(len(down))
            assert (bytes(broker.read), bytes(peer.read)) == (up, down)
            hashes = {part.direction: (part.octets, part.sha256) for part in here.tap.traffic()}
            assert hashes[Direction.TO_BROKER] == (len(up), broker.sha256.hexdigest())
            assert hashes[Direction.TO_PEER] == (len(down), peer.sha256.hexdigest())

    run(work(), loop)


def test_eight_mebibytes_pass_both_ways_at_once(loop: str) -> None:
    async def work() -> None:
        async with world(keep=False) as here:
            peer, broker = await here.connect(keep=False)
            octets = random.Random(8).randbytes(8 * MIB)
            await asyncio.gather(peer.send_all(octets), broker.send_all(octets))
            await asyncio.gather(peer.until_count(len(octets)), broker.until_count(len(octets)))
            assert peer.sha256.digest() == broker.sha256.digest()

    run(work(), loop)


@pytest.mark.parametrize("first", ["peer", "broker"])
def test_a_half_closed_connection_still_carries_the_other_direction(loop: str, first: str) -> None:
    async def work() -> None:
        async with world() as here:
            peer, broker = await here.connect()
            ender, other = (peer, broker) if first == "peer" else (broker, peer)
            ender.send(b"last words").transport.write_eof()
            assert await other.until_end() == "eof"
            assert other.read == b"last words"
            other.send(b"an answer")
            await ender.until_count(9)
            assert ender.ended is None
            other.transport.write_eof()
            assert await ender.until_end() == "eof"
            told = await here.until(HungUp, 2)
            assert [(event.how, event.by == first) for event in told] == [("eof", True), ("eof", False)]

    run(work(), loop)


@pytest.mark.parametrize("first", ["peer", "broker"])
def test_a_reset_is_passed_on_as_a_reset_after_what_came_before(loop: str, first: str) -> None:
    async def work() -> None:
        async with world() as here:
            peer, broker = await here.connect()
            ender, other = (peer, broker) if first == "peer" else (broker, peer)
            ender.send(b"x" * 1000)
            await other.until_count(1000)
            ender.reset()
            assert await other.until_end() == "reset"
            assert [(event.by, event.how) for event in await here.until(HungUp)] == [(first, "reset")]

    run(work(), loop)


def test_nothing_is_lost_when_a_peer_closes_right_after_writing(loop: str) -> None:
    async def work() -> None:
        async with world(keep=False) as here:
            peer, broker = await here.connect()
            peer.send(b"y" * (3 * MIB)).transport.close()
            assert await broker.until_end() == "eof"
            assert broker.count == 3 * MIB

    run(work(), loop)


def test_what_came_before_a_reset_reaches_a_receiver_that_is_slow(loop: str) -> None:
    async def work() -> None:
        async with world(keep=False) as here:
            peer, broker = await here.connect()
            broker.transport.pause_reading()
            peer.send(bytes(64 * MIB))
            await _until_still(here)
            peer.reset()
            broker.transport.resume_reading()
            assert await broker.until_end() == "reset"
            assert broker.count == sum(part.octets for part in here.tap.traffic()) > 0

    run(work(), loop)


def test_a_receiver_that_does_not_read_stops_the_sender_and_memory_stays_bounded(loop: str) -> None:
    async def work() -> None:
        async with world(keep=False) as here:
            peer, broker = await here.connect(keep=False)
            broker.transport.pause_reading()
            tracemalloc.start()
            sending = asyncio.create_task(peer.send_all(bytes(64 * MIB)))
            await _until_still(here)
            stuck = sum(part.octets for part in here.tap.traffic())
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert stuck < 32 * MIB
            assert peak < 64 * MIB + 8 * MIB
            assert not sending.done()
            broker.transport.resume_reading()
            await broker.until_count(64 * MIB)
            await sending

    run(work(), loop)


def test_a_broker_that_is_not_there_resets_the_peer_and_is_told(loop: str) -> None:
    async def work() -> None:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
        free = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        events: list[object] = []
        async with Tap("127.0.0.1", free, events.append) as tap:
            reader, writer = await asyncio.open_connection("127.0.0.1", tap.port)
            with pytest.raises(ConnectionResetError):
                await reader.read()
            writer.transport.abort()
            assert [type(event) for event in events] == [Unreachable]

    run(work(), loop)


def test_stopping_a_tap_resets_what_is_open_and_forgets_it(loop: str) -> None:
    async def work() -> None:
        async with world() as here:
            peer, broker = await here.connect()
            assert here.tap.connections == 1
            await here.tap.stop()
            assert (await peer.until_end(), await broker.until_end()) == ("reset", "reset")
            assert here.tap.connections == 0

    run(work(), loop)


def test_a_tap_that_was_not_started_has_no_port(loop: str) -> None:
    with pytest.raises(RuntimeError, match="not started"):
        Tap("127.0.0.1", 1).port  # noqa: B018


async def _until_still(here: World) -> None:
    """Until nothing has moved for many turns of the loop."""
    last, still = -1, 0
    while still < 50:
        await asyncio.sleep(0.002)
        now = sum(part.octets for part in here.tap.traffic())
        last, still = now, still + 1 if now == last else 0
