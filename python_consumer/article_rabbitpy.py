"""The article's consumer, on rabbitpy.

A queue that is declared (harmless if it is there), bound to an exchange that must be there, and iterated over
until somebody stops the program.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import rabbitpy
from rabbitpy import exceptions

from python_consumer.printout import printout

RAISES = (exceptions.RabbitpyException, RuntimeError, OSError)
"""What rabbitpy raises when the broker is not there, or says no."""


def consume(
    url: str,
    queue_name: str,
    exchange_name: str,
    listening: Callable[[], None],
    handling: Callable[[], AbstractContextManager[None]],
    show: Callable[[str], None],
) -> None:
    """Show every message of the queue and acknowledge it, for ever. One of :data:`RAISES` ends it.

    ``listening`` is called once, ``handling`` keeps an interrupt away from a message that is under way.
    """
    with rabbitpy.Connection(url) as connection, connection.channel() as channel:
        queue = rabbitpy.Queue(channel, queue_name)
        queue.declare()
        queue.bind(exchange_name)
        listening()
        try:
            for message in queue:
                with handling():
                    show(printout(message.exchange, message.routing_key, message.properties, message.body))
                    message.ack()
        except KeyboardInterrupt:
            # An ack is written by a thread, and leaving the with statement by an exception does not wait for
            # it; leaving it in order does, but may end in a RecursionError (3.0.2). The answer to a request
            # made after the ack comes after the ack was written.
            connection.channel()
            raise


def explain(error: BaseException) -> str:
    """What the broker said: a closed channel is raised with the Channel.Close frame as its argument."""
    said: Any = error.args[0] if error.args else None
    if hasattr(said, "reply_code"):
        return f"{said.reply_code} {said.reply_text}"
    if isinstance(error, exceptions.AMQPException):
        return " ".join(map(str, error.args)) or type(error).__name__
    return str(error)
