"""kombu, over py-amqp: a Producer publishes.

kombu takes an expiration in seconds, and fills in what a message of its own has: content type, encoding,
priority, delivery mode.
"""

from __future__ import annotations

import select
from typing import Any

import kombu
import kombu.exceptions

from peers.python_producer.amqp_errors import FORM, NACKED, RAISES, loss_of
from peers.python_producer.library import Confirmed, Library, Nacked, Outcome, Returned, Taken
from peers.python_producer.publication import Publication, milliseconds
from python_consumer.requests import Bind, DeclareExchange, DeclareQueue


def _seconds(text: str) -> float:
    return milliseconds(text) / 1000


class KombuSession:
    """One connection and its channel."""

    def __init__(self, url: str) -> None:
        self._client: Any = kombu.Connection(url)
        self._client.connect()
        self._returned: list[Returned] = []
        self._confirming = False
        self._producer: Any = self._new_producer()

    def _new_producer(self) -> Any:
        return kombu.Producer(self._client.channel(), on_return=self._on_return)

    def _on_return(self, error: Any, _exchange: str, _routing_key: str, _message: Any) -> None:
        self._returned.append(Returned(error.reply_code, error.reply_text))

    def declare_exchange(self, request: DeclareExchange) -> None:
        """exchange.declare"""
        kombu.Exchange(
            request.name,
            type=request.kind,
            channel=self._producer.channel,
            durable=request.durable,
            auto_delete=request.auto_delete,
            arguments=request.arguments,
        ).declare(passive=request.passive)

    def declare_queue(self, request: DeclareQueue) -> None:
        """queue.declare"""
        kombu.Queue(
            request.name,
            channel=self._producer.channel,
            **request.options("queue_arguments"),
        ).queue_declare(passive=request.passive)

    def bind(self, request: Bind) -> None:
        """queue.bind"""
        kombu.Queue(request.queue, channel=self._producer.channel).bind_to(
            exchange=request.exchange, routing_key=request.routing_key, arguments=request.arguments
        )

    def publish(self, publication: Publication) -> Outcome:
        """Producer.publish. Confirms are a setting of the connection, which its channels take when opened."""
        if publication.confirm and not self._confirming:
            self._client.connection.confirm_publish = True
            self._producer = self._new_producer()
            self._confirming = True
        self._returned.clear()
        try:
            self._producer.publish(
                publication.body,
                exchange=publication.exchange,
                routing_key=publication.routing_key,
                mandatory=publication.mandatory,
                **publication.properties,
            )
        except NACKED:
            return Nacked() if publication.confirm else Taken()
        if not publication.confirm:
            return Taken()
        return self._returned[0] if self._returned else Confirmed()

    def look(self) -> None:
        """Read what has come."""
        while select.select([self._client.connection.sock], (), (), 0)[0]:
            self._client.drain_events()

    def close(self) -> None:
        """Close the connection."""
        self._client.release()


LIBRARY = Library(
    "kombu",
    "kombu",
    FORM._replace(expiration=_seconds),
    KombuSession,
    (*RAISES, kombu.exceptions.KombuError),
    loss_of,
)
