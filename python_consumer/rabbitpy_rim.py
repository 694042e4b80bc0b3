"""rabbitpy 2 and 3, as a peer: a thread for requests, and a channel and a thread for each consumed queue.

rabbitpy iterates over one queue a channel (its manual warns of more), and a call on a channel that
iterates reorders the deliveries; so calls have a channel of their own, and so has each consume. Delivery
tags are numbered a channel: the first channel that delivers reports them as they are on the wire, the n-th
adds (n - 1) * 2^40.
``multiple`` settles what one channel delivered.

rabbitpy decodes in its IO thread, and what that thread raises reaches no caller: a get or an iteration waits
for ever. Nothing here hides that; requests that need no answer of the broker (ack, nack, reject) are done in
the loop's thread and go on being answered.
"""

from __future__ import annotations

import queue as queues
import threading
from collections.abc import Callable, Sequence
from typing import Any

import rabbitpy
import rabbitpy.exceptions

from python_consumer import lines, requests, threads
from python_consumer.lines import CHANNEL, CONNECTION, Loss
from python_consumer.output import Answers
from python_consumer.rabbitpy_consumer import Consumer, Lane
from python_consumer.rabbitpy_losses import RAISES, UNCONNECTED, is_loss, loss_of
from python_consumer.rabbitpy_queue import made_delivery
from python_consumer.rim import CLOSE_SECONDS, identity

CANCEL = "op:cancel"
LANE_TAGS = 1 << 40
"""Delivery tags of two channels are this far apart."""


class RabbitpyRim:
    """The rim; public methods are called by the loop's thread."""

    def __init__(self, answers: Answers) -> None:
        self.identity = identity("rabbitpy", unsupported=(CANCEL,))
        self._answers = answers
        self._session: Session | None = None
        self._work: queues.Queue[requests.Request] = queues.Queue()
        threads.start("requests", self._serve)

    def submit(self, batch: Sequence[requests.Request]) -> None:
        """Take requests in order; settling does not wait for the others."""
        for request in batch:
            if isinstance(request, requests.SETTLES):
                self._take(request)
            else:
                self._work.put(request)

    def close(self, seconds: float) -> bool:
        """Close the connection if there is one; False if rabbitpy did not manage in that time."""
        return self._session is None or self._session.close(seconds)

    def _serve(self) -> None:
        while True:
            request = self._work.get()
            if isinstance(request, requests.Connect):
                self._connect(request)
            else:
                self._take(request)
            if self._work.empty():
                self._answers.flush()

    def _connect(self, request: requests.Connect) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close(CLOSE_SECONDS)
        try:
            self._session = Session(request.url, self._answers)
        except UNCONNECTED as error:
            self._answers.reply(lines.disconnected(request.id, loss_of(error)))
        except RAISES as error:
            made = loss_of(error)
            line = lines.refused(request.id, error) if made.code is None else None
            self._answers.reply(line or lines.disconnected(request.id, made))
        else:
            self._answers.reply(lines.ok(request.id))

    def _take(self, request: requests.Request) -> None:
        if self._session is None:
            self._answers.reply(lines.disconnected(request.id, lines.NOT_CONNECTED))
        else:
            self._session.take(request)


class _Left(Exception):
    """A connection is left without goodbye."""


