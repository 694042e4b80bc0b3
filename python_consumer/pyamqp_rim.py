"""py-amqp, as a peer: its Connection, told to drain events whenever something has come.

The library has no way to say basic.nack, and takes no URL: what stands in one is handed over in its parts.
"""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

import amqp

from python_consumer import lines, requests
from python_consumer.amqp_losses import RAISES, loss_of
from python_consumer.amqp_session import NACK, AmqpSession
from python_consumer.output import Answers
from python_consumer.reading import ReadingRim
from python_consumer.rim import identity

PORTS = {"amqp": 5672, "amqps": 5671}


class PyAmqpRim(ReadingRim):
    """See :class:`~python_consumer.reading.ReadingRim`."""

    def __init__(self, answers: Answers) -> None:
        super().__init__(identity("py-amqp", package="amqp", unsupported=(NACK,)), answers, connect)


def connect(request: requests.Connect, answers: Answers) -> PyAmqpSession | None:
    """Connect, open a channel, and say how it went."""
    connection: Any = None
    try:
        connection = amqp.Connection(**parts(request.url))
        connection.connect()
        session = PyAmqpSession(connection, connection.channel(), answers)
    except RAISES as error:
        connected = connection is not None and bool(connection.connected)
        loss = loss_of(error, connected)
        refused = lines.refused(request.id, error)
        answers.reply(refused if loss is None else lines.disconnected(request.id, loss))
        return None
    answers.reply(lines.ok(request.id))
    return session


def parts(url: str) -> dict[str, Any]:
    """The arguments of amqp.Connection that say what ``url`` says; what it leaves out is left to py-amqp."""
    said = urlsplit(url)
    host = said.hostname or "localhost"
    host = f"[{host}]" if ":" in host else host
    made: dict[str, Any] = {
        "host": f"{host}:{said.port or PORTS[said.scheme]}",
        "ssl": said.scheme == "amqps",
    }
    if said.username is not None:
        made["userid"] = unquote(said.username)
    if said.password is not None:
        made["password"] = unquote(said.password)
    if len(said.path) > 1:
        made["virtual_host"] = unquote(said.path[1:])
    return made


class PyAmqpSession(AmqpSession):
    """One connection with its channel."""

    def _declareexchange(self, request: requests.DeclareExchange) -> None:
        self._channel.exchange_declare(
            request.name,
            request.kind,
            passive=request.passive,
            durable=request.durable,
            auto_delete=request.auto_delete,
            arguments=request.arguments,
        )
        self._answers.reply(lines.ok(request.id))

    def _declarequeue(self, request: requests.DeclareQueue) -> None:
        self._channel.queue_declare(
            request.name,
            passive=request.passive,
            **request.options(),
        )
        self._answers.reply(lines.ok(request.id))

    def _bind(self, request: requests.Bind) -> None:
        self._channel.queue_bind(
            request.queue, request.exchange, request.routing_key, arguments=request.arguments
        )
        self._answers.reply(lines.ok(request.id))

    def _consume(self, request: requests.Consume) -> None:
        if request.prefetch:
            self._channel.basic_qos(0, request.prefetch, False)
        tag = f"{request.id}"
        self._queues[tag] = request.queue
        try:
            self._channel.basic_consume(
                request.queue,
                consumer_tag=tag,
                no_ack=request.no_ack,
                exclusive=request.exclusive,
                arguments=request.arguments,
                callback=partial(self._handed, request.queue),
                on_cancel=self._cancelled,
            )
        except RAISES:
            del self._queues[tag]
            raise
        self._answers.reply(lines.ok(request.id))

    def _get(self, request: requests.Get) -> None:
        message = self._channel.basic_get(request.queue)
        if message is None:
            self._answers.reply(lines.empty(request.id))
        else:
            self._answers.reply(lines.ok(request.id))
            self._handed(request.queue, message)

    def _handed(self, queue: str, message: Any) -> None:
        """py-amqp calls the property ``headers`` application_headers."""
        said = message.properties
        properties = {"headers" if name == "application_headers" else name: said[name] for name in said}
        self._deliver(queue, message.delivery_info, properties, message.body)
