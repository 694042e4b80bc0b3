"""kombu on its transport pyamqp, as a peer: kombu's entities and its Consumer, over py-amqp's connection.

What an application's callback gets is the message and its body as kombu decoded it, by content_type and
content_encoding: text and bytes are reported as such; where a serializer made another object of it, the
message's own ``body``, which the callback has too. What kombu raises while it decodes leaves drain_events, as
its users see it.

kombu has no way to say basic.nack, nor to consume exclusively; of a cancelled consumer its users hear by
ConsumerCancelled.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import kombu
import kombu.exceptions

from python_consumer import lines, requests
from python_consumer.amqp_losses import RAISES, loss_of
from python_consumer.amqp_session import NACK, AmqpSession
from python_consumer.arguments import Unsupported
from python_consumer.output import Answers
from python_consumer.reading import ReadingRim
from python_consumer.rim import identity

EXCLUSIVE = "consume:exclusive"
UNSUPPORTED = (NACK, EXCLUSIVE)


class KombuRim(ReadingRim):
    """See :class:`~python_consumer.reading.ReadingRim`."""

    def __init__(self, answers: Answers) -> None:
        super().__init__(identity("kombu", unsupported=UNSUPPORTED), answers, connect)


def connect(request: requests.Connect, answers: Answers) -> KombuSession | None:
    """Connect, open a channel, and say how it went."""
    try:
        client = kombu.Connection(request.url)
        client.connect()
        session = KombuSession(client.connection, client.channel(), answers)
    except KombuSession.raises as error:
        wrapped = isinstance(error, kombu.exceptions.OperationalError)
        loss = loss_of((wrapped and error.__cause__) or error, connected=False)
        refused = lines.refused(request.id, error)
        answers.reply(refused if loss is None else lines.disconnected(request.id, loss))
        return None
    answers.reply(lines.ok(request.id))
    return session


class KombuSession(AmqpSession):
    """One connection with its channel, and a kombu Consumer a consumed queue."""

    raises = (*RAISES, kombu.exceptions.KombuError)

    def __init__(self, connection: Any, channel: Any, answers: Answers) -> None:
        super().__init__(connection, channel, answers)
        self._consumers: dict[str, Any] = {}

    def _declareexchange(self, request: requests.DeclareExchange) -> None:
        exchange = kombu.Exchange(
            request.name,
            request.kind,
            durable=request.durable,
            auto_delete=request.auto_delete,
            arguments=request.arguments,
            channel=self._channel,
        )
        exchange.declare(passive=request.passive)
        self._answers.reply(lines.ok(request.id))

    def _declarequeue(self, request: requests.DeclareQueue) -> None:
        queue = kombu.Queue(
            request.name,
            **request.options("queue_arguments"),
            channel=self._channel,
        )
        queue.queue_declare(passive=request.passive)
        self._answers.reply(lines.ok(request.id))

    def _bind(self, request: requests.Bind) -> None:
        queue = kombu.Queue(request.queue, channel=self._channel)
        queue.bind_to(request.exchange, request.routing_key, arguments=request.arguments)
        self._answers.reply(lines.ok(request.id))

    def _consume(self, request: requests.Consume) -> None:
        if request.exclusive:
            raise Unsupported(EXCLUSIVE, "kombu passes no such flag on")
        consumer = kombu.Consumer(
            self._channel,
            [kombu.Queue(request.queue, consumer_arguments=request.arguments, channel=self._channel)],
            no_ack=request.no_ack,
            auto_declare=False,
            callbacks=[partial(self._handed, request.queue)],
            tag_prefix=f"{request.id}-",
        )
        if request.prefetch:
            consumer.qos(prefetch_count=request.prefetch)
        consumer.consume()
        self._consumers[request.queue] = consumer
        self._queues[consumer._active_tags[request.queue]] = request.queue
        self._answers.reply(lines.ok(request.id))

    def _end(self, tag: str, queue: str) -> None:
        self._consumers.pop(queue).cancel()

    def _get(self, request: requests.Get) -> None:
        message = kombu.Queue(request.queue, channel=self._channel).get()
        if message is None:
            self._answers.reply(lines.empty(request.id))
            return
        self._answers.reply(lines.ok(request.id))
        try:
            body = message.payload
        except self.raises as error:
            self._answers.event(lines.undecodable(request.queue, lines.said(error)))
        else:
            self._handed(request.queue, body, message)

    def _handed(self, queue: str, body: object, message: Any) -> None:
        """kombu has the headers apart, and an empty dict where there are none."""
        properties = {**message.properties, "headers": message.headers}
        handed = body if isinstance(body, (str, bytes, bytearray, memoryview)) else message.body
        self._deliver(queue, message.delivery_info, properties, handed)
