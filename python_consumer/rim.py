"""What the loop asks of a library's rim."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib import metadata
from typing import Protocol

from python_consumer import arguments, requests
from python_consumer.lines import Identity

CLOSE_SECONDS = 2.0
"""What a library gets to close its connection; then the process ends without it."""


class Rim(Protocol):
    """One library. It answers through the ``Answers`` it was made with, from threads of its own."""

    @property
    def identity(self) -> Identity:
        """The library's name and version, and what it cannot do."""

    def submit(self, batch: Sequence[requests.Request]) -> None:
        """Take requests in order. Never blocks, whatever the library does; never Describe or Close."""

    def close(self, seconds: float) -> bool:
        """Close the connection if there is one; False if the library did not manage in that time."""


def identity(library: str, *, package: str | None = None, unsupported: Sequence[str] = ()) -> Identity:
    """The installed release of ``library``, which is in ``package`` if that has another name.

    ``unsupported``: what it cannot do beyond that which no Python library can. PackageNotFoundError if there
    is none.
    """
    return Identity(
        library,
        metadata.version(package or library),
        f"{platform.python_implementation()} {platform.python_version()}",
        (requests.PRODUCER, *requests.NON_UTF8_NAMES, *arguments.UNSUPPORTED, *unsupported),
    )
