"""Manifests: which peers there are. One ``peer.toml`` a folder, found, read and checked; nothing starts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from harness.errors import SetupError, UsageError, unknown
from harness.peers.protocol import Role

HARNESS = Path(__file__).parent.parent
PACKAGED = (HARNESS / "_data").is_dir()
"""Whether this is an installed package: see the wheel's part of pyproject.toml."""
ROOT = HARNESS / "_data" if PACKAGED else HARNESS.parent
"""Where the folders of the peers and ``contract/`` lie. Nothing is written there."""
FOLDERS = ("go_producer", "python_consumer", "peers/*")
OWN = HARNESS / "raw"
"""The folder of the suite's own peer."""

Name: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]*$")]


class Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the library states of itself in client-properties.

    ``{version}`` stands for the release, ``{pamqp}`` for the version of that package as it was installed.
    ``releases`` are those that state something else: the first whose range holds the release counts.
    """

    product: str
    version: str
    releases: tuple[WireOf, ...] = ()

    def of(self, release: str) -> Wire | WireOf:
        """What ``release`` states. One that has no version number, such as a checkout's, states the usual."""
        try:
            version = Version(release)
        except InvalidVersion:
            return self
        fitting = (
            one for one in self.releases if SpecifierSet(one.range).contains(version, prereleases=True)
        )
        return next(fitting, self)


class WireOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the releases of a range, ``>=1.3,<1.5``, state."""

    range: str
    product: str
    version: str

    def __post_init__(self) -> None:
        SpecifierSet(self.range)  # InvalidSpecifier is a ValueError: msgspec names the place


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One library of a manifest. The first of ``releases`` is meant by the bare name; all run by default.

    ``by_hand``: its program can also be used as the article uses it, without the protocol.
    """

    name: Name
    package: str
    releases: Annotated[tuple[str, ...], Meta(min_length=1)]
    roles: Annotated[tuple[Role, ...], Meta(min_length=1)]
    command: Annotated[tuple[str, ...], Meta(min_length=1)]
    wire: Wire
    requirements: tuple[str, ...] = ()
    by_hand: bool = False


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ``peer.toml``: ``toolchain`` names how its peers are made ready (see harness/peers/build.py)."""

    language: str
    toolchain: str
    peer: Annotated[tuple[Entry, ...], Meta(min_length=1)]


class PeerSpec(msgspec.Struct, frozen=True):
    """One library at one release: what a cell names."""

    label: str
    """``pika`` for the release meant by the bare name, else ``pika@1.3.2``, and what was pinned beside it."""
    name: str
    release: str
    language: str
    toolchain: str
    folder: Path
    entry: Entry
    pins: tuple[tuple[str, str], ...] = ()
    """What it stands on, at which version, where that was asked for: packages, and ``python``."""
    path: Path | None = None
    """A working tree to take the library from, in place of a release."""

    @property
    def roles(self) -> tuple[Role, ...]:
        """What it can be asked to be."""
        return self.entry.roles


def read_manifest(path: Path) -> Manifest:
    """The manifest at ``path``. SetupError says what is wrong with it, and where."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Manifest)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise SetupError(f"{path}: {error}", "docs/adding_a_peer.md describes a manifest") from error


def find_peers(root: Path = ROOT, folders: Iterable[str] = FOLDERS) -> tuple[PeerSpec, ...]:
    """All peers of all manifests, at all their default releases; with those of the suite comes its own."""
    found = [path for pattern in folders for path in sorted(root.glob(f"{pattern}/peer.toml"))]
    found += [OWN / "peer.toml"] if root == ROOT else []
    specs: list[PeerSpec] = []
    for path in found:
        manifest = read_manifest(path)
        specs += [
            _spec(manifest, entry, release, path.parent)
            for entry in manifest.peer
            for release in entry.releases
        ]
    seen: dict[tuple[str, Role], PeerSpec] = {}
    for spec in specs:
        for role in spec.roles:
            other = seen.setdefault((spec.label, role), spec)
            if other is not spec:
                raise SetupError(
                    f"two manifests have a {role} {spec.label}: {other.folder} and {spec.folder}"
                )
    return tuple(specs)


def _spec(manifest: Manifest, entry: Entry, release: str, folder: Path) -> PeerSpec:
    label = entry.name if release == entry.releases[0] else f"{entry.name}@{release}"
    return PeerSpec(label, entry.name, release, manifest.language, manifest.toolchain, folder, entry)


_PINNED = re.compile(
    r"""^(?P<name>[^@\[\]]+)
    (?:@(?:path:(?P<path>[^\[\]]+)|(?P<release>[0-9][0-9A-Za-z.+-]*)))?
    (?:\[(?P<pins>[^\[\]]+)\])?$""",
    re.VERBOSE,
)
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9][\w.:/@-]*)@v?(?P<version>[0-9][0-9A-Za-z.+-]*)$")
NOTATION = "a peer is NAME, NAME@1.2.3, NAME@path:FOLDER, each with [PACKAGE@VERSION,python@3.12] after it"


def resolve(wanted: Iterable[str], role: Role, peers: Iterable[PeerSpec]) -> tuple[PeerSpec, ...]:
    """The peers that ``wanted`` names in this role (:data:`NOTATION`), all of the defaults if none.

    UsageError for a name that no manifest has in this role, or a release that is not of the form ``@1.2.3``.
    """
    able = [spec for spec in peers if role in spec.roles]
    names = list(dict.fromkeys(wanted))
    if not names:
        return tuple(able)
    chosen = {spec.label: spec for spec in (_resolve(name, role, able) for name in names)}
    return tuple(chosen.values())


def _resolve(wanted: str, role: Role, able: list[PeerSpec]) -> PeerSpec:
    by_label = {spec.label: spec for spec in able}
    if wanted in by_label:
        return by_label[wanted]
    match = _PINNED.match(wanted)
    family = [spec for spec in able if spec.name == re.split("[@\\[]", wanted)[0]]
    if not family:
        raise unknown(role, wanted, by_label)
    if match is None:
        raise UsageError(f"{wanted!r} names no release", NOTATION)
    first, path = family[0], _checkout(wanted, match["path"])
    release = "path" if path else match["release"] or first.release
    pins = _pins(wanted, match["pins"])
    if not pins and not path:
        for spec in family:
            if spec.release == release:
                return spec
    return msgspec.structs.replace(first, label=wanted, release=release, pins=pins, path=path)


def _checkout(wanted: str, path: str | None) -> Path | None:
    if path is None:
        return None
    folder = Path(path).expanduser().absolute()
    if not folder.is_dir():
        raise UsageError(f"{wanted!r}: there is no folder {folder}", NOTATION)
    return folder


def _pins(wanted: str, pins: str | None) -> tuple[tuple[str, str], ...]:
    if pins is None:
        return ()
    matches = [_PIN.match(pin.strip()) for pin in pins.split(",")]
    found = tuple((match["name"], match["version"]) for match in matches if match is not None)
    if len(found) < len(matches):
        raise UsageError(f"{wanted!r}: [{pins}] pins nothing", NOTATION)
    return found
