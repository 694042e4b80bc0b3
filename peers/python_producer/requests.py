"""Requests to a producer, typed: no library's module sees a raw JSON object.

Pure. :func:`parse` takes an object that the schema has accepted already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Union

from peers.python_producer.publication import Form, Publication, publication
from python_consumer.arguments import Unsupported
from python_consumer.requests import Bind, Close, Connect, DeclareExchange, DeclareQueue, Describe
from python_consumer.values import Json

CONSUMER = "role:consumer"
Request = Union[  # noqa: UP007 - evaluated at run time, on CPython 3.9 too
    Describe, Connect, DeclareExchange, DeclareQueue, Bind, Publication, Close
]


def parse(raw: Json, form: Form) -> Request:
    """The request in ``raw``. Unsupported for what a consumer does and for what the library can't express."""
    maker = _MAKERS.get(raw["op"])
    if maker is None:
        raise Unsupported(CONSUMER, "this peer is a producer")
    return maker(raw, form)


def _arguments(raw: Json, form: Form) -> dict[Any, Any]:
    return form.dialect.table(raw["arguments"]) if "arguments" in raw else {}


def _declare_exchange(raw: Json, form: Form) -> Request:
    return DeclareExchange(
        raw["id"],
        form.name(raw["name"], "exchange"),  # type: ignore[arg-type] # bytes where the library takes them
        raw["kind"],
        raw.get("durable", False),
        raw.get("auto_delete", False),
        raw.get("passive", False),
        _arguments(raw, form),
    )


def _declare_queue(raw: Json, form: Form) -> Request:
    return DeclareQueue(
        raw["id"],
        form.name(raw["name"], "queue"),  # type: ignore[arg-type]
        raw.get("durable", False),
        raw.get("exclusive", False),
        raw.get("auto_delete", False),
        raw.get("passive", False),
        _arguments(raw, form),
        raw.get("defaults", False),
    )


def _bind(raw: Json, form: Form) -> Request:
    return Bind(
        raw["id"],
        form.name(raw["queue"], "queue"),  # type: ignore[arg-type]
        form.name(raw["exchange"], "exchange"),  # type: ignore[arg-type]
        form.name(raw["routing_key"], "routing_key"),  # type: ignore[arg-type]
        _arguments(raw, form),
    )


_MAKERS: Mapping[str, Callable[[Json, Form], Request]] = {
    "describe": lambda raw, form: Describe(raw["id"]),
    "connect": lambda raw, form: Connect(raw["id"], raw["url"]),
    "declare_exchange": _declare_exchange,
    "declare_queue": _declare_queue,
    "bind": _bind,
    "publish": publication,
    "close": lambda raw, form: Close(raw["id"]),
}
