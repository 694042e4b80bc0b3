"""How a scenario has a peer enter: the parts of its URL and how they are spelled, and the server it meets.

Pure: what a scenario file says, and what follows from it. Parts are written in a file as they are meant;
the URL has them percent-encoded (RFC 3986, 2.1; RabbitMQ's URI specification).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple, TypeAlias
from urllib.parse import quote

import msgspec
from msgspec import Meta

DEFAULT_VHOST = "/"
UNIQUE = "{unique}"

Unusual: TypeAlias = Literal["heartbeats", "empty-bodies", "octets", "blocked"]
"""Between the frames of a message: a heartbeat before each but the first; an empty body frame before each
that has something in it; or every octet of the body in a frame of its own. Or, for a peer that says that it
understands it: connection.blocked before every method of a channel, connection.unblocked behind it."""


class Guest(NamedTuple):
    """What the broker must know beforehand: a user (None: the run's own), a virtual host, and whether the
    one may enter the other."""

    user: str | None
    password: str | None
    vhost: str
    permitted: bool


class Url(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The URL that the peer is given, and what it must ask the broker for.

    Left out, user and password are the run's own. A user and a virtual host that are named are made for the
    run, but for what is ``lacking``; ``{unique}`` in them is the run's own. ``spelled`` is the URL with its
    parts in braces: ``{user}``, ``{password}``, ``{place}`` (host and port) and ``{vhost}``.
    """

    user: str | None = None
    password: str | None = None
    vhost: str = DEFAULT_VHOST
    spelled: str = "amqp://{user}:{password}@{place}/{vhost}"
    lacking: Literal["vhost", "permission"] | None = None

    @property
    def guest(self) -> Guest | None:
        """Who has to be made, None if nobody."""
        if self.user is None and (self.vhost == DEFAULT_VHOST or self.lacking == "vhost"):
            return None
        return Guest(self.user, self.password, self.vhost, self.lacking is None)

    def of_run(self, token: str) -> Url:
        """The same with the run's ``token`` in place of ``{unique}``."""

        def named(part: str | None) -> str | None:
            return part and part.replace(UNIQUE, token)

        return msgspec.structs.replace(
            self,
            user=named(self.user),
            password=named(self.password),
            vhost=self.vhost.replace(UNIQUE, token),
            spelled=self.spelled.replace(UNIQUE, token),
        )

    def text(self, user: str, password: str, place: str) -> str:
        """The URL; ``user`` and ``password`` stand in for those that are left out."""
        parts: Mapping[str, str] = {
            "user": user if self.user is None else self.user,
            "password": password if self.password is None else self.password,
            "vhost": self.vhost,
        }
        return self.spelled.format(
            place=place, **{name: quote(part, safe="") for name, part in parts.items()}
        )


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the server behaves, all of it legal. What is left out is as the broker proposes and frames it.

    ``channel_max``, ``frame_max`` (octets) and ``heartbeat`` (seconds) are proposed to the peer; 0 is no
    limit, no heartbeat. ``writes``: octets a write to the peer at the most. ``broker_told``: whether the
    broker gets the peer's answer as it is, rather than what keeps to the broker's own proposal.
    """

    channel_max: Annotated[int, Meta(ge=0, le=0xFFFF)] | None = None
    frame_max: Annotated[int, Meta(ge=0, le=0xFFFFFFFF)] | None = None
    heartbeat: Annotated[int, Meta(ge=0, le=0xFFFF)] | None = None
    frames: Unusual | None = None
    writes: Annotated[int, Meta(ge=0)] = 0
    broker_told: bool = False
