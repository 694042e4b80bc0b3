"""The peer ``raw``: requests of the peer protocol to calls of the raw client, in both roles.

Requests are taken up one after the other, but a publish does not wait for its confirm. Replies and events
leave in the order of their cause: a reply that is still open holds back what comes after it.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import msgspec

from harness.amqp.values import Text
from harness.peers import protocol
from harness.peers.protocol import Cancelled, Closed, Empty, Failed, Line, Ok, Reply
from harness.raw import answers
from harness.raw.client import connect
from harness.raw.confirms import Fate
from harness.raw.connection import Connection
from harness.raw.errors import ChannelClosed, ConnectionClosed, RawError, TimedOut
from harness.raw.outcomes import Received, Returned
from harness.raw.session import Listeners


class _Identity(msgspec.Struct):
    """What must be readable in a request for it to be answered at all."""

    id: protocol.Id


@dataclass(slots=True)
class _Slot:
    line: Line | None = None


class NotARequest(Exception):
    """A line that holds no request and no id to answer it by. Its text is not repeated: it may be a URL."""


class Peer:
    """``write`` takes the lines of standard output. :meth:`run` ends with close, or with the input."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._slots: deque[_Slot] = deque()
        self._lines: deque[bytes] = deque()
        self._more = asyncio.Event()
        self._over = False
        self._connection: Connection | None = None
        self._consumers: dict[Text, Text] = {}  # tag -> queue

    # --- lines in, lines out -------------------------------------------------------------------------

    def take(self, line: bytes) -> None:
        """A line of standard input."""
        self._lines.append(line)
        self._more.set()

    def end(self) -> None:
        """There will be no more lines."""
        self._over = True
        self._more.set()

    def pause(self, paused: bool) -> None:
        """Whether to leave in the socket what the broker delivers."""
        if self._connection:
            if paused:
                self._connection.pause_reading()
            else:
                self._connection.resume_reading()

    async def run(self) -> None:
        """Until close, or the end of the input. NotARequest for a line that cannot be answered."""
        while True:
            while self._lines:
                request = self._read(self._lines.popleft())
                if isinstance(request, protocol.Close):
                    slot = self._slot()
                    await self._disconnect()
                    self._fill(slot, Ok(request.id))
                    return
                if request is not None:
                    await self._serve(request)
            if self._over:
                await self._disconnect()
                return
            self._more.clear()
            await self._more.wait()

    def abort(self) -> None:
        """Leave the broker without a word."""
        if self._connection:
            self._connection.abort()

    def _read(self, line: bytes) -> protocol.Request | None:
        try:
            return protocol.decode_request(line)
        except msgspec.DecodeError as error:  # ValidationError is one
            problem = str(error)
        try:
            identity = msgspec.json.decode(line, type=_Identity).id
        except msgspec.DecodeError as error:
            raise NotARequest(f"a line of standard input is no request: {problem}") from error
        self._fill(self._slot(), Failed(identity, "bug", f"not a request of the protocol: {problem}"))
        return None

    def _slot(self) -> _Slot:
        slot = _Slot()
        self._slots.append(slot)
        return slot

    def _fill(self, slot: _Slot, line: Line) -> None:
        slot.line = line
        slots = self._slots
        while slots and (ready := slots[0].line) is not None:
            slots.popleft()
            self._write(protocol.encode_line(ready))

    def _event(self, event: protocol.Event) -> None:
        self._fill(self._slot(), event)

    # --- requests ------------------------------------------------------------------------------------

    async def _serve(self, request: protocol.Request) -> None:
        slot = self._slot()
        try:
            if isinstance(request, protocol.Publish):
                await self._publish(slot, request)
            elif isinstance(request, protocol.Get):
                await self._get(slot, request)
            else:
                self._fill(slot, await self._answer(request))
        except (RawError, ValueError, TypeError) as error:
            self._fill(slot, answers.failed(request.id, error))

    async def _answer(self, request: protocol.Request) -> Reply:
        match request:
            case protocol.Describe(id):
                return answers.described(id)
            case protocol.Connect():
                await self._connect(request.url)
            case protocol.Ack():
                self._open().ack(request.delivery_tag, multiple=request.multiple)
            case protocol.Nack():
                self._open().nack(request.delivery_tag, multiple=request.multiple, requeue=request.requeue)
            case protocol.Reject():
                self._open().reject(request.delivery_tag, requeue=request.requeue)
            case protocol.Consume():
                await self._consume(request)
            case protocol.Cancel():
                return await self._cancel(request)
            case _:
                await self._topology(request)
        return Ok(request.id)

    async def _consume(self, request: protocol.Consume) -> None:
        tag = await self._open().consume(
            request.queue,
            partial(self._delivered, request.queue),
            prefetch=request.prefetch,
            no_ack=request.no_ack,
            exclusive=request.exclusive,
            arguments=request.arguments,
        )
        self._consumers[tag] = request.queue

    async def _cancel(self, request: protocol.Cancel) -> Reply:
        tags = [tag for tag, queue in self._consumers.items() if queue == request.queue]
        if not tags:
            return Failed(request.id, "bug", f"nothing consumes {request.queue!r}")
        await self._open().cancel(tags[0])
        self._consumers.pop(tags[0], None)
        return Ok(request.id)

    async def _topology(self, request: protocol.Request) -> None:
        connection = self._open()
        match request:
            case protocol.DeclareExchange():
                await connection.declare_exchange(
                    request.name,
                    request.kind,
                    durable=request.durable,
                    auto_delete=request.auto_delete,
                    passive=request.passive,
                    arguments=request.arguments,
                )
            case protocol.DeclareQueue():
                await connection.declare_queue(
                    request.name,
                    durable=request.durable,
                    exclusive=request.exclusive,
                    auto_delete=request.auto_delete,
                    passive=request.passive,
                    arguments=request.arguments,
                )
            case protocol.Bind():
                await connection.bind(
                    request.queue, request.exchange, request.routing_key, arguments=request.arguments
                )
            case _:
                raise AssertionError(f"{type(request).__name__} is not about topology")

    async def _publish(self, slot: _Slot, request: protocol.Publish) -> None:
        connection = self._open()
        if request.confirm:
            await connection.confirm_select()
        fate = connection.submit(
            request.exchange,
            request.routing_key,
            request.message,
            mandatory=request.mandatory,
            watch=request.confirm,
        )
        if fate is None:
            self._fill(slot, Ok(request.id))
        else:
            fate.add_done_callback(partial(self._decided, slot, request.id))
        if request.message.framing is not None:
            connection.prod()
        if connection.full:
            await connection.drained()

    def _decided(self, slot: _Slot, request: int, fate: Fate) -> None:
        error = fate.exception()
        if error is None:
            self._fill(slot, answers.fate(request, fate.result()))
        else:
            assert isinstance(error, RawError)
            self._fill(slot, answers.failed(request, error))

    async def _get(self, slot: _Slot, request: protocol.Get) -> None:
        received = await self._open().get(request.queue)
        if received is None:
            self._fill(slot, Empty(request.id))
        else:
            self._fill(slot, Ok(request.id))
            self._delivered(request.queue, received)

    # --- the connection ------------------------------------------------------------------------------

    async def _connect(self, url: str) -> None:
        await self._disconnect()
        connection = await connect(url)
        listeners: Listeners = connection.listeners
        listeners.closed, listeners.returned = _once(self._closed), _returned
        listeners.cancelled = self._cancelled
        self._connection = connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._consumers.clear()
        if connection:
            try:
                await connection.close()
            except TimedOut as error:
                _say(f"closing: {error}")

    def _open(self) -> Connection:
        if self._connection is None:
            raise ConnectionClosed(None, "there is none: connect comes first")
        return self._connection

    def _delivered(self, queue: Text, received: Received) -> None:
        self._event(answers.delivery(queue, received))

    def _cancelled(self, tag: Text) -> None:
        queue = self._consumers.pop(tag, None)
        if queue is not None:
            self._event(Cancelled(queue))

    def _closed(self, error: ChannelClosed | ConnectionClosed) -> None:
        self._event(
            Closed("channel" if isinstance(error, ChannelClosed) else "connection", str(error), error.code)
        )


def _once(closed: Callable[[ChannelClosed | ConnectionClosed], None]) -> Callable[..., None]:
    """Tells of a close only where no reply did."""

    def tell(error: ChannelClosed | ConnectionClosed, answered: bool) -> None:
        if not answered:
            closed(error)

    return tell


def _returned(returned: Returned) -> None:
    _say(f"returned, and nobody had asked for a confirm: {returned.code} {returned.text}")


def _say(text: str) -> None:
    print(f"raw: {text}", file=sys.stderr, flush=True)
