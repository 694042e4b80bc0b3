"""A connection's state once its socket is there: who waits for which answer, what the broker closed.

One channel, number 1, beside channel 0. Methods are written as the caller has them encoded; their answers
come in the order of the requests (AMQP 0-9-1, 4.3), so several may be under way at a time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from harness.amqp.fields import WireError
from harness.amqp.frames import Frame, FrameType, encode_frame
from harness.amqp.methods import Closing, Deliver, GetOk, Return, decode_method
from harness.amqp.values import Text, bytes_of
from harness.raw import replies, requests
from harness.raw.confirms import Confirms
from harness.raw.content import Arrived, Assembler
from harness.raw.errors import ChannelClosed, ConnectionClosed, TimedOut
from harness.raw.outcomes import NACKED, Received, Returned
from harness.raw.wire import Wire

CHANNEL = 1
Answer: TypeAlias = bytes | Received
Method: TypeAlias = Deliver | GetOk | Return
OnDelivery: TypeAlias = Callable[[Received], None]


@dataclass(slots=True)
class Listeners:
    """What a connection's owner wants to hear of, each called in the event loop.

    ``closed``: the channel or the connection was closed by the other side; the flag says whether somebody
    waited for an answer and was told. ``cancelled``: the broker ended a consumer (its tag).
    ``returned``: a basic.return that belongs to no publish with a confirm.
    """

    closed: Callable[[ChannelClosed | ConnectionClosed, bool], None] | None = None
    cancelled: Callable[[Text], None] | None = None
    returned: Callable[[Returned], None] | None = None


@dataclass(slots=True)
class _Waiter:
    expected: tuple[bytes, ...]
    answer: asyncio.Future[Answer]


class Session:
    """The frames of one connection, given to whom they concern."""

    def __init__(self) -> None:
        self.wire = Wire(self._frames, self._ended)
        self.listeners = Listeners()
        self.confirms: Confirms | None = None
        self.consumers: dict[Text, OnDelivery] = {}
        self.blocked: Text | None = None
        self.not_amqp = False
        self.connection_closed: ConnectionClosed | None = None
        self.channel_closed: ChannelClosed | None = None
        self.leaving = False
        self._assembler: Assembler[Method] = Assembler()
        self._waiting: tuple[deque[_Waiter], deque[_Waiter]] = (deque(), deque())
        self._handlers: dict[bytes, Callable[[bytes], None]] = {
            replies.DELIVER: self._content,
            replies.GET_OK: self._content,
            replies.RETURN: self._content,
            replies.ACK: self._ack,
            replies.NACK: self._nack,
            replies.CANCEL: self._cancel,
            replies.FLOW: self._flow,
            replies.FLOW_OK: self._flow_ok,
            replies.BLOCKED: self._blocked,
            replies.UNBLOCKED: self._unblocked,
            replies.CHANNEL_CLOSE: self._closing,
            replies.CONNECTION_CLOSE: self._closing,
        }

    # --- asking --------------------------------------------------------------------------------------

    def check(self) -> None:
        """ConnectionClosed or ChannelClosed, if that is so."""
        if self.connection_closed:
            raise ConnectionClosed(self.connection_closed.code, self.connection_closed.text)
        if self.channel_closed:
            raise ChannelClosed(self.channel_closed.code, self.channel_closed.text)

    def send(self, payload: bytes, channel: int = CHANNEL) -> None:
        """A method frame."""
        self.wire.send(encode_frame(FrameType.METHOD, channel, payload))

    def expect(self, *expected: bytes, channel: int = CHANNEL) -> asyncio.Future[Answer]:
        """The next answer on ``channel`` that nobody else waits for."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[channel].append(_Waiter(expected, answer))
        return answer

    async def call(
        self, payload: bytes, *expected: bytes, what: str, timeout: float, channel: int = CHANNEL
    ) -> Answer:
        """Send a method and wait for its answer. TimedOut names ``what``; a late answer is passed over."""
        answer = self.expect(*expected, channel=channel)
        self.send(payload, channel)
        return await within(answer, what, timeout)

    async def ask(self, payload: bytes, expected: bytes, *, what: str, timeout: float) -> bytes:
        """:meth:`call` for a method whose answer has no content."""
        answer = await self.call(payload, expected, what=what, timeout=timeout)
        assert isinstance(answer, bytes)
        return answer

    # --- what comes ----------------------------------------------------------------------------------

    def _frames(self, frames: list[Frame]) -> None:
        for kind, channel, payload in frames:
            if kind == FrameType.HEARTBEAT:
                continue
            if self.connection_closed:
                return
            if channel > CHANNEL or (channel == 0 and kind != FrameType.METHOD):
                raise WireError(0, f"a frame of type {kind} on channel {channel}")
            if kind == FrameType.METHOD:
                self._method(channel, payload)
            elif self.channel_closed is None:
                arrived = (
                    self._assembler.header(payload)
                    if kind == FrameType.HEADER
                    else self._assembler.body(payload)
                )
                if arrived:
                    self._arrived(arrived)

    def _method(self, channel: int, payload: bytes) -> None:
        key = payload[:4]
        if channel and self._assembler.busy and key != replies.CHANNEL_CLOSE:
            raise WireError(0, f"method {key.hex()} in the middle of a content")
        handler = self._handlers.get(key)
        if handler:
            handler(payload)
        else:
            self._answer(channel, key, payload)

    def _answer(self, channel: int, key: bytes, answer: Answer) -> None:
        waiting = self._waiting[channel]
        if not waiting or key not in waiting[0].expected:
            raise WireError(0, f"method {key.hex()} on channel {channel}, which nobody waits for")
        waiter = waiting.popleft()
        if not waiter.answer.done():
            waiter.answer.set_result(answer)

    def _content(self, payload: bytes) -> None:
        method = decode_method(payload)
        assert isinstance(method, Deliver | GetOk | Return)
        self._assembler.begin(method)

    def _arrived(self, arrived: Arrived[Method]) -> None:
        method, header, body = arrived
        match method:
            case Deliver(tag, delivery_tag, redelivered, exchange, routing_key):
                if tag not in self.consumers:
                    raise WireError(0, f"a delivery for the consumer {tag!r}, which there is not")
                received = Received(delivery_tag, redelivered, exchange, routing_key, header, body, tag)
                try:
                    self.consumers[tag](received)
                except WireError as error:  # not the broker's fault, which a WireError of our own means
                    raise RuntimeError("on_delivery raised") from error
            case GetOk(delivery_tag, redelivered, exchange, routing_key, left):
                got = Received(delivery_tag, redelivered, exchange, routing_key, header, body, None, left)
                self._answer(CHANNEL, replies.GET_OK, got)
            case Return(code, text, exchange, routing_key):
                self._returned(Returned(code, text, exchange, routing_key, header, body))
            case _:
                assert_never(method)

    def _returned(self, returned: Returned) -> None:
        if self.confirms is not None and self.confirms.returned(returned):
            return
        if self.listeners.returned:
            self.listeners.returned(returned)

    def _ack(self, payload: bytes) -> None:
        tag, multiple = replies.settled(payload)
        if self.confirms is None or not self.confirms.settle(tag, multiple):
            raise WireError(0, f"basic.ack of {tag}, which is no open publish")

    def _nack(self, payload: bytes) -> None:
        tag, multiple = replies.settled(payload)
        if self.confirms is None or not self.confirms.settle(tag, multiple, NACKED):
            raise WireError(0, f"basic.nack of {tag}, which is no open publish")

    def _cancel(self, payload: bytes) -> None:
        tag = replies.name(payload)
        self.consumers.pop(tag, None)
        if self.listeners.cancelled:
            self.listeners.cancelled(tag)

    def _flow(self, payload: bytes) -> None:
        """RabbitMQ sends none; it is answered and not obeyed."""
        self.send(requests.CHANNEL_FLOW_OK + payload[4:5])

    def _flow_ok(self, payload: bytes) -> None:
        """Nobody waits for it where it answers :meth:`~harness.raw.connection.Connection.prod`."""
        if (waiting := self._waiting[CHANNEL]) and replies.FLOW_OK in waiting[0].expected:
            self._answer(CHANNEL, replies.FLOW_OK, payload)

    def _blocked(self, payload: bytes) -> None:
        self.blocked = replies.name(payload)

    def _unblocked(self, payload: bytes) -> None:
        self.blocked = None

    # --- the end -------------------------------------------------------------------------------------

    def _closing(self, payload: bytes) -> None:
        closing = decode_method(payload)
        assert isinstance(closing, Closing)
        if closing.scope == "channel":
            self.send(requests.CHANNEL_CLOSE_OK)
            error = ChannelClosed(closing.code, _readable(closing.text))
            self.channel_closed = error
            self._tell(error, self._fail(self._waiting[CHANNEL], error))
        else:
            self.send(requests.CONNECTION_CLOSE_OK, 0)
            self._lost(ConnectionClosed(closing.code, _readable(closing.text)))
            self.wire.close()

    def _ended(self, reason: str, not_amqp: bool) -> None:
        if self.connection_closed is None:
            self.not_amqp = not_amqp
            self._lost(ConnectionClosed(None, reason))

    def _lost(self, error: ConnectionClosed) -> None:
        self.connection_closed = error
        asked = [self._fail(waiting, error) for waiting in self._waiting]
        self._tell(error, any(asked))

    def _fail(self, waiting: deque[_Waiter], error: ChannelClosed | ConnectionClosed) -> bool:
        """Tell everybody who waits. False if that is nobody."""
        self._assembler = Assembler()
        self.consumers.clear()
        open_answers = [waiter.answer for waiter in waiting if not waiter.answer.done()]
        waiting.clear()
        for answer in open_answers:
            answer.set_exception(error)
        confirms, self.confirms = self.confirms, None
        return (confirms is not None and confirms.fail(error)) or bool(open_answers)

    def _tell(self, error: ChannelClosed | ConnectionClosed, answered: bool) -> None:
        if self.listeners.closed and not self.leaving:
            self.listeners.closed(error, answered)


async def within(answer: asyncio.Future[Answer], what: str, timeout: float) -> Answer:
    """``answer``, or TimedOut after ``timeout`` seconds."""
    try:
        async with asyncio.timeout(timeout):
            return await answer
    except TimeoutError:
        raise TimedOut(what, timeout) from None


def _readable(text: Text) -> str:
    """A broker's words, which may quote what is not UTF-8."""
    return bytes_of(text).decode("utf-8", "backslashreplace")
