"""AMQPStorm 2.4 to 3, as a peer: a thread for requests, and one that hands over what was delivered.

AMQPStorm reads in a thread of its own and waits by sleeping: a call takes 10 ms at the least. The second
thread does what ``Channel.start_consuming`` does, round by round, for it must not run while a consumer is
registered: a delivery whose callback is not there yet would end it with a KeyError. Between the rounds
it looks for a consumer that the broker ended, and for a connection or channel that is gone: there is no
callback for either.

What AMQPStorm's decoder cannot read is taken for a frame that is not complete; it then waits for ever.
"""

from __future__ import annotations

import queue as queues
import threading
from collections.abc import Sequence
from functools import partial
from typing import Any

import amqpstorm

from python_consumer import lines, requests, threads
from python_consumer.amqpstorm_losses import RAISES, loss_of, while_decoding
from python_consumer.delivery import PROPERTIES, Handed, delivery
from python_consumer.lines import CONNECTION, Loss
from python_consumer.output import Answers
from python_consumer.rim import CLOSE_SECONDS, identity

ROUND = 0.002
"""Seconds between two rounds, in which a consumer can be registered or ended."""


class AmqpstormRim:
    """The rim; its public methods are called by the loop's thread."""

    def __init__(self, answers: Answers) -> None:
        self.identity = identity("amqpstorm")
        self._answers = answers
        self._session: Session | None = None
        self._work: queues.SimpleQueue[requests.Request] = queues.SimpleQueue()
        threads.start("requests", self._serve)

    def submit(self, batch: Sequence[requests.Request]) -> None:
        """Take requests in order."""
        for request in batch:
            self._work.put(request)

    def close(self, seconds: float) -> bool:
        """Close the connection if there is one; False if AMQPStorm did not manage in that time."""
        return self._session is None or self._session.close(seconds)

    def _serve(self) -> None:
        while True:
            request = self._work.get()
            if isinstance(request, requests.Connect):
                self.close(CLOSE_SECONDS)
                self._session = connect(request, self._answers)
            elif self._session is None:
                self._answers.reply(lines.disconnected(request.id, lines.NOT_CONNECTED))
            else:
                self._session.take(request)
            if self._work.empty():
                self._answers.flush()


def connect(request: requests.Connect, answers: Answers) -> Session | None:
    """Connect, open a channel, and say how it went."""
    try:
        connection = amqpstorm.UriConnection(request.url)
        session = Session(connection, connection.channel(), answers)
    except RAISES as error:
        loss = loss_of(error, channel_open=False)
        refused = lines.refused(request.id, error)
        answers.reply(refused if loss is None else lines.disconnected(request.id, loss))
        return None
    answers.reply(lines.ok(request.id))
    return session


