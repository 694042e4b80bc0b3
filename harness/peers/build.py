"""Make a pinned release of a peer ready to start, by its manifest's toolchain."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from harness.broker.cache import bytecode
from harness.errors import SetupError
from harness.peers.cached import Say
from harness.peers.manifest import ROOT, PeerSpec, Wire
from harness.peers.toolchains import UNVERSIONED, Toolchain, c, go, java, node, python, rust

TOOLCHAINS: dict[str, Toolchain] = {
    "go": go.TOOLCHAIN,
    "python": python.TOOLCHAIN,
    "node": node.TOOLCHAIN,
    "java": java.TOOLCHAIN,
    "rust": rust.TOOLCHAIN,
    "c": c.TOOLCHAIN,
}


class Launch(msgspec.Struct, frozen=True):
    """How to start a peer that is ready: command, working folder, and variables beside the usual ones.

    ``release`` is the library's, which for a checkout is known only now; ``stated`` is what it must say of
    itself on the wire, None if nothing is known of that.
    """

    command: tuple[str, ...]
    folder: Path
    environment: tuple[tuple[str, str], ...] = ()
    release: str = ""
    stated: Wire | None = None


def missing_toolchain(spec: PeerSpec) -> str | None:
    """What is missing on this machine to make ``spec`` ready, and how to get it; None if nothing is."""
    toolchain = TOOLCHAINS.get(spec.toolchain)
    if toolchain is None:
        return f"unknown toolchain {spec.toolchain!r} (known: {', '.join(TOOLCHAINS)})"
    lacking = [program for program in toolchain.programs if shutil.which(program) is None]
    return f"{lacking[0]} is not on PATH: {toolchain.advice}" if lacking else toolchain.lacking(spec)


def make_ready(spec: PeerSpec, say: Say) -> Launch:
    """Build or install ``spec`` unless the cache has it. SetupError says what failed and what to do."""
    if lacking := missing_toolchain(spec):
        raise SetupError(
            f"cannot make {spec.label} ready: {lacking}", "amqp-interop doctor lists what is missing"
        )
    made = TOOLCHAINS[spec.toolchain].make(spec, say)
    names = {
        "schema": str(ROOT / "contract" / "schema"),
        "harness_python": sys.executable,
        "folder": str(spec.folder),
        **made.names,
    }
    try:
        command = tuple(word.format_map(names) for word in spec.entry.command)
    except KeyError as error:
        raise SetupError(f"{spec.folder}/peer.toml: command has an unknown {{{error.args[0]}}}") from error
    if shutil.which(command[0]) is None:
        raise SetupError(
            f"{spec.folder}/peer.toml: {spec.name} names no program: {command[0]!r} is not there"
        )
    release = spec.release if spec.path is None else made.versions.get(spec.entry.package, "")
    return Launch(command, ROOT, tuple(bytecode().items()), release, _stated(spec, release, made.versions))


def _stated(spec: PeerSpec, release: str, versions: Mapping[str, str]) -> Wire | None:
    """Product and version as they must be stated on the wire, by the manifest and what was installed.

    None for a checkout in a language whose sources do not say their version: nothing is known of it then.
    """
    if spec.path is not None and release == UNVERSIONED:
        return None
    wire = spec.entry.wire.of(release)
    try:
        return Wire(wire.product, wire.version.format_map({**versions, "version": release}))
    except KeyError as error:
        raise SetupError(
            f"{spec.folder}/peer.toml: wire.version has an unknown {{{error.args[0]}}}"
        ) from error
