"""What the tap's tests stand on: AMQP octets, and a peer and a broker that are nothing but sockets."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar, cast

import uvloop

from harness.amqp.fields import encode_shortstr, encode_table
from harness.amqp.frames import FrameType, encode_frame
from harness.amqp.header import encode_header
from harness.amqp.message import PropertyName
from harness.amqp.values import Longstr, Shortstr, Table, Value
from harness.tap import Event, Faults, Mutation, Recorder, Tap

DEADLINE_SECONDS = 20.0
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
T = TypeVar("T")


def run(work: Coroutine[Any, Any, T], loop: str = "asyncio") -> T:
    """The result of ``work``, on the loop of that name, within the deadline."""

    async def limited() -> T:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await work

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        return runner.run(limited())


# --- octets ------------------------------------------------------------------------------------------


def method(channel: int, class_id: int, method_id: int, arguments: bytes = b"") -> bytes:
    return encode_frame(FrameType.METHOD, channel, struct.pack(">HH", class_id, method_id) + arguments)


def names(*texts: str) -> bytes:
    return b"".join(map(encode_shortstr, texts))


def content(
    channel: int, body: bytes, sizes: tuple[int, ...] | None = None, size: int | None = None
) -> bytes:
    """Header and body frames; the body cut into frames of ``sizes``, ``size`` stated in the header."""
    properties: dict[PropertyName, Value] = {"content_type": Shortstr("text/plain")}
    header = encode_header(properties, len(body) if size is None else size)
    frames, at = [encode_frame(FrameType.HEADER, channel, header)], 0
    for part in sizes if sizes is not None else (len(body),) if body else ():
        frames.append(encode_frame(FrameType.BODY, channel, body[at : at + part]))
        at += part
    return b"".join(frames)


HEADER_OF_X = encode_header({"content_type": Shortstr("text/plain")}, 1)


def publish_method(channel: int, exchange: str, key: str, bits: int = 0) -> bytes:
    return method(channel, 60, 40, b"\0\0" + names(exchange, key) + bytes((bits,)))


def publish(channel: int, key: str, body: bytes, sizes: tuple[int, ...] | None = None) -> bytes:
    return publish_method(channel, "e", key) + content(channel, body, sizes)


def deliver(
    channel: int, tag: str, number: int, body: bytes, *, key: str = "k", redelivered: int = 0
) -> bytes:
    arguments = names(tag) + struct.pack(">QB", number, redelivered) + names("e", key)
    return method(channel, 60, 60, arguments) + content(channel, body)


def consume(channel: int, queue: str, tag: str) -> bytes:
    return method(channel, 60, 20, b"\0\0" + names(queue, tag) + b"\0" + encode_table(Table(())))


def said(**fields: str) -> Table:
    return Table(tuple((key, Longstr(value)) for key, value in fields.items()))


def start_ok(table: Table) -> bytes:
    return method(0, 10, 11, encode_table(table) + names("PLAIN") + b"\0\0\0\0" + names("en_US"))


def start(table: Table) -> bytes:
    return method(0, 10, 10, b"\0\x09" + encode_table(table) + b"\0\0\0\x05PLAIN\0\0\0\x05en_US")


HEARTBEAT = encode_frame(FrameType.HEARTBEAT, 0, b"")


# --- sockets -----------------------------------------------------------------------------------------


class Wire(asyncio.Protocol):
    """One side's socket. It keeps what it reads, and says how it ended: "eof", "reset" or None so far."""

    transport: asyncio.Transport

    def __init__(self, keep: bool = True) -> None:
        self.read = bytearray()
        self.count = 0
        self.chunks = 0
        self.ended: str | None = None
        self.sha256 = hashlib.sha256()
        self._keep = keep
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.count += len(data)
        self.chunks += 1
        self.sha256.update(data)
        if self._keep:
            self.read += data
        self._news.set()

    def eof_received(self) -> bool:
        self.ended = self.ended or "eof"
        self._news.set()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            self.ended = "reset"
        self._news.set()

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    def send(self, data: bytes) -> Self:
        self.transport.write(data)
        return self

    async def send_all(self, data: bytes, step: int = 1 << 16) -> None:
        """Write under back-pressure."""
        for at in range(0, len(data), step):
            await self._room.wait()
            self.transport.write(data[at : at + step])

    async def until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            self._news.clear()
            await self._news.wait()

    async def until_count(self, count: int) -> None:
        await self.until(lambda: self.count >= count)

    async def until_end(self) -> str | None:
        await self.until(lambda: self.ended is not None)
        return self.ended

    def reset(self) -> None:
        sock = self.transport.get_extra_info("socket")
        with socket.fromfd(sock.fileno(), socket.AF_INET, socket.SOCK_STREAM) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class World:
    """A tap between fake peers and a fake broker, and all that its observer was told."""

    def __init__(self, broker_port: int, options: dict[str, Any]) -> None:
        self.events: list[Event] = []
        self._told = asyncio.Event()
        self.tap = Tap("127.0.0.1", broker_port, self._observe, hash=True, **options)
        self.accepted: asyncio.Queue[Wire] = asyncio.Queue()
        self.wires: list[Wire] = []

    def _observe(self, event: Event) -> None:
        self.events.append(event)
        self._told.set()

    async def connect(self, *, keep: bool = True) -> tuple[Wire, Wire]:
        """The peer's socket and the broker's, of a connection through the tap."""
        loop = asyncio.get_running_loop()
        _, peer = await loop.create_connection(lambda: Wire(keep), "127.0.0.1", self.tap.port)
        self.wires.append(peer)
        return peer, await self.accepted.get()

    async def until(self, kind: type[T], count: int = 1) -> list[T]:
        """The events of ``kind``, once there are ``count``."""
        while len(self.of(kind)) < count:
            self._told.clear()
            await self._told.wait()
        return self.of(kind)

    async def tap_has_taken(self, count: int) -> None:
        """Until the tap read that many octets: it tells nobody, so it is asked."""
        while sum(part.octets for part in self.tap.traffic()) < count:
            await asyncio.sleep(0)

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]


@asynccontextmanager
async def world(
    *,
    keep: bool = True,
    faults: Faults | None = None,
    mutation: Mutation | None = None,
    recorder: Recorder | None = None,
) -> AsyncIterator[World]:
    made: list[World] = []

    class Accepted(Wire):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            made[0].wires.append(self)
            made[0].accepted.put_nowait(self)

    server = await asyncio.get_running_loop().create_server(lambda: Accepted(keep), "127.0.0.1", 0)
    options = {"faults": faults, "mutation": mutation, "recorder": recorder}
    made.append(World(server.sockets[0].getsockname()[1], options))
    try:
        await made[0].tap.start()
        yield made[0]
        await made[0].tap.stop()
    finally:
        server.close()
        for wire in made[0].wires:
            wire.transport.abort()
