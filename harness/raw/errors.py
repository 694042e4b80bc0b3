"""What can go wrong with the raw client. No message here ever holds a password.

RawError
├── ConnectFailed       no connection came about: ``because`` says why
├── TimedOut            no answer within the deadline
├── ChannelClosed       the broker closed the channel, with its code and text
└── ConnectionClosed    the connection is gone; ``code`` is None where the broker gave none

A value that cannot be encoded (a name over 255 bytes) is a ValueError before anything is sent.
"""

from __future__ import annotations

from enum import Enum


class FailedBecause(Enum):
    """Why a connection did not come about."""

    UNREACHABLE = "cannot be reached"
    CREDENTIALS = "refused the user or the password"
    VHOST = "has no such virtual host, or the user may not use it"
    NOT_AMQP = "does not speak AMQP 0-9-1"
    TIMEOUT = "did not answer in time"
    CLOSED = "closed the connection during the handshake"


class RawError(Exception):
    """The root of all that the raw client raises of its own."""


class ConnectFailed(RawError):
    """No connection: ``address`` (without its password), ``because``, the broker's ``code`` if it gave one,
    and ``text``: the broker's or the operating system's words."""

    def __init__(self, address: str, because: FailedBecause, text: str = "", code: int | None = None) -> None:
        self.address, self.because, self.text, self.code = address, because, text, code
        said = f": {'' if code is None else f'{code} '}{text}" if text or code is not None else ""
        super().__init__(f"{address} {because.value}{said}")


class TimedOut(RawError):
    """``what`` was awaited for ``seconds`` and did not come."""

    def __init__(self, what: str, seconds: float) -> None:
        self.what, self.seconds = what, seconds
        super().__init__(f"no {what} within {seconds:g} s")


class ChannelClosed(RawError):
    """channel.close from the broker. ``code`` is None if it was closed from this side."""

    def __init__(self, code: int | None, text: str) -> None:
        self.code, self.text = code, text
        super().__init__(f"channel closed: {'' if code is None else f'{code} '}{text}")


class ConnectionClosed(RawError):
    """connection.close from the broker. With ``code`` None the socket went without it; ``text`` says how."""

    def __init__(self, code: int | None, text: str) -> None:
        self.code, self.text = code, text
        super().__init__(f"connection closed: {'' if code is None else f'{code} '}{text}")
