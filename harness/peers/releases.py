"""Which releases of a library there are: asked of the ordinary client of its language, no registry by name.

One function a toolchain. The reading of what a client prints is pure; :func:`releases` runs the client.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from xml.etree import ElementTree

from packaging.version import InvalidVersion, Version
from uv import find_uv_bin

from harness.errors import SetupError, UsageError
from harness.peers.cached import run
from harness.peers.manifest import PeerSpec

MAVEN_GET = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get"


def releases(spec: PeerSpec) -> tuple[str, ...]:
    """All releases of the library of ``spec`` that have a version number, oldest first.

    UsageError for a library that has no releases to ask for; SetupError if the client is missing or fails.
    """
    ask = CLIENTS.get(spec.toolchain)
    if ask is None or not spec.entry.package:
        raise UsageError(f"nobody can be asked which releases of {spec.name} there are")
    found = in_order(ask(spec))
    if not found:
        raise SetupError(f"no releases of {spec.entry.package} were found")
    return found


def in_order(versions: Iterable[str]) -> tuple[str, ...]:
    """Those that can be put in order, each once, oldest first."""
    known = {text: version for text in versions if (version := version_of(text)) is not None}
    return tuple(sorted(known, key=lambda text: known[text]))


def version_of(text: str) -> Version | None:
    """A version number of any language as one that can be compared; None for what is none, or a snapshot."""
    plain = re.sub(r"(?i)\.(release|final|ga)$", "", text)
    plain = re.sub(r"(?i)[-.](m|milestone)[-.]?(?=[0-9]+$)", "a", plain)
    try:
        return Version(plain)
    except InvalidVersion:
        return None


def between(found: Iterable[str], good: str, bad: str) -> tuple[str, ...]:
    """The releases from ``good`` to ``bad``, both with them, whichever is newer.

    Pre-releases count only where one of the ends is one. UsageError for an end that is no release.
    """
    found = tuple(found)
    for end in (good, bad):
        if end not in found:
            raise UsageError(f"{end!r} is no release", f"known: {', '.join(found)}")
    first, last = sorted((found.index(good), found.index(bad)))
    early = any(_is_early(end) for end in (good, bad))
    chosen = [one for one in found[first : last + 1] if early or not _is_early(one)]
    return tuple(chosen if found.index(good) == first else reversed(chosen))


def _is_early(text: str) -> bool:
    version = version_of(text)
    return version is not None and version.is_prerelease


# --- the clients ---------------------------------------------------------------------------------------


def _python(spec: PeerSpec) -> Iterable[str]:
    """pip, run by uv: uv itself lists no releases."""
    words = ["run", "-q", "--no-project", "--with", "pip", "python", "-m", "pip", "index", "versions"]
    uv = find_uv_bin()
    options = ["--pre", "--ignore-requires-python", "--disable-pip-version-check"]
    return read_pip(_ask(spec, [uv, *words, *options, spec.entry.package]))


def read_pip(said: str) -> tuple[str, ...]:
    """Of ``pip index versions``: the line of those that are available."""
    line = re.search(r"^Available versions: (.*)$", said, re.MULTILINE)
    return tuple(line[1].replace(",", " ").split()) if line else ()


def _go(spec: PeerSpec) -> Iterable[str]:
    """Retracted releases too: somebody may be using one."""
    return read_go(_ask(spec, ["go", "list", "-m", "-versions", "-retracted", spec.entry.package]))


def read_go(said: str) -> tuple[str, ...]:
    """Of ``go list -m -versions``: module, then versions."""
    return tuple(word.removeprefix("v") for word in said.split()[1:])


def _node(spec: PeerSpec) -> Iterable[str]:
    return read_npm(_ask(spec, ["npm", "view", spec.entry.package, "versions", "--json"]))


def read_npm(said: str) -> tuple[str, ...]:
    """Of ``npm view NAME versions --json``: a list, or a string where there is only one."""
    found = json.loads(said)
    return (found,) if isinstance(found, str) else tuple(found)


def _java(spec: PeerSpec) -> Iterable[str]:
    """Maven lists no releases, but keeps the list by which it finds the newest one."""
    group, artifact = spec.entry.package.split(":")
    with tempfile.TemporaryDirectory(prefix="amqp-interop-") as folder:
        newest = f"-Dartifact={spec.entry.package}:LATEST"
        _ask(spec, ["mvn", "-q", "-B", "-U", MAVEN_GET, "-Dtransitive=false", newest], Path(folder))
    home = Path.home() / ".m2" / "repository"
    lists = home.joinpath(*group.split("."), artifact).glob("maven-metadata-*.xml")
    return [one for path in lists for one in read_maven(path.read_text(encoding="utf-8"))]


def read_maven(said: str) -> tuple[str, ...]:
    """Of a maven-metadata.xml: its versions."""
    found = ElementTree.fromstring(said).iterfind("versioning/versions/version")  # noqa: S314 - Maven's own
    return tuple(one.text or "" for one in found)


def _rust(spec: PeerSpec) -> Iterable[str]:
    """Cargo lists no releases, but keeps what the index says of each crate that it was asked about."""
    package = spec.entry.package
    _ask(spec, ["cargo", "info", "-q", package])
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    folder = {1: Path("1"), 2: Path("2"), 3: Path("3", package[0])}.get(len(package))
    place = folder or Path(package[:2], package[2:4])
    entries = home.glob(f"registry/index/*/.cache/{place}/{package}")
    return [one for path in entries for one in read_cargo(path.read_bytes())]


def read_cargo(kept: bytes) -> tuple[str, ...]:
    """Of an entry of cargo's index cache: a JSON object a release, between zero octets."""
    objects = [json.loads(part) for part in kept.split(b"\0") if part.startswith(b"{")]
    return tuple(one["vers"] for one in objects)


def _c(spec: PeerSpec) -> Iterable[str]:
    """The versions that this system's package sources have; the manifest says which package it is."""
    packages = dict(need.split(":", 1) for need in spec.entry.requirements if ":" in need)
    package = packages.get(spec.entry.package, spec.entry.package)
    return read_apt(_ask(spec, ["apt-cache", "madison", package]))


def read_apt(said: str) -> tuple[str, ...]:
    """Of ``apt-cache madison``: the version of each row, without epoch and Debian's revision."""
    rows = (line.split("|") for line in said.splitlines() if line.count("|") > 1)
    return tuple(re.sub(r"^[0-9]+:|-[^-]*$", "", row[1].strip()) for row in rows)


def _ask(spec: PeerSpec, words: list[str | Path], folder: Path | None = None) -> str:
    program = words[0]
    if shutil.which(program) is None:
        raise SetupError(f"{program} is not on PATH: it knows the releases of {spec.name}")
    return run(words, folder or spec.folder, f"asking for the releases of {spec.name}")


CLIENTS: dict[str, Callable[[PeerSpec], Iterable[str]]] = {
    "python": _python,
    "go": _go,
    "node": _node,
    "java": _java,
    "rust": _rust,
    "c": _c,
}
"""By the name of a toolchain (see toolchains/)."""
