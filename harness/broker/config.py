"""The broker's configuration: what a run needs and nothing else, with credentials made for it.

Pure but for chance. The password stands in this file only: not in a command line, an environment variable or
a label.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

MEMORY_LIMIT = 2 * 1024**3
"""Bytes that a container may use."""
MEMORY_MARK = MEMORY_LIMIT * 6 // 10
"""Bytes from which the broker stops reading from publishers: RabbitMQ's default share, of the limit."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user of one run. Both are letters and digits, so that no URL or file has to quote them."""

    user: str
    password: str = field(repr=False)

    def url(self, host: str, port: int) -> str:
        """Where the broker is, for the default virtual host. It holds the password."""
        return f"amqp://{self.user}:{self.password}@{host}:{port}/%2F"


@dataclass(frozen=True, slots=True)
class Setup:
    """How a broker is started where it is not as packaged. ``settings``: lines of rabbitmq.conf;
    ``volume``: the name of a volume that keeps its data beyond the container, None for none."""

    credentials: Credentials
    settings: tuple[str, ...] = ()
    volume: str | None = None


def fresh_credentials() -> Credentials:
    """A user and a password of 128 bits that nobody had before."""
    return Credentials(f"interop-{secrets.token_hex(4)}", secrets.token_hex(16))


def configuration(credentials: Credentials, listener: str, settings: Sequence[str] = ()) -> str:
    """The text of rabbitmq.conf.

    ``listener``: a port, or address:port. ``settings``: more lines, ``key = value``. Without
    ``loopback_users = none`` the broker refuses whoever comes from outside of its container.
    """
    return "\n".join(
        (
            f"listeners.tcp.1 = {listener}",
            "loopback_users = none",
            f"default_user = {credentials.user}",
            f"default_pass = {credentials.password}",
            "log.console = true",
            "log.console.level = info",
            "log.file = false",
            f"vm_memory_high_watermark.absolute = {MEMORY_MARK}",
            "disk_free_limit.absolute = 50MB",
            *settings,
            "",
        )
    )
