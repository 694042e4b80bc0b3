"""Broker URLs, checked before a library sees them, and shown without the password.

Pure. The form is amqp://user:password@host:port/vhost, the vhost percent-encoded (%2f is the default one).
"""

from __future__ import annotations

from urllib.parse import urlsplit


class BadUrl(ValueError):
    """A URL that no broker can have: what is wrong with it. It never holds the password."""


def checked(url: str) -> str:
    """``url`` itself. BadUrl if scheme, host or port is not usable."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadUrl(f"{error}; expected amqp://user:password@host:port/vhost") from error
    if parts.scheme not in ("amqp", "amqps"):
        raise BadUrl(f"scheme {parts.scheme or 'missing'}; expected amqp://user:password@host:port/vhost")
    if not parts.hostname or port == 0:
        raise BadUrl("no host or no port; expected amqp://user:password@host:port/vhost")
    return url


def shown(url: str) -> str:
    """Scheme, host, port and vhost: what may be printed."""
    parts = urlsplit(url)
    place = parts.hostname or ""
    place = f"[{place}]" if ":" in place else place
    return f"{parts.scheme}://{place}{f':{parts.port}' if parts.port else ''}{parts.path}"
