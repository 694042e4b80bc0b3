"""Requests, typed: the rims never see a raw JSON object.

Pure. :func:`parse` takes an object that the schema has accepted already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Union

from python_consumer.arguments import Unsupported, raw_text, table
from python_consumer.values import Json


class Describe(NamedTuple):
    """Who are you?"""

    id: int


class Connect(NamedTuple):
    """Open a connection and a channel, after closing what is open."""

    id: int
    url: str


class DeclareExchange(NamedTuple):
    """exchange.declare"""

    id: int
    name: str
    kind: str
    durable: bool
    auto_delete: bool
    passive: bool
    arguments: dict[Any, Any]


class DeclareQueue(NamedTuple):
    """queue.declare; ``defaults`` is by the name alone."""

    id: int
    name: str
    durable: bool
    exclusive: bool
    auto_delete: bool
    passive: bool
    arguments: dict[Any, Any]
    defaults: bool = False

    def options(self, arguments: str = "arguments") -> dict[str, Any]:
        """What the library is told of the queue beside its name, by keyword: nothing, for its defaults.

        The keywords are the same in all libraries, but for that of the arguments.
        """
        if self.defaults:
            return {}
        return {
            "durable": self.durable,
            "exclusive": self.exclusive,
            "auto_delete": self.auto_delete,
            arguments: self.arguments,
        }


class Bind(NamedTuple):
    """queue.bind"""

    id: int
    queue: str
    exchange: str
    routing_key: str
    arguments: dict[Any, Any]


class Consume(NamedTuple):
    """basic.consume; a prefetch of 0 is no limit."""

    id: int
    queue: str
    prefetch: int
    no_ack: bool
    exclusive: bool
    arguments: dict[Any, Any]


class Cancel(NamedTuple):
    """basic.cancel of the consumer on ``queue``"""

    id: int
    queue: str


class Get(NamedTuple):
    """basic.get"""

    id: int
    queue: str


class Ack(NamedTuple):
    """basic.ack"""

    id: int
    delivery_tag: int
    multiple: bool


class Nack(NamedTuple):
    """basic.nack"""

    id: int
    delivery_tag: int
    multiple: bool
    requeue: bool


class Reject(NamedTuple):
    """basic.reject"""

    id: int
    delivery_tag: int
    requeue: bool


class Close(NamedTuple):
    """Close the connection, reply, end."""

    id: int


Settle = Union[Ack, Nack, Reject]  # noqa: UP007 - evaluated at run time, on CPython 3.9 too
Request = Union[  # noqa: UP007
    Describe, Connect, DeclareExchange, DeclareQueue, Bind, Consume, Cancel, Get, Ack, Nack, Reject, Close
]
SETTLES = (Ack, Nack, Reject)

PRODUCER = "role:producer"
NAMES = ("exchange", "queue", "routing_key")
NON_UTF8_NAMES = tuple(f"{name}:non-utf8" for name in NAMES)
"""Declared by ``describe``: the libraries take names as str and send them as UTF-8."""


def parse(raw: Json) -> Request:
    """The request in ``raw``. Unsupported for publish and for what a str or a dict cannot hold."""
    return _PARSERS[raw["op"]](raw)


def _name(raw: Json, field: str, what: str) -> str:
    text = raw_text(raw[field])
    if isinstance(text, bytes):
        raise Unsupported(f"{what}:non-utf8", f"the library takes a str here, not {text!r}")
    return text


def _arguments(raw: Json) -> dict[Any, Any]:
    return table(raw["arguments"]) if "arguments" in raw else {}


def _declare_exchange(raw: Json) -> Request:
    return DeclareExchange(
        raw["id"],
        _name(raw, "name", "exchange"),
        raw["kind"],
        raw.get("durable", False),
        raw.get("auto_delete", False),
        raw.get("passive", False),
        _arguments(raw),
    )


def _declare_queue(raw: Json) -> Request:
    return DeclareQueue(
        raw["id"],
        _name(raw, "name", "queue"),
        raw.get("durable", False),
        raw.get("exclusive", False),
        raw.get("auto_delete", False),
        raw.get("passive", False),
        _arguments(raw),
        raw.get("defaults", False),
    )


def _bind(raw: Json) -> Request:
    return Bind(
        raw["id"],
        _name(raw, "queue", "queue"),
        _name(raw, "exchange", "exchange"),
        _name(raw, "routing_key", "routing_key"),
        _arguments(raw),
    )


def _consume(raw: Json) -> Request:
    return Consume(
        raw["id"],
        _name(raw, "queue", "queue"),
        raw.get("prefetch", 0),
        raw.get("no_ack", False),
        raw.get("exclusive", False),
        _arguments(raw),
    )


def _publish(raw: Json) -> Request:
    raise Unsupported(PRODUCER, "this peer is a consumer")


_PARSERS: Mapping[str, Callable[[Json], Request]] = {
    "describe": lambda raw: Describe(raw["id"]),
    "connect": lambda raw: Connect(raw["id"], raw["url"]),
    "declare_exchange": _declare_exchange,
    "declare_queue": _declare_queue,
    "bind": _bind,
    "publish": _publish,
    "consume": _consume,
    "cancel": lambda raw: Cancel(raw["id"], _name(raw, "queue", "queue")),
    "get": lambda raw: Get(raw["id"], _name(raw, "queue", "queue")),
    "ack": lambda raw: Ack(raw["id"], raw["delivery_tag"], raw.get("multiple", False)),
    "nack": lambda raw: Nack(
        raw["id"], raw["delivery_tag"], raw.get("multiple", False), raw.get("requeue", True)
    ),
    "reject": lambda raw: Reject(raw["id"], raw["delivery_tag"], raw.get("requeue", True)),
    "close": lambda raw: Close(raw["id"]),
}
