"""py-amqp (the package ``amqp``), from 2.1.

It reads when it is told to, and a publish reads nothing in older releases: what the broker said is taken in
when there is nothing to do, and before a confirm is waited for.
"""

from __future__ import annotations

import select
from typing import Any
from urllib.parse import unquote, urlsplit

import amqp

from peers.python_producer.amqp_errors import FORM, NACKED, RAISES, loss_of
from peers.python_producer.library import Confirmed, Library, Nacked, Outcome, Returned, Taken
from peers.python_producer.publication import Publication
from python_consumer.requests import Bind, DeclareExchange, DeclareQueue

NAMES = {"headers": "application_headers"}
"""Properties that py-amqp calls otherwise than AMQP does."""


def message(publication: Publication) -> Any:
    """The message as a user of py-amqp makes it."""
    return amqp.Message(
        publication.body, **{NAMES.get(name, name): value for name, value in publication.properties.items()}
    )


class AmqpSession:
    """One connection and its channel."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection: Any = amqp.Connection(
            host=f"{parts.hostname}:{parts.port or 5672}",
            userid=unquote(parts.username or "guest"),
            password=unquote(parts.password or "guest"),
            virtual_host=unquote(parts.path[1:]) or "/",
        )
        self._connection.connect()
        self._channel: Any = self._connection.channel()
        self._returned: list[Returned] = []
        self._channel.events["basic_return"].add(self._on_return)

    def _on_return(self, error: Any, _exchange: str, _routing_key: str, _message: Any) -> None:
        self._returned.append(Returned(error.reply_code, error.reply_text))

    def declare_exchange(self, request: DeclareExchange) -> None:
        """exchange.declare"""
        self._channel.exchange_declare(
            request.name,
            request.kind,
            passive=request.passive,
            durable=request.durable,
            auto_delete=request.auto_delete,
            arguments=request.arguments,
        )

    def declare_queue(self, request: DeclareQueue) -> None:
        """queue.declare"""
        self._channel.queue_declare(
            request.name,
            passive=request.passive,
            **request.options(),
        )

    def bind(self, request: Bind) -> None:
        """queue.bind"""
        self._channel.queue_bind(
            request.queue, request.exchange, routing_key=request.routing_key, arguments=request.arguments
        )

    def publish(self, publication: Publication) -> Outcome:
        """basic.publish; basic_publish_confirm where the broker's word is asked for."""
        publish = self._channel.basic_publish_confirm if publication.confirm else self._channel.basic_publish
        self._returned.clear()
        try:
            publish(
                message(publication),
                exchange=publication.exchange,
                routing_key=publication.routing_key,
                mandatory=publication.mandatory,
            )
        except NACKED:
            return Nacked() if publication.confirm else Taken()
        if not publication.confirm:
            return Taken()
        return self._returned[0] if self._returned else Confirmed()

    def look(self) -> None:
        """Read what has come."""
        while select.select([self._connection.sock], (), (), 0)[0]:
            self._connection.drain_events()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


LIBRARY = Library("py-amqp", "amqp", FORM, AmqpSession, RAISES, loss_of)