class Session:
    """One connection, the channel for calls, and a lane a consumed queue."""

    def __init__(self, url: str, answers: Answers) -> None:
        """Connect and open the first channel. Whatever rabbitpy raises."""
        self._answers = answers
        self._connection: Any = rabbitpy.Connection(url)
        self._channel: Any = self._connection.channel()
        self._lanes: list[Lane] = []
        self._lock = threading.Lock()
        self._consumers: dict[str, Consumer] = {}
        self._gets: Lane | None = None
        self._calls_loss: Loss | None = None
        self._loss: Loss | None = None
        self._left = False

    def close(self, seconds: float) -> bool:
        """Close in a thread of its own, because it may wait for ever; False if it was not done in time.

        In the end the socket is closed in any case, so that the broker takes back what was not settled.
        """
        self._left = True
        closer = threads.start("close", self._close)
        closer.join(seconds)
        self._drop()
        return not closer.is_alive()

    def _close(self) -> None:
        """Say goodbye, if rabbitpy can.

        It cannot while a thread iterates: cancelling a consumer from another thread may end in an error, see
        rabbitpy_consumer. Then a new channel is opened instead, whose open-ok says that all acks before it
        were written.
        """
        if self._loss is not None:
            return
        try:
            if self._consumers:
                self._connection.channel()
            else:
                self._connection.close()
        except RAISES as error:
            threads.note(f"close: {lines.said(error)}")

    def _drop(self) -> None:
        """What leaving the with block by an exception does; and the socket too, which 2.0.1 leaves open."""
        try:
            self._connection.__exit__(_Left, _Left(), None)
        except _Left:
            self._connection._io.stop()
        except RAISES as error:
            threads.note(f"close: {lines.said(error)}")

    # --- requests ------------------------------------------------------------------------------------

    def take(self, request: requests.Request) -> None:
        """Do one request."""
        settle = isinstance(request, requests.SETTLES)
        loss = self._loss or (None if settle else self._calls_loss)
        if loss is not None and not (loss.scope == CHANNEL and isinstance(request, requests.Consume)):
            self._answers.reply(lines.disconnected(request.id, loss))
            return
        try:
            getattr(self, f"_{type(request).__name__.lower()}")(request)
        except RAISES as error:
            self._raised(request.id, error, settle)

    def _raised(self, request_id: int, error: BaseException, settle: bool) -> None:
        """Answer with what the library raised. The loss of the connection is an event as well."""
        if not is_loss(error):
            self._answers.reply(lines.refused(request_id, error))
            return
        loss = loss_of(error)
        if loss.scope == CONNECTION:
            self._lose(loss)
        elif not settle:
            self._calls_loss = loss
        self._answers.reply(lines.disconnected(request_id, loss))

    def _lose(self, loss: Loss) -> None:
        """The connection is gone: say so once."""
        with self._lock:
            first, self._loss = self._loss is None, self._loss or loss
        if first and not self._left:
            self._answers.event_soon(lines.closed(loss))

    def _declareexchange(self, request: requests.DeclareExchange) -> None:
        rabbitpy.Exchange(
            self._channel,
            request.name,
            exchange_type=request.kind,
            durable=request.durable,
            auto_delete=request.auto_delete,
            arguments=request.arguments,
        ).declare(passive=request.passive)
        self._answers.reply(lines.ok(request.id))

    def _declarequeue(self, request: requests.DeclareQueue) -> None:
        rabbitpy.Queue(
            self._channel,
            request.name,
            **request.options(),
        ).declare(passive=request.passive)
        self._answers.reply(lines.ok(request.id))

    def _bind(self, request: requests.Bind) -> None:
        queue = rabbitpy.Queue(self._channel, request.queue)
        queue.bind(request.exchange, request.routing_key, request.arguments)
        self._answers.reply(lines.ok(request.id))

    def _get(self, request: requests.Get) -> None:
        message = rabbitpy.Queue(self._channel, request.queue).get()
        if message is None:
            self._answers.reply(lines.empty(request.id))
            return
        if self._gets is None:
            self._gets = self._lane(self._channel)
        self._answers.reply(lines.ok(request.id))
        self._answers.event(made_delivery(request.queue, self._gets.offset, message))

    def _consume(self, request: requests.Consume) -> None:
        lane = self._lane(self._connection.channel())
        self._consumers[request.queue] = Consumer(request, lane, self._answers, self._ended)

    def _ended(self, consumer: Consumer, loss: Loss | None) -> bool:
        """Called by the consumer's thread. Whether anybody shall hear of it."""
        if self._consumers.get(consumer.queue) is consumer:
            del self._consumers[consumer.queue]
        if loss is not None and loss.scope == CONNECTION:
            self._lose(loss)
        return not self._left

    def _cancel(self, request: requests.Cancel) -> None:
        self._answers.reply(
            lines.unsupported(request.id, CANCEL, "rabbitpy fails by chance to end an iteration from outside")
        )

    def _ack(self, request: requests.Ack) -> None:
        self._settle(request, lambda lane, tag: lane.amqp.basic_ack(tag, request.multiple))

    def _nack(self, request: requests.Nack) -> None:
        self._settle(request, lambda lane, tag: lane.amqp.basic_nack(tag, request.multiple, request.requeue))

    def _reject(self, request: requests.Reject) -> None:
        self._settle(request, lambda lane, tag: lane.amqp.basic_reject(tag, request.requeue))

    def _settle(self, request: requests.Settle, act: Callable[[Lane, int], None]) -> None:
        number, tag = divmod(request.delivery_tag, LANE_TAGS)
        if number >= len(self._lanes):
            raise ValueError(f"no channel has delivered {request.delivery_tag}")
        lane = self._lanes[number]
        if lane.loss is not None:
            self._answers.reply(lines.disconnected(request.id, lane.loss))
            return
        act(lane, tag)
        self._answers.reply(lines.ok(request.id))

    def _lane(self, channel: Any) -> Lane:
        with self._lock:
            lane = Lane(channel, len(self._lanes) * LANE_TAGS)
            self._lanes.append(lane)
        return lane
