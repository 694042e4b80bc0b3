"""What py-amqp raises, told apart: a channel or connection that is gone, a failure to decode, a refusal.

kombu hands its exceptions on as they are.
"""

from __future__ import annotations

import socket
from typing import Any

import amqp.exceptions

from python_consumer.lines import CHANNEL, CONNECTION, Loss, said
from python_consumer.raising import LIBRARY_RAISES

RAISES = (*LIBRARY_RAISES, amqp.exceptions.AMQPError)


def loss_of(error: BaseException, connected: bool) -> Loss | None:
    """What is gone, or None if nothing is: a cancelled consumer is raised as an error of the connection.

    ``connected``: whether the connection still is. The class does not tell: NotFound and AccessRefused are
    errors of a channel, and raised too where the broker closed the connection with 404 or 403. The first
    argument is the broker's code, where the broker closed something; the attribute ``reply_code`` is there
    for what py-amqp found out by itself, too.
    """
    if isinstance(error, amqp.exceptions.ConsumerCancelled):
        return None
    if isinstance(error, amqp.exceptions.AMQPError):
        scope = CHANNEL if isinstance(error, amqp.exceptions.ChannelError) and connected else CONNECTION
        code: Any = error.args[0]
        return Loss(scope, said(error), code if isinstance(code, int) else None)
    if isinstance(error, OSError) and not isinstance(error, socket.timeout):
        return Loss(CONNECTION, said(error))
    return None


def while_decoding(error: BaseException) -> bool:
    """Whether it is no loss that the broker or the socket caused, but came of reading a frame."""
    if isinstance(error, amqp.exceptions.FrameSyntaxError):
        return error.args[0] is None
    return not isinstance(error, (amqp.exceptions.AMQPError, OSError))
