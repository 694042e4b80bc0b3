"""What AMQPStorm raises, told apart."""

from __future__ import annotations

import amqpstorm

from python_consumer.lines import CHANNEL, CONNECTION, Loss, said
from python_consumer.raising import LIBRARY_RAISES

RAISES = (*LIBRARY_RAISES, amqpstorm.AMQPError)


def loss_of(error: BaseException, channel_open: bool) -> Loss | None:
    """What is gone, or None if nothing is: an error of a channel that is still open is a refusal.

    AMQPStorm puts a ValueError of its decoder into an AMQPConnectionError, and the broker's reply code into
    ``error_code``.
    """
    if isinstance(error, amqpstorm.AMQPConnectionError):
        scope = CONNECTION
    elif isinstance(error, amqpstorm.AMQPChannelError) and not channel_open:
        scope = CHANNEL
    else:
        return None
    code = error.error_code
    return Loss(scope, said(error), code if isinstance(code, int) else None)


def while_decoding(error: BaseException) -> bool:
    """Whether a connection was given up for what its decoder raised."""
    cause = error.args[0] if isinstance(error, amqpstorm.AMQPConnectionError) and error.args else None
    return isinstance(cause, Exception) and not isinstance(cause, OSError)
