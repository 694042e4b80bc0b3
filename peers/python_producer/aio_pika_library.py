"""aio-pika, from 6: a Message published to an exchange, on an event loop in the worker's thread.

The loop runs while a request is done, and for a moment whenever there is nothing to do. A channel with
confirms is another kind of channel in aio-pika, so it is opened beside the first when one is asked for.
aio-pika takes an expiration as a time, and fills in a message id, delivery mode, priority and headers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, TypeVar

import aio_pika
import aiormq
import aiormq.exceptions

from peers.python_producer.library import Confirmed, Library, Nacked, Outcome, Returned, Taken
from peers.python_producer.pamqp_form import form
from peers.python_producer.publication import Publication, milliseconds
from python_consumer.lines import CHANNEL, CONNECTION, Loss, said
from python_consumer.raising import LIBRARY_RAISES
from python_consumer.requests import Bind, DeclareExchange, DeclareQueue

Result = TypeVar("Result")
LOOK_SECONDS = 0.001
RAISES = (*LIBRARY_RAISES, aiormq.exceptions.AMQPError, asyncio.CancelledError)
"""Also CancelledError: what waits for a connection that is lost is cancelled by some releases."""
_INVALID_STATE: tuple[type[BaseException], ...] = tuple(
    vars(aiormq.exceptions)[name] for name in ("ChannelInvalidStateError",) if name in vars(aiormq.exceptions)
)
"""What newer releases raise for a channel that is closed already."""
_CODES = {
    "ChannelAccessRefused": 403,
    "ChannelNotFoundEntity": 404,
    "ChannelLockedResource": 405,
    "ChannelPreconditionFailed": 406,
    "ConnectionFrameError": 501,
    "ConnectionSyntaxError": 502,
    "ConnectionCommandInvalid": 503,
    "ConnectionChannelError": 504,
    "ConnectionUnexpectedFrame": 505,
    "ConnectionResourceError": 506,
    "ConnectionNotAllowed": 530,
    "ConnectionNotImplemented": 540,
    "ConnectionInternalError": 541,
}
"""The reply codes that aiormq keeps as classes of exceptions only."""


class AioPikaSession:
    """One connection, its channel, and another with confirms if need be."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._reason: BaseException | None = None
        self._confirming: Any = None
        self._exchanges: dict[tuple[Any, str], Any] = {}
        self._connection: Any = self._run(aio_pika.connect(url))
        self._channel: Any = self._run(self._open(publisher_confirms=False))

    def _run(self, awaitable: Awaitable[Result]) -> Result:
        return self._loop.run_until_complete(awaitable)

    async def _open(self, **options: bool) -> Any:
        channel = self._connection.channel(**options)
        await channel.initialize()
        if hasattr(channel, "close_callbacks"):
            channel.close_callbacks.add(self._on_close)
        else:
            channel.add_close_callback(self._on_close)
        return channel

    def _on_close(self, _channel: Any, reason: BaseException | None = None, *_more: Any) -> None:
        self._reason = self._reason or reason

    def declare_exchange(self, request: DeclareExchange) -> None:
        """exchange.declare"""
        self._run(
            self._channel.declare_exchange(
                request.name,
                request.kind,
                passive=request.passive,
                durable=request.durable,
                auto_delete=request.auto_delete,
                arguments=request.arguments,
            )
        )

    def declare_queue(self, request: DeclareQueue) -> None:
        """queue.declare"""
        self._run(
            self._channel.declare_queue(
                request.name,
                passive=request.passive,
                **request.options(),
            )
        )

    def bind(self, request: Bind) -> None:
        """queue.bind; a Queue comes from a declare, so this one is declared passively."""
        self._run(self._bind(request))

    async def _bind(self, request: Bind) -> None:
        queue = await self._channel.declare_queue(request.queue, passive=True)
        await queue.bind(request.exchange, routing_key=request.routing_key, arguments=request.arguments)

    def publish(self, publication: Publication) -> Outcome:
        """Exchange.publish"""
        return self._run(self._publish(publication))

    async def _publish(self, publication: Publication) -> Outcome:
        channel = self._channel
        if publication.confirm:
            if self._confirming is None:
                self._confirming = await self._open(publisher_confirms=True, on_return_raises=True)
            channel = self._confirming
        exchange = await self._exchange(channel, publication.exchange)
        message = aio_pika.Message(publication.body, **publication.properties)
        try:
            await exchange.publish(message, publication.routing_key, mandatory=publication.mandatory)
        except aiormq.exceptions.DeliveryError as error:
            frame: Any = error.frame
            if hasattr(frame, "reply_code"):
                return Returned(frame.reply_code, frame.reply_text)
            return Nacked()
        return Confirmed() if publication.confirm else Taken()

    async def _exchange(self, channel: Any, name: str) -> Any:
        """The exchange of that name, by the means of the release; none of them declares it."""
        if name == "":
            return channel.default_exchange
        known = self._exchanges.get((channel, name))
        if known is None:
            if hasattr(channel, "get_exchange"):
                known = await channel.get_exchange(name, ensure=False)
            else:
                known = await channel.declare_exchange(name, passive=True)
            self._exchanges[channel, name] = known
        return known

    def look(self) -> None:
        """Let the loop run for a moment: heartbeats, and what the broker closed."""
        self._run(asyncio.sleep(LOOK_SECONDS))
        if self._reason is not None:
            raise self._reason
        if self._connection.is_closed:
            raise aiormq.exceptions.ConnectionClosed(0, "the connection is closed")

    def close(self) -> None:
        """Close the connection."""
        try:
            if not self._connection.is_closed:
                self._run(self._connection.close())
        finally:
            self._loop.close()


def _loss_of(error: BaseException) -> Loss | None:
    """What is gone. ChannelClosed and ConnectionClosed hold code and text, their subclasses the text."""
    code = _CODES.get(type(error).__name__)
    if code is None and error.args and isinstance(error.args[0], int):
        code = error.args[0] or None
    if isinstance(error, aiormq.exceptions.AMQPChannelError):
        return Loss(CHANNEL, said(error), code)
    if isinstance(error, (*_INVALID_STATE, asyncio.CancelledError)):
        return Loss(CHANNEL, said(error))
    if isinstance(error, (aiormq.exceptions.AMQPConnectionError, OSError)):
        return Loss(CONNECTION, said(error), code if 200 < (code or 0) < 600 else None)
    return None


def _headers(table: dict[Any, Any]) -> Any:
    return aio_pika.Message(b"", headers=table).properties.headers


def _marshal(given: dict[str, Any]) -> object:
    return aio_pika.Message(b"", **given).properties.marshal()


def _expiration(text: str) -> timedelta:
    return timedelta(milliseconds=milliseconds(text))


LIBRARY = Library(
    "aio-pika", "aio-pika", form(_headers, _marshal, _expiration), AioPikaSession, RAISES, _loss_of
)
