"""rabbitpy, 2 and 3: a Message that publishes itself.

rabbitpy encodes in a thread of its own, after publish has returned: what it can't encode is said to be
published. Nothing here hides that.
"""

from __future__ import annotations

from typing import Any

import rabbitpy
import rabbitpy.exceptions
import rabbitpy.message

from peers.python_producer.library import Confirmed, Library, Nacked, Outcome, Returned, Taken
from peers.python_producer.pamqp_form import form
from peers.python_producer.publication import Publication
from python_consumer import threads
from python_consumer.lines import Loss, said
from python_consumer.rabbitpy_losses import RAISES, is_loss, loss_of
from python_consumer.requests import Bind, DeclareExchange, DeclareQueue

NAMES = {"type": "message_type"}
"""Properties that rabbitpy calls otherwise than AMQP does."""
CLOSE_SECONDS = 1.0


class RabbitpySession:
    """One connection and its channel."""

    def __init__(self, url: str) -> None:
        self._connection: Any = rabbitpy.Connection(url)
        self._channel: Any = self._connection.channel()

    def declare_exchange(self, request: DeclareExchange) -> None:
        """exchange.declare"""
        rabbitpy.Exchange(
            self._channel,
            request.name,
            exchange_type=request.kind,
            durable=request.durable,
            auto_delete=request.auto_delete,
            arguments=request.arguments,
        ).declare(passive=request.passive)

    def declare_queue(self, request: DeclareQueue) -> None:
        """queue.declare"""
        rabbitpy.Queue(
            self._channel,
            request.name,
            **request.options(),
        ).declare(passive=request.passive)

    def bind(self, request: Bind) -> None:
        """queue.bind"""
        rabbitpy.Queue(self._channel, request.queue).bind(
            request.exchange, request.routing_key, request.arguments
        )

    def publish(self, publication: Publication) -> Outcome:
        """Message.publish. Once confirms are enabled, rabbitpy waits for the broker on every message."""
        if publication.confirm and not self._channel.publisher_confirms:
            self._channel.enable_publisher_confirms()
        message = rabbitpy.Message(self._channel, publication.body, _properties(publication.properties))
        try:
            acked = message.publish(
                publication.exchange, publication.routing_key, mandatory=publication.mandatory
            )
        except rabbitpy.exceptions.MessageReturnedException as error:
            return Returned(*error.args[:2]) if publication.confirm else Taken()
        if not publication.confirm:
            return Taken()
        return Confirmed() if acked else Nacked()

    def look(self) -> None:
        """rabbitpy reads by itself, and tells of a closed channel only when it is asked for an answer."""
        if self._connection.closed:
            raise rabbitpy.exceptions.ConnectionClosed

    def close(self) -> None:
        """Close the connection, in a thread of its own: after a fault of its IO thread it never ends.

        What it does not manage in time goes on in the background, on a connection that nobody uses.
        """
        if not self._connection.closed:
            threads.start("close", self._close).join(CLOSE_SECONDS)

    def _close(self) -> None:
        try:
            self._connection.close()
        except RAISES as error:
            threads.note(f"close: {said(error)}")


def _properties(given: dict[str, Any]) -> dict[str, Any]:
    return {NAMES.get(name, name): value for name, value in given.items()}


def _loss_of(error: BaseException) -> Loss | None:
    return loss_of(error) if is_loss(error) else None


def _marshal(given: dict[str, Any]) -> object:
    return rabbitpy.message.Properties(**given).marshal()


LIBRARY = Library(
    "rabbitpy",
    "rabbitpy",
    form(dict, _marshal)._replace(bytes_properties=True),  # Message takes them, whatever pamqp does
    RabbitpySession,
    RAISES,
    _loss_of,
)
