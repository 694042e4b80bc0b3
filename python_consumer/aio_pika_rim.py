"""aio-pika 6 to 10, as a peer: ``connect`` and not ``connect_robust``, which would connect again by itself.

Requests are done one after the other in the event loop of one thread. A message is settled by its own
methods, so those that are not settled yet are kept. An application hears nothing of a consumer that the
broker cancelled.

``expiration`` is handed over in seconds, ``delivery_mode``, ``priority`` and ``headers`` have values where
the message has none. What aio-pika raises while it makes its message, after the frames were decoded, goes to
its log (6 to 10) and to no caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Any

import aio_pika

from python_consumer import lines, requests, threads
from python_consumer.aio_pika_losses import RAISES, loss_of, scope_of, while_decoding
from python_consumer.delivery import PROPERTIES, Handed, delivery
from python_consumer.lines import CHANNEL, CONNECTION, Loss
from python_consumer.output import Answers
from python_consumer.rim import CLOSE_SECONDS, identity

UNSUPPORTED = ("event:cancelled",)


class AioPikaRim:
    """The rim; its public methods are called by the loop's thread, all others by the event loop's."""

    def __init__(self, answers: Answers) -> None:
        self.identity = identity("aio-pika", unsupported=UNSUPPORTED)
        self._answers = answers
        self._session: Session | None = None
        self._loop = asyncio.new_event_loop()
        self._inbox: asyncio.Queue[requests.Request]
        threads.start("aio-pika", self._run)

    def submit(self, batch: Sequence[requests.Request]) -> None:
        """Take requests in order."""
        self._loop.call_soon_threadsafe(self._put, batch)

    def close(self, seconds: float) -> bool:
        """Close the connection if there is one; False if aio-pika did not manage in that time."""
        leaving = asyncio.run_coroutine_threadsafe(self._leave(seconds), self._loop)
        return leaving.result()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._inbox = asyncio.Queue()
        self._loop.run_until_complete(self._serve())

    def _put(self, batch: Sequence[requests.Request]) -> None:
        for request in batch:
            self._inbox.put_nowait(request)

    async def _serve(self) -> None:
        while True:
            request = await self._inbox.get()
            if isinstance(request, requests.Connect):
                await self._leave(CLOSE_SECONDS)
                self._session = await connect(request, self._answers)
            elif self._session is None:
                self._answers.reply(lines.disconnected(request.id, lines.NOT_CONNECTED))
            else:
                await self._session.take(request)
            if self._inbox.empty():
                self._answers.flush()

    async def _leave(self, seconds: float) -> bool:
        session, self._session = self._session, None
        return session is None or await session.close(seconds)


async def connect(request: requests.Connect, answers: Answers) -> Session | None:
    """Connect, open a channel, and say how it went."""
    try:
        connection = await aio_pika.connect(request.url)
        channel = await connection.channel()
    except RAISES as error:
        refused = lines.refused(request.id, error)
        lost = scope_of(error) is not None
        answers.reply(lines.disconnected(request.id, loss_of(CONNECTION, error)) if lost else refused)
        return None
    answers.reply(lines.ok(request.id))
    return Session(connection, channel, answers)


class Session:
    """One connection with its channel."""

    def __init__(self, connection: Any, channel: Any, answers: Answers) -> None:
        self._connection, self._channel, self._answers = connection, channel, answers
        self._consumers: dict[str, tuple[Any, str]] = {}
        self._unsettled: dict[int, Any] = {}
        self._asking = self._leaving = False
        self._loss: Loss | None = None
        # Kept, for 6.8 holds them weakly.
        self._listeners = partial(self._closed, CONNECTION), partial(self._closed, CHANNEL)
        connection.close_callbacks.add(self._listeners[0])
        if hasattr(channel, "close_callbacks"):
            channel.close_callbacks.add(self._listeners[1])
        else:  # before 6.1 a channel tells only of being closed by its own side
            channel.channel.closing.add_done_callback(self._listeners[1])

    async def close(self, seconds: float) -> bool:
        """Close; False if that was not done in time."""
        self._leaving = True
        try:
            await asyncio.wait_for(self._connection.close(), seconds)
        except asyncio.TimeoutError:  # noqa: UP041 - another class before CPython 3.11
            return False
        except RAISES as error:
            threads.note(f"close: {lines.said(error)}")
        return True

    # --- what is gone --------------------------------------------------------------------------------

    def _closed(self, scope: str, *arguments: Any) -> None:
        """A close callback. Its last argument is an exception or a future that holds one, by release."""
        said = arguments[-1] if arguments else None
        if isinstance(said, asyncio.Future):
            said = None if said.cancelled() else said.exception()
        error = said if isinstance(said, BaseException) else ConnectionError("closed")
        if scope == CHANNEL and scope_of(error) != CHANNEL:
            return  # the end of the connection, which says so itself
        self._lost(loss_of(scope, error), error)

    def _lost(self, loss: Loss, error: BaseException) -> None:
        known = self._loss is not None and self._loss.scope in (CONNECTION, loss.scope)
        if self._leaving or known:
            return
        self._loss = loss
        queues = set(self._consumers)
        if while_decoding(error) and len(queues) == 1:
            self._answers.event_soon(lines.undecodable(queues.pop(), lines.said(error)))
        if loss.scope == CONNECTION or not self._asking:
            self._answers.event_soon(lines.closed(loss))

    # --- requests ------------------------------------------------------------------------------------

    async def take(self, request: requests.Request) -> None:
        """Do one request."""
        if self._loss is not None:
            self._answers.reply(lines.disconnected(request.id, self._loss))
            return
        self._asking = not isinstance(request, requests.SETTLES)
        try:
            await self._do(request)
        except RAISES as error:
            self._answers.reply(self._refused(request.id, error))
        finally:
            self._asking = False

    def _refused(self, request_id: int, error: BaseException) -> dict[str, Any]:
        scope = CHANNEL if isinstance(error, asyncio.CancelledError) else scope_of(error)
        if scope is None and self._loss is None:
            return lines.refused(request_id, error)
        self._loss = self._loss or loss_of(scope or CONNECTION, error)
        return lines.disconnected(request_id, self._loss)

    def _do(self, request: requests.Request) -> Coroutine[Any, Any, None]:
        done: Coroutine[Any, Any, None] = getattr(self, f"_{type(request).__name__.lower()}")(request)
        return done

    async def _declareexchange(self, request: requests.DeclareExchange) -> None:
        await self._channel.declare_exchange(
            request.name,
            aio_pika.ExchangeType(request.kind),
            durable=request.durable,
            auto_delete=request.auto_delete,
            passive=request.passive,
            arguments=request.arguments,
        )
        self._answers.reply(lines.ok(request.id))

    async def _declarequeue(self, request: requests.DeclareQueue) -> None:
        await self._channel.declare_queue(
            request.name,
            passive=request.passive,
            **request.options(),
        )
        self._answers.reply(lines.ok(request.id))

    def _queue(self, name: str) -> Coroutine[Any, Any, Any]:
        """The queue, which must be there: what all releases call a passive declare."""
        queue: Coroutine[Any, Any, Any] = self._channel.declare_queue(name, passive=True)
        return queue

    async def _bind(self, request: requests.Bind) -> None:
        queue = await self._queue(request.queue)
        await queue.bind(request.exchange, request.routing_key, arguments=request.arguments)
        self._answers.reply(lines.ok(request.id))

    async def _consume(self, request: requests.Consume) -> None:
        queue = await self._queue(request.queue)
        if request.prefetch:
            await self._channel.set_qos(prefetch_count=request.prefetch)
        tag = f"{request.id}"
        self._consumers[request.queue] = queue, tag
        try:
            await queue.consume(
                partial(self._handed, request.queue, request.no_ack),
                no_ack=request.no_ack,
                exclusive=request.exclusive,
                arguments=request.arguments,
                consumer_tag=tag,
            )
        except RAISES:
            del self._consumers[request.queue]
            raise
        self._answers.reply(lines.ok(request.id))

    async def _cancel(self, request: requests.Cancel) -> None:
        if request.queue not in self._consumers:
            self._answers.reply(lines.not_consumed(request.id, request.queue))
            return
        queue, tag = self._consumers.pop(request.queue)
        await queue.cancel(tag)
        self._answers.reply(lines.ok(request.id))

    async def _get(self, request: requests.Get) -> None:
        queue = await self._queue(request.queue)
        message = await queue.get(fail=False)
        if message is None:
            self._answers.reply(lines.empty(request.id))
        else:
            self._answers.reply(lines.ok(request.id))
            await self._handed(request.queue, False, message)

    async def _ack(self, request: requests.Ack) -> None:
        await self._settled(request.delivery_tag, request.multiple).ack(multiple=request.multiple)
        self._answers.reply(lines.ok(request.id))

    async def _nack(self, request: requests.Nack) -> None:
        message = self._settled(request.delivery_tag, request.multiple)
        await message.nack(multiple=request.multiple, requeue=request.requeue)
        self._answers.reply(lines.ok(request.id))

    async def _reject(self, request: requests.Reject) -> None:
        await self._settled(request.delivery_tag, False).reject(requeue=request.requeue)
        self._answers.reply(lines.ok(request.id))

    def _settled(self, tag: int, multiple: bool) -> Any:
        """The message of that tag, which needs not be kept any longer. LookupError if there is none."""
        if tag not in self._unsettled:
            raise LookupError(f"a message is settled by itself, and there is none of tag {tag} to be settled")
        message = self._unsettled.pop(tag)
        if multiple:
            for earlier in [kept for kept in self._unsettled if kept < tag]:
                del self._unsettled[earlier]
        return message

    # --- lines out -----------------------------------------------------------------------------------

    async def _handed(self, queue: str, no_ack: bool, message: Any) -> None:
        with threads.OURS:
            if not no_ack:
                self._unsettled[message.delivery_tag] = message
            present = [(name, value) for name in PROPERTIES if (value := getattr(message, name)) is not None]
            line = delivery(
                Handed(
                    queue,
                    message.delivery_tag,
                    message.redelivered,
                    message.exchange,
                    message.routing_key,
                    present,
                    message.body,
                )
            )
        self._answers.event_soon(line)
