"""What the worker asks of a library's module: how to connect, and what its exceptions mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, Union

from peers.python_producer.publication import Form, Publication
from python_consumer.lines import Loss
from python_consumer.requests import Bind, DeclareExchange, DeclareQueue


class Taken(NamedTuple):
    """The library took the message, and no confirm was asked for."""


class Confirmed(NamedTuple):
    """basic.ack came."""


class Nacked(NamedTuple):
    """basic.nack came."""


class Returned(NamedTuple):
    """basic.return came."""

    code: int
    text: str | bytes


Outcome = Union[Taken, Confirmed, Nacked, Returned]  # noqa: UP007 - evaluated at run time, on CPython 3.9 too


class Session(Protocol):
    """One connection and its channel. Every method raises what the library raises."""

    def declare_exchange(self, request: DeclareExchange) -> None:
        """exchange.declare, with its answer."""

    def declare_queue(self, request: DeclareQueue) -> None:
        """queue.declare, with its answer."""

    def bind(self, request: Bind) -> None:
        """queue.bind, with its answer."""

    def publish(self, publication: Publication) -> Outcome:
        """basic.publish. With ``confirm`` it waits for the broker's word."""

    def look(self) -> None:
        """Let the library take in what the broker has said meanwhile; called when there is nothing to do."""

    def close(self) -> None:
        """Close the connection, if it is open."""


class Library(NamedTuple):
    """One library, as installed."""

    name: str
    package: str
    form: Form
    connect: Callable[[str], Session]
    """Open connection and channel of a URL; raises what the library raises."""
    raises: tuple[type[BaseException], ...]
    """All that the library may raise."""
    loss_of: Callable[[BaseException], Union[Loss, None]]  # noqa: UP007 - evaluated at run time
    """The channel or connection that an exception says is gone; None if it is about the request alone."""
