"""What rabbitpy raises, told apart: a channel or connection that is gone, or a refusal."""

from __future__ import annotations

from typing import Any

import rabbitpy.exceptions

from python_consumer.lines import CHANNEL, CONNECTION, Loss, said
from python_consumer.raising import LIBRARY_RAISES

RAISES = (*LIBRARY_RAISES, rabbitpy.exceptions.RabbitpyException)
_CODES = {error: code for code, error in rabbitpy.exceptions.AMQP.items()}
UNCONNECTED = (rabbitpy.exceptions.ConnectionException, rabbitpy.exceptions.RemoteClosedException)


def is_loss(error: BaseException) -> bool:
    """Whether a channel or the connection is gone."""
    return isinstance(error, UNCONNECTED) or loss_of(error).code is not None or _of_channel(error)


def _of_channel(error: BaseException) -> bool:
    return isinstance(
        error,
        (
            rabbitpy.exceptions.ChannelClosedException,
            rabbitpy.exceptions.RemoteClosedChannelException,
            rabbitpy.exceptions.RemoteCancellationException,
            rabbitpy.exceptions.NotConsumingError,
        ),
    )


def loss_of(error: BaseException) -> Loss:
    """What is gone, by what rabbitpy raised.

    A closed channel is raised with the Channel.Close frame as argument or as RemoteClosedChannelException, a
    closed connection with code and text (3.0.2) or text alone (2.0.1); the class tells the code.
    """
    frame: Any = error.args[0] if error.args else None
    if hasattr(frame, "reply_code"):
        return Loss(CHANNEL, f"{type(error).__name__}: {frame.reply_text}", frame.reply_code)
    if isinstance(error, rabbitpy.exceptions.RemoteClosedChannelException):
        return Loss(CHANNEL, said(error), error.args[1])
    scope = CHANNEL if _of_channel(error) else CONNECTION
    if isinstance(error, rabbitpy.exceptions.RemoteClosedException):
        return Loss(scope, said(error), error.args[0])
    return Loss(scope, said(error), _CODES.get(type(error)))
