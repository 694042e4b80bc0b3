"""What the rest of the suite knows of a broker: where it is and what it says it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_SECRET = re.compile(r"(?P<start>\bamqps?://[^\s:@/]*):\S*@", re.IGNORECASE)


def redact(text: str) -> str:
    """``text`` with the password of every AMQP URL in it replaced by ``***``.

    A password may hold any character but a blank: all up to the last ``@`` of the word is taken for it.
    """
    return _SECRET.sub(r"\g<start>:***@", text)


@dataclass(frozen=True, slots=True)
class BrokerInfo:
    """A broker as it describes itself at connection start (connection.start's server-properties).

    ``build`` says more than a version can: a Debian package's version or an image's digest; "" for a broker
    that is not ours, which does not tell. ``url`` is without its password. ``settings`` are the lines of its
    configuration that make it another than as packaged; ``feature_flags`` and ``deprecated_features`` their
    states by name, where it was asked (:mod:`.describe`).
    """

    spec: str
    product: str
    version: str
    platform: str
    build: str
    url: str
    settings: tuple[str, ...] = ()
    feature_flags: Mapping[str, str] = field(default_factory=dict)
    deprecated_features: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        build = f", {self.build}" if self.build else ""
        return f"{self.product} {self.version} ({self.platform}{build}), {self.spec}"


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker that is ready. ``url`` holds the password: it is for peers, never for a person to read.

    ``container``: the name of the container that it runs in, None for one that runs in none of ours.
    """

    url: str = field(repr=False)
    info: BrokerInfo
    container: str | None = None

    @property
    def product(self) -> str:
        """What it says that it is, ``RabbitMQ``."""
        return self.info.product

    @property
    def version(self) -> str:
        """The version that it states."""
        return self.info.version

    @property
    def build(self) -> str:
        """What exactly it is, where that is known."""
        return self.info.build
