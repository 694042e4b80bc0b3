"""The lines that a peer writes, all but the delivery.

Pure. Each function makes one JSON object of ``contract/schema/peer-line.schema.json``.
"""

from __future__ import annotations

from typing import NamedTuple

from python_consumer.values import Json

CHANNEL, CONNECTION = "channel", "connection"


class Loss(NamedTuple):
    """A channel or connection that is gone. ``code`` is the broker's reply code, if one was seen."""

    scope: str
    message: str
    code: int | None = None


class Identity(NamedTuple):
    """What a rim says of itself."""

    library: str
    version: str
    runtime: str
    unsupported: tuple[str, ...]


NOT_CONNECTED = Loss(CONNECTION, "no connection is open: send connect first")


def described(request_id: int, identity: Identity) -> Json:
    """The answer to describe."""
    return {
        "type": "described",
        "id": request_id,
        "library": identity.library,
        "version": identity.version,
        "language": "python",
        "runtime": identity.runtime,
        "roles": ["consumer"],
        "types": [],
        "unsupported": list(identity.unsupported),
    }


def ok(request_id: int) -> Json:
    """Done."""
    return {"type": "ok", "id": request_id}


def empty(request_id: int) -> Json:
    """basic.get-empty"""
    return {"type": "empty", "id": request_id}


def bug(request_id: int, message: str) -> Json:
    """The adapter's, or the asker's, own fault."""
    return {"type": "error", "id": request_id, "kind": "bug", "message": message}


def not_consumed(request_id: int, queue: str) -> Json:
    """A cancel of what is not there."""
    return bug(request_id, f"$.queue: nothing consumes {queue!r}")


def unsupported(request_id: int, what: str, message: str) -> Json:
    """The library cannot express it; ``what`` is declared by describe."""
    return {"type": "error", "id": request_id, "kind": "unsupported", "message": message, "what": what}


def refused(request_id: int, error: BaseException) -> Json:
    """The library raised."""
    return {"type": "error", "id": request_id, "kind": "refused", "message": said(error)}


def disconnected(request_id: int, loss: Loss) -> Json:
    """The channel or connection is closed."""
    line: Json = {
        "type": "error",
        "id": request_id,
        "kind": "disconnected",
        "message": loss.message,
        "scope": loss.scope,
    }
    return line if loss.code is None else {**line, "code": loss.code}


def closed(loss: Loss) -> Json:
    """The channel or the connection was closed and nobody had asked."""
    line: Json = {"type": "closed", "scope": loss.scope, "message": loss.message}
    return line if loss.code is None else {**line, "code": loss.code}


def cancelled(queue: str) -> Json:
    """The broker ended the consumer of ``queue``."""
    return {"type": "cancelled", "queue": queue}


def undecodable(queue: str, message: str) -> Json:
    """The library raised while it handed over a message."""
    return {"type": "undecodable", "queue": queue, "message": message}


def said(error: BaseException) -> str:
    """An exception in a line: its class and its text, without the surrogates that JSON cannot hold."""
    try:
        text = str(error) or ", ".join(map(repr, error.args))
    except (IndexError, TypeError):  # rabbitpy's __str__ counts on arguments that are not always there
        text = repr(error.args)
    line = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return line.encode("utf-8", "backslashreplace").decode("utf-8")
