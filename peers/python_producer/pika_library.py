"""pika, on its BlockingConnection, from 1.0."""

from __future__ import annotations

from typing import Any

import pika
import pika.compat
import pika.data
import pika.exceptions

from peers.python_producer.library import Confirmed, Library, Nacked, Outcome, Returned, Taken
from peers.python_producer.publication import Form, Publication
from peers.python_producer.values import dialect
from python_consumer.lines import CHANNEL, CONNECTION, Loss
from python_consumer.pika_losses import loss_of
from python_consumer.raising import LIBRARY_RAISES
from python_consumer.requests import Bind, DeclareExchange, DeclareQueue

RAISES = (*LIBRARY_RAISES, pika.exceptions.AMQPError)


class PikaSession:
    """One connection and its channel."""

    def __init__(self, url: str) -> None:
        self._connection: Any = pika.BlockingConnection(pika.URLParameters(url))
        self._channel: Any = self._connection.channel()
        self._confirming = False

    def declare_exchange(self, request: DeclareExchange) -> None:
        """exchange.declare"""
        self._channel.exchange_declare(
            request.name,
            exchange_type=request.kind,
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
        """basic.publish. Once in confirm mode, pika waits for the broker's word on every message."""
        if publication.confirm and not self._confirming:
            self._channel.confirm_delivery()
            self._confirming = True
        try:
            self._channel.basic_publish(
                publication.exchange,
                publication.routing_key,
                publication.body,
                properties=pika.BasicProperties(**publication.properties),
                mandatory=publication.mandatory,
            )
        except pika.exceptions.UnroutableError as error:
            method = error.messages[0].method
            return _asked(publication, Returned(method.reply_code, method.reply_text))
        except pika.exceptions.NackError:
            return _asked(publication, Nacked())
        return _asked(publication, Confirmed())

    def look(self) -> None:
        """Heartbeats, and what the broker closed: pika keeps a channel's reason and shows it to no one."""
        self._connection.process_data_events(0)
        reason = self._channel._closing_reason
        if isinstance(reason, pika.exceptions.ChannelClosedByBroker):
            raise reason

    def close(self) -> None:
        """Close the connection."""
        if self._connection.is_open:
            self._connection.close()


def _asked(publication: Publication, outcome: Outcome) -> Outcome:
    """The broker's word, if it was asked for."""
    return outcome if publication.confirm else Taken()


def _loss_of(error: BaseException) -> Loss | None:
    if isinstance(error, pika.exceptions.AMQPChannelError):
        gone = isinstance(error, (pika.exceptions.ChannelClosed, pika.exceptions.ChannelWrongStateError))
        return loss_of(CHANNEL, error) if gone else None
    if isinstance(error, (pika.exceptions.AMQPConnectionError, OSError)):
        return loss_of(CONNECTION, error)
    return None


def _takes(table: dict[Any, Any]) -> bool:
    try:
        pika.data.encode_table([], table)
    except RAISES:
        return False
    return True


LIBRARY = Library(
    "pika",
    "pika",
    Form(
        dialect(_takes, int64=pika.compat.long),
        time=int,
        bytes_names=True,
        bytes_properties=True,
        cluster_id=True,
    ),
    PikaSession,
    RAISES,
    _loss_of,
)
