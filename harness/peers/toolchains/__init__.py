"""How the peers of a language are made ready: one module a toolchain, each with a :class:`Toolchain`.

A toolchain installs or builds one release of a library into the cache, and says what stands in a manifest's
command for the braces, and which versions of which packages it took.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from harness.peers.cached import Say
from harness.peers.manifest import PeerSpec

UNVERSIONED = "devel"
"""The version of a package whose sources do not say one (Go's word for it)."""


class Made(msgspec.Struct, frozen=True):
    """``names`` replace braces in the manifest's command; ``versions`` are of packages taken."""

    names: Mapping[str, str]
    versions: Mapping[str, str] = {}


class Toolchain(msgspec.Struct, frozen=True):
    """``make`` makes a peer ready; ``programs`` must be on PATH for it, ``advice`` says how to get them.

    ``lacking`` says what else a peer lacks on this machine and how to get it, None if nothing; it is asked
    where the programs are there.
    """

    make: Callable[[PeerSpec, Say], Made]
    programs: tuple[str, ...] = ()
    advice: str = ""
    lacking: Callable[[PeerSpec], str | None] = lambda spec: None
