"""One connection of pika with its channel; only the I/O loop's thread touches it.

What pika raises while it decodes a frame ends its connection (StreamLostError, the cause in its text):
reported as ``undecodable`` for the queue if just one is consumed or asked, and as ``closed``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import pika
import pika.exceptions
from pika import spec
from pika.adapters.select_connection import IOLoop

from python_consumer import lines, requests, threads
from python_consumer.delivery import PROPERTIES, Handed, delivery
from python_consumer.lines import CHANNEL, CONNECTION, Loss
from python_consumer.output import Answers
from python_consumer.pika_losses import loss_of, while_decoding
from python_consumer.raising import LIBRARY_RAISES


class Session:
    """One connection with its channel. ``ready`` is called once when connect has been answered."""

    def __init__(
        self, request: requests.Connect, io: IOLoop, answers: Answers, ready: Callable[[], None]
    ) -> None:
        """Start to connect. Whatever pika raises for a URL that it cannot use."""
        self.opening = True
        self._request, self._io, self._answers, self._ready = request, io, answers, ready
        self._channel: Any = None
        self._loss: Loss | None = None
        self._waiting: list[int] = []
        self._gets: deque[requests.Get] = deque()
        self._queues: dict[str, str] = {}
        self._prefetch = 0
        self._flush_due = False
        self._then: Callable[[], None] | None = None
        self._connection: Any = pika.SelectConnection(
            pika.URLParameters(request.url),
            on_open_callback=self._opened,
            on_open_error_callback=self._not_opened,
            on_close_callback=self._lost,
            custom_ioloop=io,
        )

    # --- connection and channel ----------------------------------------------------------------------

    def _opened(self, connection: Any) -> None:
        connection.channel(on_open_callback=self._channel_opened)

    def _not_opened(self, _connection: Any, error: BaseException) -> None:
        self._loss = loss_of(CONNECTION, error)
        self._answered(lines.disconnected(self._request.id, self._loss))

    def _channel_opened(self, channel: Any) -> None:
        self._channel = channel
        channel.add_on_close_callback(self._channel_lost)
        channel.add_on_cancel_callback(self._cancelled)
        channel.add_callback(self._got_empty, [spec.Basic.GetEmpty], one_shot=False)
        self._answered(lines.ok(self._request.id))

    def _answered(self, line: dict[str, Any]) -> None:
        self.opening = False
        self._reply(line)
        self._ready()

    def _channel_lost(self, _channel: Any, reason: BaseException) -> None:
        if isinstance(reason, pika.exceptions.ChannelClosedByBroker):
            self._gone(loss_of(CHANNEL, reason))

    def _lost(self, _connection: Any, error: BaseException) -> None:
        if self._then is not None:
            self._then()
            return
        if self.opening:
            self._not_opened(_connection, error)
            return
        if while_decoding(error):
            queues = {*self._queues.values(), *(get.queue for get in self._gets)}
            for queue in queues if len(queues) == 1 else ():
                self._event(lines.undecodable(queue, lines.said(error)))
        self._gone(loss_of(CONNECTION, error))

    def _gone(self, loss: Loss) -> None:
        """Answer all that waits with the loss; if nothing waits, nobody had asked for it."""
        self._loss = loss
        waiting = [*self._waiting, *(get.id for get in self._gets)]
        self._waiting.clear()
        self._gets.clear()
        for request_id in waiting:
            self._reply(lines.disconnected(request_id, loss))
        if not waiting or loss.scope == CONNECTION:
            self._event(lines.closed(loss))

    def _cancelled(self, method: Any) -> None:
        queue = self._queues.pop(method.method.consumer_tag, None)
        if queue is not None:
            self._event(lines.cancelled(queue))

    def close(self, then: Callable[[], None]) -> None:
        """Close if it is open, and then ``then``."""
        if self._connection.is_open:
            self._then = then
            self._connection.close()
        else:
            then()

    # --- requests ------------------------------------------------------------------------------------

    def take(self, request: requests.Request) -> None:
        """Do one request; what pika raises at once is its refusal."""
        if self._loss is not None:
            self._reply(lines.disconnected(request.id, self._loss))
            return
        try:
            getattr(self, f"_{type(request).__name__.lower()}")(request)
        except (*LIBRARY_RAISES, pika.exceptions.AMQPError) as error:
            if request.id in self._waiting:
                self._waiting.remove(request.id)
            self._reply(lines.refused(request.id, error))

    def _done(self, request_id: int) -> Callable[[Any], None]:
        """The callback of an RPC that waits for its answer."""
        self._waiting.append(request_id)

        def answered(_frame: Any) -> None:
            self._waiting.remove(request_id)
            self._reply(lines.ok(request_id))

        return answered

    def _declareexchange(self, request: requests.DeclareExchange) -> None:
        self._channel.exchange_declare(
            request.name,
            exchange_type=request.kind,
            passive=request.passive,
            durable=request.durable,
            auto_delete=request.auto_delete,
            arguments=request.arguments,
            callback=self._done(request.id),
        )

    def _declarequeue(self, request: requests.DeclareQueue) -> None:
        self._channel.queue_declare(
            request.name,
            passive=request.passive,
            **request.options(),
            callback=self._done(request.id),
        )

    def _bind(self, request: requests.Bind) -> None:
        self._channel.queue_bind(
            request.queue,
            request.exchange,
            routing_key=request.routing_key,
            arguments=request.arguments,
            callback=self._done(request.id),
        )

    def _consume(self, request: requests.Consume) -> None:
        if request.prefetch != self._prefetch:
            self._prefetch = request.prefetch
            self._channel.basic_qos(prefetch_count=request.prefetch)
        tag = f"{request.id}"
        self._queues[tag] = request.queue
        self._channel.basic_consume(
            request.queue,
            partial(self._deliver, request.queue),
            auto_ack=request.no_ack,
            exclusive=request.exclusive,
            consumer_tag=tag,
            arguments=request.arguments,
            callback=self._done(request.id),
        )

    def _cancel(self, request: requests.Cancel) -> None:
        tags = [tag for tag, queue in self._queues.items() if queue == request.queue]
        if not tags:
            self._reply(lines.not_consumed(request.id, request.queue))
            return
        del self._queues[tags[0]]
        self._channel.basic_cancel(tags[0], callback=self._done(request.id))

    def _get(self, request: requests.Get) -> None:
        self._gets.append(request)
        if len(self._gets) == 1:
            self._next_get()

    def _next_get(self) -> None:
        # pika takes one basic.get at a time.
        if self._gets:
            self._channel.basic_get(self._gets[0].queue, self._got)

    def _got(self, channel: Any, method: Any, properties: Any, body: bytes) -> None:
        request = self._gets.popleft()
        self._reply(lines.ok(request.id))
        self._deliver(request.queue, channel, method, properties, body)
        self._next_get()

    def _got_empty(self, _frame: Any) -> None:
        self._reply(lines.empty(self._gets.popleft().id))
        self._next_get()

    def _ack(self, request: requests.Ack) -> None:
        self._channel.basic_ack(request.delivery_tag, request.multiple)
        self._reply(lines.ok(request.id))

    def _nack(self, request: requests.Nack) -> None:
        self._channel.basic_nack(request.delivery_tag, request.multiple, request.requeue)
        self._reply(lines.ok(request.id))

    def _reject(self, request: requests.Reject) -> None:
        self._channel.basic_reject(request.delivery_tag, request.requeue)
        self._reply(lines.ok(request.id))

    # --- lines out -----------------------------------------------------------------------------------

    def _deliver(self, queue: str, _channel: Any, method: Any, properties: Any, body: bytes) -> None:
        with threads.OURS:
            present = [
                (name, value) for name in PROPERTIES if (value := getattr(properties, name)) is not None
            ]
            line = delivery(
                Handed(
                    queue,
                    method.delivery_tag,
                    method.redelivered,
                    method.exchange,
                    method.routing_key,
                    present,
                    body,
                )
            )
        self._event(line)

    def _reply(self, line: dict[str, Any]) -> None:
        self._answers.reply(line)
        self._flush_when_drained()

    def _event(self, line: dict[str, Any]) -> None:
        self._answers.event(line)
        self._flush_when_drained()

    def _flush_when_drained(self) -> None:
        # A timer of no time runs when the loop has handled all that its sockets had.
        if not self._flush_due:
            self._flush_due = True
            self._io.call_later(0, self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        self._answers.flush()
