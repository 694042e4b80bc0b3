"""Node: a node_modules folder a release, made by npm. From its lock for a default release, by name else."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from harness.broker.cache import cache_folder
from harness.errors import SetupError
from harness.peers.cached import Say, fingerprint, made_once, run
from harness.peers.manifest import PeerSpec
from harness.peers.toolchains import Made, Toolchain

FLAGS = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
SOURCES = (".js", ".cjs", ".mjs", ".json")
LOAD = "const {createRequire} = require('module'); createRequire(process.argv[1] + '/')(process.argv[2])"
"""Loads the package of the second argument from the folder that the first one names."""


def make(spec: PeerSpec, say: Say) -> Made:
    """The modules of ``spec``: library, pins (npm's overrides), the adapter's needs.

    SetupError if npm can't install them, or the library does not load in the Node.js of this machine.
    """
    version = run(["node", "--version"], spec.folder, "asking Node.js for its version").strip().lstrip("v")
    pins = dict(spec.pins)
    _check_runtime(version, pins.pop("node", None))
    lock = spec.folder / "requirements" / f"{spec.name}-{spec.release}"
    locked = lock.is_dir() and not pins and spec.path is None
    wanted = (lock / "package.json").read_text("utf-8") if locked else _package_json(spec, pins)
    parts: list[str | Path] = [version, wanted]
    parts += [lock / "package-lock.json"] if locked else []
    parts += _fingerprints(spec.path) if spec.path is not None else []
    target = cache_folder() / "node" / f"{spec.name}-{spec.release}-{fingerprint(*parts)}"
    what = f"installing {spec.label}"
    with made_once(target, f"the modules of {spec.label}", say) as half:
        if half is not None:
            (half / "package.json").write_text(wanted, "utf-8")
            if locked:
                shutil.copy(lock / "package-lock.json", half)
            how = ("ci",) if locked else ("install", "--no-package-lock", "--install-links")
            run(["npm", *how, *FLAGS], half, what)
            loading = f"loading {spec.label} in Node.js {version}"
            run(["node", "-e", LOAD, half, spec.entry.package], half, loading)
            (half / "versions.json").write_text(json.dumps(_versions(half / "node_modules")), "utf-8")
    versions = json.loads((target / "versions.json").read_text("utf-8"))
    return Made({"modules": str(target / "node_modules")}, versions)


def _check_runtime(there: str, wanted: str | None) -> None:
    """Whether the Node.js of this machine is the one that was asked for: ``20`` is any of 20."""
    if wanted is not None and there.split(".")[: wanted.count(".") + 1] != wanted.split("."):
        raise SetupError(
            f"there is no Node.js {wanted} on this machine: node is {there}",
            f"put a node of version {wanted} first on PATH",
        )


def _package_json(spec: PeerSpec, pins: dict[str, str]) -> str:
    """What npm shall install. A checkout is copied, not linked: what it needs is then found beside it."""
    library = spec.release if spec.path is None else f"file:{spec.path}"
    needs = (need.rpartition("@") for need in spec.entry.requirements)
    dependencies = {spec.entry.package: library, **{name: version for name, _, version in needs}}
    return json.dumps({"private": True, "dependencies": dependencies, "overrides": pins}, indent=2)


def _fingerprints(checkout: Path) -> Iterable[str | Path]:
    """Name and contents of each source file of a working tree, but for what was installed in it."""
    for folder, folders, files in os.walk(checkout):
        folders[:] = sorted(name for name in folders if name not in ("node_modules", ".git"))
        for name in sorted(files):
            path = Path(folder, name)
            if path.suffix in SOURCES and path.is_file():
                yield from (str(path.relative_to(checkout)), path)


def _versions(modules: Path) -> dict[str, str]:
    """The packages at the top of a node_modules folder, and their versions."""
    files = (*modules.glob("*/package.json"), *modules.glob("@*/*/package.json"))
    read = (json.loads(file.read_text("utf-8")) for file in files)
    return {each["name"]: each["version"] for each in read}


TOOLCHAIN = Toolchain(make, ("node", "npm"), "install Node.js 20 or later, with npm")
