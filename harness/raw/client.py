"""The raw client: ``connect``, which is the handshake; what follows is :class:`Connection`'s."""

from __future__ import annotations

import asyncio
import platform
import ssl

import harness
from harness.amqp.frames import PROTOCOL_HEADER
from harness.amqp.methods import Start, decode_method
from harness.amqp.values import Boolean, Longstr, Table
from harness.raw import replies, requests
from harness.raw.connection import Connection
from harness.raw.content import DEFAULT_FRAME_MAX
from harness.raw.errors import ConnectFailed, ConnectionClosed, FailedBecause
from harness.raw.outcomes import Received
from harness.raw.replies import Tune
from harness.raw.session import Session
from harness.raw.url import Address, parse_url

__all__ = ["PRODUCT", "Connection", "connect", "own_properties"]

PRODUCT = "amqp-interop raw"
CAPABILITIES = (
    "authentication_failure_close",
    "basic.nack",
    "connection.blocked",
    "consumer_cancel_notify",
    "publisher_confirms",
)


def own_properties() -> Table:
    """What the client says of itself unless it is told otherwise."""
    capabilities = Table(tuple((name, Boolean("true")) for name in CAPABILITIES))
    return Table(
        (
            ("product", Longstr(PRODUCT)),
            ("version", Longstr(harness.__version__)),
            ("platform", Longstr(f"CPython {platform.python_version()}")),
            ("capabilities", capabilities),
        )
    )


async def connect(
    url: str | Address,
    *,
    timeout: float = 10.0,
    client_properties: Table | None = None,
    frame_max: int = DEFAULT_FRAME_MAX,
    channel_max: int = 0,
    heartbeat: int = 0,
) -> Connection:
    """An open connection. ``timeout`` (seconds) bounds the whole handshake and every later answer.

    ``frame_max`` (octets) and ``channel_max`` are upper limits, 0 for none; ``heartbeat`` (seconds) is what
    is agreed on, 0 for none. ConnectFailed says why not; ValueError is for a URL that is none.
    """
    address = parse_url(url) if isinstance(url, str) else url
    session = Session()
    wish = Tune(channel_max, frame_max, heartbeat)
    try:
        async with asyncio.timeout(timeout):
            await _open_socket(session, address)
            properties, tune = await _handshake(session, address, client_properties or own_properties(), wish)
    except TimeoutError:
        session.wire.abort()
        raise ConnectFailed(str(address), FailedBecause.TIMEOUT, f"{timeout:g} s") from None
    except ConnectionClosed as error:
        session.wire.abort()
        raise ConnectFailed(str(address), _because(session, error), error.text, error.code) from None
    except BaseException:
        session.wire.abort()
        raise
    return Connection(session, properties, tune, timeout)


async def _open_socket(session: Session, address: Address) -> None:
    context = ssl.create_default_context() if address.tls else None
    loop = asyncio.get_running_loop()
    try:
        await loop.create_connection(lambda: session.wire, address.host, address.port, ssl=context)
    except (OSError, UnicodeError) as error:  # UnicodeError: a host name that no name service can hold
        raise ConnectFailed(str(address), FailedBecause.UNREACHABLE, str(error)) from error


async def _handshake(session: Session, address: Address, own: Table, wish: Tune) -> tuple[Table, Tune]:
    """Start, tune, open, and channel 1 (AMQP 0-9-1, 2.2.4). The caller sets the deadline."""
    start = session.expect(replies.START, channel=0)
    session.wire.send(PROTOCOL_HEADER)
    started = decode_method(_octets(await start))
    assert isinstance(started, Start)
    offer = session.expect(replies.TUNE, channel=0)
    session.send(requests.start_ok(own, address.user, address.password), 0)
    tune = _agree(replies.tune(_octets(await offer)), wish)
    opened = session.expect(replies.OPEN_OK, channel=0)
    session.send(requests.tune_ok(*tune), 0)
    session.send(requests.connection_open(address.vhost), 0)
    if tune.heartbeat:
        session.wire.beat(tune.heartbeat)
    await opened
    channel = session.expect(replies.CHANNEL_OPEN_OK)
    session.send(requests.CHANNEL_OPEN)
    await channel
    return started.server_properties, tune


def _octets(answer: bytes | Received) -> bytes:
    assert isinstance(answer, bytes)
    return answer


def _agree(offer: Tune, wish: Tune) -> Tune:
    """The lower of both limits, where 0 is no limit; the heartbeat is the client's to choose."""
    return Tune(
        min(offer.channel_max or 65535, wish.channel_max or 65535),
        min(offer.frame_max, wish.frame_max)
        if offer.frame_max and wish.frame_max
        else offer.frame_max or wish.frame_max,
        wish.heartbeat,
    )


def _because(session: Session, error: ConnectionClosed) -> FailedBecause:
    match error.code:
        case 403:
            return FailedBecause.CREDENTIALS
        case 530:
            return FailedBecause.VHOST
        case _:
            return FailedBecause.NOT_AMQP if session.not_amqp else FailedBecause.CLOSED