class Session:
    """One connection with its channel."""

    def __init__(self, connection: Any, channel: Any, answers: Answers) -> None:
        self._connection, self._channel, self._answers = connection, channel, answers
        self._consumers: dict[Any, str] = {}  # a consumer tag is bytes in 2.4
        self._loss: Loss | None = None
        self._asking = False
        self._lock = threading.RLock()
        self._left = threading.Event()
        threads.start("deliveries", self._hand_over)

    def close(self, seconds: float) -> bool:
        """Close in a thread of its own, because it may wait for ever; False if that was not done in time."""
        self._left.set()
        closer = threads.start("close", self._close)
        closer.join(seconds)
        return not closer.is_alive()

    def _close(self) -> None:
        try:
            self._connection.close()
        except RAISES as error:
            threads.note(f"close: {lines.said(error)}")

    # --- deliveries, and what is gone ----------------------------------------------------------------

    def _hand_over(self) -> None:
        while not self._left.wait(ROUND):
            try:
                with self._lock:
                    self._round()
            except RAISES as error:
                if self._ended(error):
                    return

    def _round(self) -> None:
        """A round of start_consuming; where nothing is consumed, just the look that it begins with."""
        if self._channel.consumer_tags:
            self._channel.process_data_events()
        else:
            self._channel.check_for_errors()
        gone = [tag for tag in self._consumers if tag not in self._channel.consumer_tags]
        if gone:
            self._channel.check_for_errors()  # a channel that ends loses its consumers first
        for tag in gone if self._channel.is_open else ():
            self._answers.event_soon(lines.cancelled(self._consumers.pop(tag)))

    def _ended(self, error: BaseException) -> bool:
        """Whether that was the end; if not, the library raised while it handed a message over."""
        loss = loss_of(error, bool(self._channel.is_open))
        if self._left.is_set():
            return True
        queues_consumed = set(self._consumers.values())
        if (loss is None or while_decoding(error)) and len(queues_consumed) == 1:
            self._answers.event_soon(lines.undecodable(queues_consumed.pop(), lines.said(error)))
        if loss is not None:
            self._lost(loss)
        return loss is not None

    def _lost(self, loss: Loss) -> None:
        with self._lock:
            known = self._loss is not None and self._loss.scope in (CONNECTION, loss.scope)
            self._loss = self._loss if known else loss
        if not known and (loss.scope == CONNECTION or not self._asking):
            self._answers.event_soon(lines.closed(loss))

    # --- requests ------------------------------------------------------------------------------------

    def take(self, request: requests.Request) -> None:
        """Do one request."""
        if self._loss is not None:
            self._answers.reply(lines.disconnected(request.id, self._loss))
            return
        self._asking = not isinstance(request, requests.SETTLES)
        try:
            getattr(self, f"_{type(request).__name__.lower()}")(request)
        except RAISES as error:
            loss = loss_of(error, bool(self._channel.is_open))
            if loss is not None:
                self._lost(loss)
            refused = lines.refused(request.id, error)
            self._answers.reply(refused if loss is None else lines.disconnected(request.id, loss))
        finally:
            self._asking = False

    def _declareexchange(self, request: requests.DeclareExchange) -> None:
        self._channel.exchange.declare(
            request.name,
            request.kind,
            passive=request.passive,
            durable=request.durable,
            auto_delete=request.auto_delete,
            arguments=request.arguments,
        )
        self._answers.reply(lines.ok(request.id))

    def _declarequeue(self, request: requests.DeclareQueue) -> None:
        self._channel.queue.declare(
            request.name,
            passive=request.passive,
            **request.options(),
        )
        self._answers.reply(lines.ok(request.id))

    def _bind(self, request: requests.Bind) -> None:
        self._channel.queue.bind(request.queue, request.exchange, request.routing_key, request.arguments)
        self._answers.reply(lines.ok(request.id))

    def _consume(self, request: requests.Consume) -> None:
        with self._lock:
            if request.prefetch:
                self._channel.basic.qos(request.prefetch)
            tag = self._channel.basic.consume(
                partial(self._handed, request.queue),
                request.queue,
                exclusive=request.exclusive,
                no_ack=request.no_ack,
                arguments=request.arguments,
            )
            self._consumers[tag] = request.queue
        self._answers.reply(lines.ok(request.id))

    def _cancel(self, request: requests.Cancel) -> None:
        with self._lock:
            tags = [tag for tag, queue in self._consumers.items() if queue == request.queue]
            if not tags:
                self._answers.reply(lines.not_consumed(request.id, request.queue))
                return
            self._channel.basic.cancel(tags[0])
            del self._consumers[tags[0]]
        self._answers.reply(lines.ok(request.id))

    def _get(self, request: requests.Get) -> None:
        message = self._channel.basic.get(request.queue)
        if message is None:
            self._answers.reply(lines.empty(request.id))
        else:
            self._answers.reply(lines.ok(request.id))
            self._handed(request.queue, message)

    def _ack(self, request: requests.Ack) -> None:
        self._channel.basic.ack(request.delivery_tag, request.multiple)
        self._answers.reply(lines.ok(request.id))

    def _nack(self, request: requests.Nack) -> None:
        self._channel.basic.nack(request.delivery_tag, request.multiple, request.requeue)
        self._answers.reply(lines.ok(request.id))

    def _reject(self, request: requests.Reject) -> None:
        self._channel.basic.reject(request.delivery_tag, request.requeue)
        self._answers.reply(lines.ok(request.id))

    # --- lines out -----------------------------------------------------------------------------------

    def _handed(self, queue: str, message: Any) -> None:
        """AMQPStorm calls the property ``type`` message_type; None is what it has for an absent one."""
        with threads.OURS:
            said, method = message.properties, message.method
            named = {**said, "type": said.get("message_type")}
            present = [(name, named[name]) for name in PROPERTIES if named.get(name) is not None]
            line = delivery(
                Handed(
                    queue,
                    message.delivery_tag,
                    message.redelivered,
                    method["exchange"],
                    method["routing_key"],
                    present,
                    message.body,
                )
            )
        self._answers.event_soon(line)
