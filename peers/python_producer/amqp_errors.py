"""What py-amqp raises, and what it says of connection and channel; kombu raises the same."""

from __future__ import annotations

from typing import Any

import amqp.exceptions
import amqp.serialization

from peers.python_producer.publication import Form
from peers.python_producer.values import dialect
from python_consumer.lines import CHANNEL, CONNECTION, Loss, said
from python_consumer.raising import LIBRARY_RAISES

NACKED: tuple[type[BaseException], ...] = tuple(
    vars(amqp.exceptions)[name] for name in ("MessageNacked",) if name in vars(amqp.exceptions)
)
"""What newer releases raise when basic.nack came; older ones don't know it."""
RAISES = (*LIBRARY_RAISES, amqp.exceptions.AMQPError)
ABOUT_THE_REQUEST = (amqp.exceptions.FrameSyntaxError,)
"""Connection errors by class, which the library raises about a value and not because of the connection."""


def loss_of(error: BaseException) -> Loss | None:
    """What is gone. The broker's code, if one was seen, is the exception's."""
    code = getattr(error, "reply_code", None) or None
    if isinstance(error, ABOUT_THE_REQUEST) and getattr(error, "method_sig", None) is None:
        return None
    if isinstance(error, amqp.exceptions.ChannelError):
        return Loss(CHANNEL, said(error), code) if code is not None else None
    if isinstance(error, (amqp.exceptions.ConnectionError, OSError)):
        return Loss(CONNECTION, said(error), code)
    return None


def _takes(table: dict[Any, Any]) -> bool:
    try:
        amqp.serialization.dumps("F", (table,))
    except RAISES:
        return False
    return True


FORM = Form(dialect(_takes), time=int, bytes_names=True, bytes_properties=True, cluster_id=True)
