"""What pika gives as the reason of a close, told apart."""

from __future__ import annotations

import builtins
import re

import pika.exceptions

from python_consumer.lines import Loss, said

_QUOTED = re.compile(r"ConnectionClosedByBroker: \((\d{3})\)")
_LOST = re.compile(r"Stream connection lost: (\w+)\(")


def loss_of(scope: str, error: BaseException) -> Loss:
    """What is gone.

    The broker's reply code is an attribute of pika's ...ClosedByBroker, or stands in the text of its guesses
    at the reason (ProbableAuthenticationError: ConnectionClosedByBroker: (403) ...).
    """
    code = getattr(error, "reply_code", None)
    quoted = _QUOTED.search(str(error))
    if code is None and quoted:
        code = int(quoted[1])
    return Loss(scope, said(error), code if isinstance(code, int) else None)


def while_decoding(error: BaseException) -> bool:
    """Whether the stream was lost to an exception of pika's own decoding, and not to the socket."""
    found = _LOST.search(str(error)) if isinstance(error, pika.exceptions.StreamLostError) else None
    if found is None:
        return False
    cause = getattr(builtins, found[1], None)
    return not (isinstance(cause, type) and issubclass(cause, OSError)) and found[1] != "AMQPHeartbeatTimeout"
