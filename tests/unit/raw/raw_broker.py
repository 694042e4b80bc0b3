"""A broker for one connection, played from a script. It decodes with pamqp, not with the client's code."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from pamqp import base, commands
from pamqp import frame as pamqp_frame
from pamqp.header import ProtocolHeader
from pamqp.heartbeat import Heartbeat

DEADLINE = 5.0


def method(command: base.Frame, channel: int = 1) -> bytes:
    """A method frame."""
    return pamqp_frame.marshal(command, channel)


def header(size: int, properties: bytes = b"\0\0", channel: int = 1) -> bytes:
    """A content header frame: body size, then flags and properties as octets."""
    payload = struct.pack(">HHQ", 60, 0, size) + properties
    return struct.pack(">BHI", 2, channel, len(payload)) + payload + b"\xce"


def body(payload: bytes, channel: int = 1) -> bytes:
    """A content body frame."""
    return struct.pack(">BHI", 3, channel, len(payload)) + payload + b"\xce"


HEARTBEAT = b"\x08\0\0\0\0\0\0\xce"


class Talk:
    """The broker's end of the connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def octets(self) -> bytes:
        """The next frame as it is (AMQP 0-9-1, 4.2.3)."""
        async with asyncio.timeout(DEADLINE):
            lead = await self._reader.readexactly(7)
            return lead + await self._reader.readexactly(struct.unpack(">BHI", lead)[2] + 1)

    async def hear(self, kind: type[base.Frame]) -> Any:
        """The next frame, which must be that method; heartbeats are passed over."""
        while True:
            _, _, heard = pamqp_frame.unmarshal(await self.octets())
            if not isinstance(heard, Heartbeat):
                assert isinstance(heard, kind), f"{heard!r} came, {kind.__name__} was to come"
                return heard

    async def hear_publish(self) -> commands.Basic.Publish:
        """basic.publish, its header and its one body frame."""
        publish: commands.Basic.Publish = await self.hear(commands.Basic.Publish)
        await self.octets()
        await self.octets()
        return publish

    async def hear_protocol_header(self) -> None:
        async with asyncio.timeout(DEADLINE):
            assert await self._reader.readexactly(8) == ProtocolHeader().marshal()

    async def hear_end(self) -> bytes:
        """What comes until the client closes."""
        async with asyncio.timeout(DEADLINE):
            return await self._reader.read()

    def say(self, *commands_or_octets: base.Frame | bytes, channel: int = 1) -> None:
        """Methods on ``channel``, or frames as they are, in one write."""
        self._writer.write(
            b"".join(
                said if isinstance(said, bytes) else method(said, channel) for said in commands_or_octets
            )
        )

    async def say_slowly(self, octets: bytes) -> None:
        """One octet a write."""
        for octet in octets:
            self._writer.write(bytes((octet,)))
            await self._writer.drain()
            await asyncio.sleep(0)

    async def start(self) -> commands.Connection.StartOk:
        """Up to start-ok, which is the result."""
        await self.hear_protocol_header()
        self.say(commands.Connection.Start(server_properties={"product": "fake", "n": 7}), channel=0)
        start_ok: commands.Connection.StartOk = await self.hear(commands.Connection.StartOk)
        return start_ok

    async def handshake(self, frame_max: int = 131072, channel_max: int = 0) -> commands.Connection.TuneOk:
        """All of it; the result is tune-ok."""
        await self.start()
        self.say(commands.Connection.Tune(channel_max, frame_max, 60), channel=0)
        tune_ok: commands.Connection.TuneOk = await self.hear(commands.Connection.TuneOk)
        await self.hear(commands.Connection.Open)
        self.say(commands.Connection.OpenOk(), channel=0)
        await self.hear(commands.Channel.Open)
        self.say(commands.Channel.OpenOk())
        return tune_ok

    async def goodbye(self) -> None:
        """The client closes."""
        await self.hear(commands.Connection.Close)
        self.say(commands.Connection.CloseOk(), channel=0)
        assert await self.hear_end() == b""

    def half_close(self) -> None:
        self._writer.write_eof()

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        raw: socket.socket = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return  # the client was gone already


Script: TypeAlias = Callable[[Talk], Awaitable[None]]


@asynccontextmanager
async def broker(script: Script) -> AsyncIterator[str]:
    """The URL of a broker that plays ``script`` once. What fails in the script fails the test."""
    loop = asyncio.get_running_loop()
    played: asyncio.Future[None] = loop.create_future()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = Talk(reader, writer)
        try:
            await script(talk)
        except (AssertionError, TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            played.set_exception(error)
        else:
            played.set_result(None)
        finally:
            await talk.close()

    server = await asyncio.start_server(play, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"amqp://guest:s3cret@127.0.0.1:{port}"
        async with asyncio.timeout(DEADLINE):
            await played
    finally:
        server.close()
        await server.wait_closed()
        if played.done() and not played.cancelled():
            played.exception()
