"""What pamqp takes, the codec of rabbitpy, aio-pika and AMQPStorm; from release 1.6 to 4."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pamqp import encode

from peers.python_producer.publication import Form
from peers.python_producer.values import NOT_TEXT, dialect, moment
from python_consumer.raising import LIBRARY_RAISES

Headers = Callable[[dict[Any, Any]], Any]


def form(
    headers: Headers,
    marshal: Callable[[dict[str, Any]], object],
    expiration: Callable[[str], Any] = str,
) -> Form:
    """Ask pamqp. ``headers`` is what the library makes of a table before; ``marshal`` encodes properties."""
    octets: Any = NOT_TEXT
    return Form(
        dialect(lambda table: _taken(lambda: encode.field_table(headers(table)))),
        time=_time,
        bytes_names=_taken(lambda: encode.short_string(octets)),
        bytes_properties=_taken(lambda: marshal({"content_type": octets})),
        cluster_id=_taken(lambda: marshal({"cluster_id": "x"})),
        expiration=expiration,
    )


def _time(seconds: str) -> datetime:
    return moment(seconds)


def _taken(encoding: Callable[[], object]) -> bool:
    try:
        encoding()
    except LIBRARY_RAISES:
        return False
    return True
