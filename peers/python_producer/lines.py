"""The lines that only a producer writes. Pure."""

from __future__ import annotations

import platform
from importlib import metadata

from peers.python_producer.library import Confirmed, Library, Nacked, Outcome, Returned
from peers.python_producer.requests import CONSUMER
from python_consumer.lines import ok
from python_consumer.values import Json, text_of


def described(request_id: int, library: Library) -> Json:
    """The answer to describe. PackageNotFoundError if the library is not installed as a package."""
    return {
        "type": "described",
        "id": request_id,
        "library": library.name,
        "version": metadata.version(library.package),
        "language": "python",
        "runtime": f"{platform.python_implementation()} {platform.python_version()}",
        "roles": ["producer"],
        "types": list(library.form.dialect.types),
        "unsupported": [CONSUMER, *library.form.unsupported],
    }


def published(request_id: int, outcome: Outcome) -> Json:
    """The answer to publish."""
    if isinstance(outcome, Confirmed):
        return {"type": "confirmed", "id": request_id}
    if isinstance(outcome, Nacked):
        return {"type": "nacked", "id": request_id}
    if isinstance(outcome, Returned):
        return {"type": "returned", "id": request_id, "code": outcome.code, "text": text_of(outcome.text)}
    return ok(request_id)
