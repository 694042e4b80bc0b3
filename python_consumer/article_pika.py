"""The article's consumer, on pika: the same program, its library's own way."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pika
from pika import exceptions

from python_consumer.printout import printout

RAISES = (exceptions.AMQPError, OSError)
"""What pika raises when the broker is not there, or says no."""


def consume(
    url: str,
    queue_name: str,
    exchange_name: str,
    listening: Callable[[], None],
    handling: Callable[[], AbstractContextManager[None]],
    show: Callable[[str], None],
) -> None:
    """Show every message of the queue and acknowledge it, for ever. One of :data:`RAISES` ends it.

    ``listening`` is called once, ``handling`` keeps an interrupt away from what must not be left half done.
    """

    def on_message(channel: Any, method: Any, properties: Any, body: bytes) -> None:
        with handling():
            named = {**vars(properties), "message_type": properties.type}
            show(printout(method.exchange, method.routing_key, named, body))
            channel.basic_ack(method.delivery_tag)

    with pika.BlockingConnection(pika.URLParameters(url)) as connection, connection.channel() as channel:
        channel.queue_declare(queue_name)
        channel.queue_bind(queue_name, exchange_name, routing_key="")
        with handling():  # pika fails an assertion when it has to cancel a consumer that is half there
            channel.basic_consume(queue_name, on_message)
        listening()
        channel.start_consuming()


def explain(error: BaseException) -> str:
    """What the broker said, or the cause that pika wraps."""
    if isinstance(error, (exceptions.ChannelClosedByBroker, exceptions.ConnectionClosedByBroker)):
        return f"{error.reply_code} {error.reply_text}"
    return str(error) or repr(error)
