"""AMQPStorm, from 2.4: ``channel.basic.publish``."""

from __future__ import annotations

import importlib
from typing import Any

import amqpstorm
from pamqp import header

from peers.python_producer.library import Confirmed, Library, Nacked, Outcome, Returned, Taken
from peers.python_producer.pamqp_form import form
from peers.python_producer.publication import Publication
from python_consumer.lines import CHANNEL, CONNECTION, Loss, said
from python_consumer.raising import LIBRARY_RAISES
from python_consumer.requests import Bind, DeclareExchange, DeclareQueue

NAMES = {"type": "message_type"}
"""Properties that AMQPStorm calls otherwise than AMQP does."""
RAISES = (*LIBRARY_RAISES, amqpstorm.AMQPError)


class AmqpstormSession:
    """One connection and its channel."""

    def __init__(self, url: str) -> None:
        self._connection: Any = amqpstorm.UriConnection(url)
        self._channel: Any = self._connection.channel()

    def declare_exchange(self, request: DeclareExchange) -> None:
        """exchange.declare"""
        self._channel.exchange.declare(
            request.name,
            request.kind,
            passive=request.passive,
            durable=request.durable,
            auto_delete=request.auto_delete,
            arguments=request.arguments,
        )

    def declare_queue(self, request: DeclareQueue) -> None:
        """queue.declare"""
        self._channel.queue.declare(
            request.name,
            passive=request.passive,
            **request.options(),
        )

    def bind(self, request: Bind) -> None:
        """queue.bind"""
        self._channel.queue.bind(
            request.queue, request.exchange, routing_key=request.routing_key, arguments=request.arguments
        )

    def publish(self, publication: Publication) -> Outcome:
        """basic.publish. Once in confirm mode, AMQPStorm waits for the broker's word on every message."""
        if publication.confirm and not self._channel.confirming_deliveries:
            self._channel.confirm_deliveries()
        try:
            acked = self._channel.basic.publish(
                publication.body,
                publication.routing_key,
                exchange=publication.exchange,
                properties={NAMES.get(name, name): value for name, value in publication.properties.items()},
                mandatory=publication.mandatory,
            )
            if publication.confirm:
                self._channel.check_for_errors()  # releases before 3.0 don't look for a return themselves
        except amqpstorm.AMQPMessageError as error:
            if not publication.confirm or error.error_code is None:
                raise
            return Returned(error.error_code, str(error))
        if not publication.confirm:
            return Taken()
        return Confirmed() if acked else Nacked()

    def look(self) -> None:
        """AMQPStorm reads by itself; it tells when it is asked."""
        self._channel.check_for_errors()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _loss_of(error: BaseException) -> Loss | None:
    if isinstance(error, (amqpstorm.AMQPMessageError, amqpstorm.AMQPInvalidArgument)):
        return None
    code = getattr(error, "error_code", None)
    if isinstance(error, amqpstorm.AMQPChannelError):
        return Loss(CHANNEL, said(error), code)
    if isinstance(error, OSError):  # AMQPConnectionError is one
        return Loss(CONNECTION, said(error), code)
    return None


def _marshal(given: dict[str, Any]) -> object:
    return header.ContentHeader(properties=_Properties(**given)).marshal()


def _properties_class() -> Any:
    """pamqp's class of properties, which has moved between its releases."""
    try:
        commands = importlib.import_module("pamqp.commands")
    except ModuleNotFoundError:
        commands = importlib.import_module("pamqp.specification")
    return commands.Basic.Properties


_Properties = _properties_class()
LIBRARY = Library("amqpstorm", "amqpstorm", form(dict, _marshal), AmqpstormSession, RAISES, _loss_of)
