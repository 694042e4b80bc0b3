"""Rust: ``cargo build``. From the lock file's template for a default release, from one changed for others.

A library is a dependency of the adapter's Cargo.toml, once a major release that the adapter can be built on
(optional then, switched on by its feature). What all releases stand on is compiled once: one target folder.
"""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from harness.broker.cache import cache_folder
from harness.broker.cache import locked as held
from harness.errors import SetupError
from harness.peers.cached import Say, fingerprint, fingerprint_of_tree, made_once, run
from harness.peers.manifest import PeerSpec
from harness.peers.toolchains import Made, Toolchain
from harness.peers.toolchains.cargo_lock import LOCK, TEMPLATE, compatible, fill, locked, registry_of

SOURCES = ("Cargo.toml", "build.rs", "src")
"""What of an adapter's folder its program is built from."""


class Build(msgspec.Struct, frozen=True):
    """What Cargo is told: the folder, the words that every command of it gets, and those of a build."""

    folder: Path
    what: str
    configuration: tuple[str, ...] = ()
    features: tuple[str, ...] = ()

    def cargo(self, *words: str | Path, **variables: str) -> str:
        """Run Cargo; its standard output."""
        return run(["cargo", *self.configuration, *words], self.folder, self.what, **variables)


class Checkout(msgspec.Struct, frozen=True):
    """Where in a working tree the library lies, and which release it says it is."""

    folder: Path
    release: str


def make(spec: PeerSpec, say: Say) -> Made:
    """The program, built against the release, the pins, or the checkout that ``spec`` names."""
    version = run(["cargo", "version", "--verbose"], spec.folder, "asking Cargo for its version")
    parts: list[str | Path] = [version, fingerprint_of_tree(spec.folder / "src", (".rs",))]
    parts += [
        spec.folder / name for name in ("Cargo.toml", "build.rs", TEMPLATE) if (spec.folder / name).exists()
    ]
    parts += [f"{name}@{of}" for name, of in spec.pins]
    if spec.path is not None:
        parts += [str(spec.path), fingerprint_of_tree(spec.path, (".rs", ".toml"))]
    target = cache_folder() / "rust" / f"{spec.name}-{spec.release}-{fingerprint(*parts)}"
    with made_once(target, f"the Rust program of {spec.label}", say) as half:
        if half is not None:
            versions = _build(spec, half)
            (half / "versions.json").write_text(json.dumps(versions), "utf-8")
    versions = json.loads((target / "versions.json").read_text("utf-8"))
    return Made({"program": str(target / "program")}, versions)


def _build(spec: PeerSpec, half: Path) -> dict[str, str]:
    """Lock, compile, and keep the program; the versions of what it was built from."""
    source, what = half / "source", f"building {spec.label}"
    source.mkdir()
    for name in SOURCES:
        if (spec.folder / name).is_dir():
            shutil.copytree(spec.folder / name, source / name)
        elif (spec.folder / name).exists():
            shutil.copy(spec.folder / name, source / name)
    checkout = _checkout(spec)
    release = spec.release if checkout is None else checkout.release
    patch = () if checkout is None else _patch(spec, checkout)
    build = Build(source, what, patch, _features(spec, release))
    _lock(spec, build, checkout)
    with held("rust-target"):
        shared = cache_folder() / "rust" / "target"
        flags = ["--release", "--locked", *build.features]
        build.cargo("build", "-q", *flags, CARGO_TARGET_DIR=str(shared))
        shutil.copy(shared / "release" / _program(source), half / "program")
    return dict(_tree(build))


def _program(source: Path) -> str:
    name: str = tomllib.loads((source / "Cargo.toml").read_text("utf-8"))["package"]["name"]
    return name


def _features(spec: PeerSpec, release: str) -> tuple[str, ...]:
    """The flags that choose the dependency whose requirement holds the release."""
    manifest = tomllib.loads((spec.folder / "Cargo.toml").read_text("utf-8"))
    dependencies = [
        (key, of if isinstance(of, dict) else {"version": of})
        for key, of in manifest.get("dependencies", {}).items()
    ]
    taken = [(key, of) for key, of in dependencies if of.get("package", key) == spec.entry.package]
    for key, of in taken:
        wanted = compatible(of["version"])
        if compatible(release)[: len(wanted)] == wanted:
            return ("--no-default-features", "--features", key) if of.get("optional") else ()
    ranges = ", ".join(of["version"] for _, of in taken) or "none"
    raise SetupError(
        f"{spec.label}: the adapter is written for {spec.entry.package} {ranges}, not {release}",
        f"{spec.folder}/Cargo.toml lists them",
    )


def _lock(spec: PeerSpec, build: Build, checkout: Checkout | None) -> None:
    """The lock file of the template, with the release, the pins or the checkout in place of what it has."""
    template = (spec.folder / TEMPLATE).read_text("utf-8")
    lock = build.folder / LOCK
    lock.write_text(fill(template, registry_of(template)), "utf-8")
    release = spec.release if checkout is None else checkout.release
    having = [one.version for one in locked(lock.read_text("utf-8")) if one.name == spec.entry.package]
    if release not in having or checkout is not None:
        _choose(build, spec.entry.package, release, having)
    if checkout is not None and not any(
        (one.name, one.version, one.source) == (spec.entry.package, release, None)
        for one in locked(lock.read_text("utf-8"))
    ):
        raise SetupError(
            f"{spec.label}: Cargo does not take {spec.entry.package} {release} from {checkout.folder}",
            "its version must be one that the adapter's Cargo.toml allows",
        )
    for name, wanted in spec.pins:
        _choose(build, name, wanted, [version for of, version in _tree(build) if of == name])


def _choose(build: Build, name: str, wanted: str, having: Iterable[str]) -> None:
    """Put ``wanted`` in place of the release of that package with the same interface."""
    for version in having:
        if compatible(version) == compatible(wanted):
            build.cargo("update", "-q", "-p", f"{name}@{version}", "--precise", wanted)
            return
    raise SetupError(
        f"{build.what}: it does not stand on {name} {wanted}", f"it does on {', '.join(having) or 'none'}"
    )


def _checkout(spec: PeerSpec) -> Checkout | None:
    """The library in the working tree that ``spec`` names: at its top, or a member of its workspace."""
    if spec.path is None:
        return None
    words = ["cargo", "metadata", "-q", "--no-deps", "--format-version", "1"]
    told = json.loads(run(words, spec.path, f"asking Cargo what is in {spec.path}"))
    for package in told["packages"]:
        if package["name"] == spec.entry.package:
            return Checkout(Path(package["manifest_path"]).parent, package["version"])
    raise SetupError(f"{spec.label}: there is no package {spec.entry.package} in {spec.path}")


def _patch(spec: PeerSpec, checkout: Checkout) -> tuple[str, ...]:
    path = json.dumps(str(checkout.folder))  # a basic string of TOML
    return ("--config", f"patch.crates-io.{spec.entry.package}.path={path}")


def _tree(build: Build) -> list[tuple[str, str]]:
    """The packages that the program is built from, with their versions."""
    flags = ["--edges", "normal,build", "--prefix", "none", "--no-dedupe"]
    lines = build.cargo("tree", "-q", "--locked", *build.features, *flags).splitlines()
    words = (line.split() for line in lines if line.strip())
    return sorted({(each[0], each[1].removeprefix("v")) for each in words})


TOOLCHAIN = Toolchain(make, ("cargo",), "install Rust 1.88 or later")
