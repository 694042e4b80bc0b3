"""Whether a broker works: handshake, a queue, a message into it and out again, all within a deadline.

Asked with the suite's own client, not with one under test. An open port or a line in a log is no answer: the
listener is there before the broker routes. Nothing stays behind: the queue is exclusive to the connection.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import assert_never

from harness.amqp.message import Inline, Message
from harness.amqp.values import Longstr, Table, Text, bytes_of
from harness.errors import SetupError
from harness.raw import (
    Address,
    ConnectFailed,
    Connection,
    FailedBecause,
    RawError,
    TimedOut,
    connect,
    parse_url,
)

PROBE_SECONDS = 5.0
"""How long each step of one try may take."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What the broker says of itself in connection.start; "" where it does not say."""

    product: str
    version: str
    platform: str


class NotReady(SetupError):
    """No message went round. ``because`` is why there is no connection; None if one was there already."""

    def __init__(self, problem: str, next_step: str = "", because: FailedBecause | None = None) -> None:
        self.because = because
        super().__init__(problem, next_step)


def greet(url: str | Address, timeout: float = PROBE_SECONDS) -> Hello:
    """Send a message round once. NotReady says what hinders, and never the password.

    Not to be called from a coroutine: it has an event loop of its own.
    """
    address = parse_url(url) if isinstance(url, str) else url
    try:
        return asyncio.run(_round_trip(address, timeout))
    except ConnectFailed as error:
        raise NotReady(f"the broker at {error}", advice(error.because, address), error.because) from error
    except RawError as error:
        raise NotReady(f"the broker at {address} lets nobody send a message round: {error}") from error


async def _round_trip(address: Address, timeout: float) -> Hello:
    sent = secrets.token_hex(16)
    async with await connect(address, timeout=timeout) as connection:
        queue = (await connection.declare_queue(exclusive=True)).queue
        await connection.publish("", queue, Message({}, Inline(sent)))
        if await _fetch(connection, queue, timeout) != sent.encode():
            raise NotReady(f"the broker at {address} gave back another message than it was given")
        return hello(connection.server_properties)


async def _fetch(connection: Connection, queue: Text, timeout: float) -> bytes:
    try:
        async with asyncio.timeout(timeout):
            while (received := await connection.get(queue, no_ack=True)) is None:
                await asyncio.sleep(0.01)  # nothing says when a publish has reached its queue
    except TimeoutError:
        raise TimedOut("message back", timeout) from None
    return received.body


def hello(properties: Table) -> Hello:
    """What connection.start's server-properties say (AMQP 0-9-1, 1.4.2.1)."""
    said = {
        name: bytes_of(value.value).decode("utf-8", "replace")
        for name, value in properties.value
        if isinstance(value, Longstr)
    }
    return Hello(said.get("product", ""), said.get("version", ""), said.get("platform", ""))


def advice(because: FailedBecause, address: Address) -> str:
    """What to do about a connection that did not come about."""
    match because:
        case FailedBecause.UNREACHABLE | FailedBecause.TIMEOUT:
            return f"check that a broker listens on {address.host} port {address.port}, and the way to it"
        case FailedBecause.CREDENTIALS:
            return (
                f"check user {address.user!r} and its password in the URL; "
                "a broker lets guest in from its own machine only"
            )
        case FailedBecause.VHOST:
            return f"create the virtual host {address.vhost!r} on the broker, or name another in the URL"
        case FailedBecause.NOT_AMQP:
            return (
                f"check the port: {address.port} is no AMQP 0-9-1 listener "
                "(RabbitMQ's are 5672, and 5671 with amqps://)"
            )
        case FailedBecause.CLOSED:
            return "the broker's own log says why"
        case _:
            assert_never(because)
