"""AMQP URIs, as RabbitMQ's "URI specification" has them.

One reading differs from that page on purpose: ``amqp://host/`` means the default virtual host, as it does to
most client libraries; the page reads it as the virtual host without a name. Query parameters are
refused, because each library gives them a meaning of its own. No error message repeats the URL: its password
may stand anywhere in it when it is mistyped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_to_bytes

PORTS = {"amqp": 5672, "amqps": 5671}
_BROKEN_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f<>\"\\^`{|}]")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker is, and as whom to connect. Its text and its repr leave the password out."""

    host: str = "localhost"
    port: int = PORTS["amqp"]
    user: str = "guest"
    password: str = field(default="guest", repr=False)
    vhost: str = "/"
    tls: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "amqps" if self.tls else "amqp"
        return f"{scheme}://{quote(self.user, safe='')}@{host}:{self.port}/{quote(self.vhost, safe='')}"


def parse_url(text: str) -> Address:
    """The address in ``text``. ValueError says what is wrong with it.

    Parts that are missing are guest, guest, localhost, 5672 (amqps: 5671) and ``/``.
    """
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in PORTS:
        raise ValueError("an AMQP URL starts with amqp:// or amqps://")
    if _NOT_IN_A_URL.search(rest):
        raise ValueError('blanks, control characters and <>"\\^`{|} must be percent-encoded in an AMQP URL')
    if "?" in rest or "#" in rest:
        raise ValueError("an AMQP URL has no query or fragment here; a ? is written %3F and a # %23")
    authority, _, path = rest.partition("/")
    user, password, place = _credentials(authority)
    host, port = _host_and_port(place)
    if "/" in path:
        raise ValueError("the virtual host of an AMQP URL holds no plain /; it is written %2F")
    return Address(
        host=host,
        port=PORTS[scheme] if port is None else port,
        user=user,
        password=password,
        vhost=_decoded(path, "virtual host") if path else "/",
        tls=scheme == "amqps",
    )


def _credentials(authority: str) -> tuple[str, str, str]:
    """User, password, and what follows the ``@``."""
    if authority.count("@") > 1:
        raise ValueError("an @ in the user or password of an AMQP URL is written %40")
    info, at, place = authority.rpartition("@")
    if not at:
        return "guest", "guest", place
    user, colon, password = info.partition(":")
    return _decoded(user, "user"), _decoded(password, "password") if colon else "guest", place


def _host_and_port(place: str) -> tuple[str, int | None]:
    if place.startswith("["):
        host, bracket, tail = place[1:].partition("]")
        if not bracket or not host or (tail and not tail.startswith(":")):
            raise ValueError("an IPv6 address in an AMQP URL stands in brackets: [::1]:5672")
        return _decoded(host, "host"), _port(tail[1:])
    host, _, port = place.partition(":")
    if ":" in port:
        raise ValueError("the host of an AMQP URL has more than one colon; an IPv6 address needs brackets")
    return _decoded(host, "host") or "localhost", _port(port)


def _port(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536):
        raise ValueError("the port of an AMQP URL is a number from 1 to 65535")
    return int(text)


def _decoded(text: str, what: str) -> str:
    if _BROKEN_PERCENT.search(text):
        raise ValueError(f"a % in the {what} of an AMQP URL must be followed by two hex digits")
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"the {what} of an AMQP URL is not UTF-8 once decoded") from None
