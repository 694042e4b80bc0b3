"""What a broker spec means. Pure: nothing is looked up, started or connected to here.

The forms are those of the design page, "Brokers". A spec's text is canonical and never holds a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from harness.errors import UsageError
from harness.raw.url import Address, parse_url

UPSTREAM = "+upstream"


class Release(Enum):
    """The Debian releases whose rabbitmq-server package can become an image."""

    BULLSEYE = "bullseye"
    BOOKWORM = "bookworm"
    TRIXIE = "trixie"
    FORKY = "forky"


PATCHED = (Release.FORKY,)
"""Those whose package has other defaults than upstream's release."""


@dataclass(frozen=True, slots=True)
class Debian:
    """An image made from a Debian release's rabbitmq-server package.

    ``upstream``: with RabbitMQ's own defaults where the package changes them.
    """

    release: Release
    upstream: bool = False

    def __str__(self) -> str:
        return f"debian:{self.release.value}{UPSTREAM if self.upstream else ''}"

    @property
    def settings(self) -> tuple[str, ...]:
        """Lines of rabbitmq.conf. Debian's 4.3 permits with a warning what upstream's denies."""
        return ("deprecated_features.permit.transient_nonexcl_queues = false",) if self.upstream else ()


@dataclass(frozen=True, slots=True)
class Image:
    """An image reference that names a version."""

    reference: str

    def __str__(self) -> str:
        return self.reference


@dataclass(frozen=True, slots=True)
class Running:
    """A broker that runs already and is not ours."""

    address: Address

    def __str__(self) -> str:
        return str(self.address)


@dataclass(frozen=True, slots=True)
class Local:
    """A private child process of the rabbitmq-server that this machine has installed."""

    def __str__(self) -> str:
        return "local"


@dataclass(frozen=True, slots=True)
class Qpid:
    """A private child process of Apache Qpid Broker-J, of that version, from Maven Central."""

    version: str

    def __str__(self) -> str:
        return f"qpid:{self.version}"


Spec: TypeAlias = Debian | Image | Running | Local | Qpid

RELEASES = ", ".join(release.value for release in Release)
FORMS = (
    ("debian:RELEASE", f"an image made from that Debian release's package ({RELEASES})"),
    ("debian:forky+upstream", "the same, denying the deprecated features that upstream denies"),
    ("IMAGE:TAG", "any image reference with a version, such as rabbitmq:4.1"),
    ("amqp://USER:PASSWORD@HOST:PORT/VHOST", "a broker that runs already; amqps:// for TLS"),
    ("local", "a private process of the rabbitmq-server installed here"),
    ("qpid:VERSION", "a private process of Apache Qpid Broker-J, such as qpid:9.2.0 (needs Java 17, Maven)"),
)

_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_HOST = r"[A-Za-z0-9.-]+(?::[0-9]+)?"
_REFERENCE = re.compile(
    rf"(?P<name>(?:{_HOST}/)?{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


def parse_spec(text: str) -> Spec:
    """The meaning of ``text``. UsageError says what is wrong with it and lists the forms."""
    if re.match(r"amqps?:", text, re.IGNORECASE):
        return _running(text)
    if text == "local":
        return Local()
    if text.startswith("debian:"):
        return _debian(text)
    if text.startswith("qpid:"):
        return _qpid(text)
    return _image(text)


def _running(text: str) -> Running:
    try:
        return Running(parse_url(text))
    except ValueError as error:
        raise UsageError(f"the broker's URL is wrong: {error}", _forms()) from None


def _debian(text: str) -> Debian:
    name = text.removeprefix("debian:")
    upstream = name.endswith(UPSTREAM)
    try:
        spec = Debian(Release(name.removesuffix(UPSTREAM)), upstream)
    except ValueError:
        raise UsageError(f"unknown Debian release {name!r} in {text!r}", f"known: {RELEASES}") from None
    if upstream and spec.release not in PATCHED:
        known = ", ".join(f"debian:{one.value}{UPSTREAM}" for one in PATCHED)
        raise UsageError(f"{text!r}: that package changes no default of RabbitMQ's", f"known: {known}")
    return spec


def _qpid(text: str) -> Qpid:
    version = text.removeprefix("qpid:")
    if re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", version) is None:
        raise UsageError(f"{text!r} names no release of Qpid Broker-J", "such as qpid:9.2.0")
    return Qpid(version)


def _image(text: str) -> Image:
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise UsageError(f"unknown broker spec {text!r}", _forms())
    if match["tag"] == "latest":
        raise UsageError(
            f"the broker spec {text!r} is refused: what latest means changes without notice, "
            "and a result must say which broker it is about",
            f"name a version: {match['name']}:VERSION",
        )
    if not (match["tag"] or match["digest"]):
        raise UsageError(f"the broker spec {text!r} names no version, and no form that is known", _forms())
    return Image(text)


def _forms() -> str:
    return "\n".join(("a broker spec is one of", *(f"  {form:<38}{words}" for form, words in FORMS)))
