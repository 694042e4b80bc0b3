"""What aio-pika raises, told apart. It hands on the exceptions of aiormq, the library beneath."""

from __future__ import annotations

import asyncio
from typing import Any

import aiormq.exceptions

from python_consumer.lines import CHANNEL, CONNECTION, Loss, said
from python_consumer.raising import LIBRARY_RAISES

RAISES = (*LIBRARY_RAISES, aiormq.exceptions.AMQPError, asyncio.CancelledError, asyncio.TimeoutError)
"""CancelledError among them: it ends calls of a channel that is gone, though nobody cancelled ours."""
_CODES = {
    "ChannelAccessRefused": 403,
    "ChannelNotFoundEntity": 404,
    "ChannelLockedResource": 405,
    "ChannelPreconditionFailed": 406,
    "ProbableAuthenticationError": 403,
    "ConnectionFrameError": 501,
    "ConnectionSyntaxError": 502,
    "ConnectionCommandInvalid": 503,
    "ConnectionChannelError": 504,
    "ConnectionUnexpectedFrame": 505,
    "ConnectionResourceError": 506,
    "ConnectionNotAllowed": 530,
    "ConnectionNotImplemented": 540,
    "ConnectionInternalError": 541,
}


def loss_of(scope: str, error: BaseException) -> Loss:
    """What is gone. The code is the first argument, or else known by the class."""
    given: Any = error.args[0] if error.args and isinstance(error, aiormq.exceptions.AMQPError) else None
    code = given if isinstance(given, int) else _CODES.get(type(error).__name__)
    return Loss(scope, said(error), code)


def scope_of(error: BaseException) -> str | None:
    """Which of the two ``error`` says is gone; None if it does not say so."""
    if isinstance(error, aiormq.exceptions.AMQPChannelError):
        return CHANNEL
    if isinstance(error, (aiormq.exceptions.AMQPConnectionError, OSError)):
        return CONNECTION
    return None


def while_decoding(error: BaseException) -> bool:
    """Whether a connection or channel ended by what the library raised while it read a frame."""
    if isinstance(error, aiormq.exceptions.InvalidFrameError):
        return True
    own = (aiormq.exceptions.AMQPError, OSError, asyncio.CancelledError, asyncio.TimeoutError)
    return not isinstance(error, own)
