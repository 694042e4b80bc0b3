"""Go: ``go build``. A release that is not the one of go.mod gets a modfile of its own in the cache."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from harness.broker.cache import cache_folder
from harness.peers.cached import Say, fingerprint, fingerprint_of_tree, made_once, run
from harness.peers.manifest import PeerSpec
from harness.peers.toolchains import UNVERSIONED, Made, Toolchain

SOURCES = (".go", ".mod", ".sum")


def make(spec: PeerSpec, say: Say) -> Made:
    """The program, built against the release, the pins, or the checkout that ``spec`` names."""
    package, folder = spec.entry.package, spec.folder
    pinned = f"{package} v{spec.release}"
    own = not spec.pins and spec.path is None and pinned in (folder / "go.mod").read_text(encoding="utf-8")
    version = run(["go", "version"], folder, "asking Go for its version")
    parts = [version, *(f"{name}@{of}" for name, of in spec.pins)]
    trees = [folder, *_neighbours(folder)]
    if spec.path is not None:
        parts.append(str(spec.path))
        trees.append(spec.path)
    parts += [fingerprint_of_tree(tree, SOURCES) for tree in trees]
    name = "default" if own else f"{spec.name}-{spec.release}"
    target = cache_folder() / "go" / folder.name / f"{name}-{fingerprint(*parts)}"
    what = f"the Go program of {folder.name}" + ("" if own else f" with {spec.label}")
    with made_once(target, what, say) as half:
        if half is not None:
            flags = [] if own else _modfile(spec, half, what)
            run(["go", "build", *flags, "-o", half / "program", "."], folder, what)
            (half / "versions.json").write_text(json.dumps(_versions(half / "program", folder)), "utf-8")
    versions = json.loads((target / "versions.json").read_text("utf-8"))
    return Made({"program": str(target / "program")}, versions)


def _neighbours(folder: Path) -> list[Path]:
    """The folders that a replace directive of go.mod names: sources of the program, beside its own."""
    described = run(["go", "mod", "edit", "-json"], folder, f"reading go.mod of {folder.name}")
    paths = [each["New"]["Path"] for each in json.loads(described).get("Replace") or ()]
    # By go.mod's own rule a replacement is a folder if it starts like one, else a module.
    return [(folder / path).resolve() for path in paths if path.startswith(("./", "../", "/"))]


def _modfile(spec: PeerSpec, half: Path, what: str) -> list[str | Path]:
    """A copy of go.mod with another release, replaced by a checkout where one is named; the flags for it.

    Folders in it stay right: go reads them relative to the program's folder, wherever the modfile lies.
    """
    for file in ("go.mod", "go.sum"):
        shutil.copy(spec.folder / file, half / file)
    flags: list[str | Path] = ["-modfile", half / "go.mod"]
    wanted = [f"{name}@v{of}" for name, of in spec.pins]
    if spec.path is not None:
        run(
            ["go", "mod", "edit", f"-replace={spec.entry.package}={spec.path}", half / "go.mod"],
            spec.folder,
            what,
        )
        wanted.append(spec.entry.package)
    else:
        wanted.append(f"{spec.entry.package}@v{spec.release}")
    run(["go", "get", *flags, *wanted], spec.folder, what)
    return flags


def _versions(program: Path, folder: Path) -> dict[str, str]:
    """The modules that a program was built from (``go version -m``), and their versions without the v.

    One that stands for another, as a checkout does, has the version that it states, which is none.
    """
    lines = run(["go", "version", "-m", program], folder, "reading what was built in").splitlines()
    versions, last = dict[str, str](), ""
    for kind, *words in filter(None, map(str.split, lines)):
        if kind == "dep":
            last, version = words[0], words[1]
            versions[last] = version.removeprefix("v")
        elif kind == "=>":
            versions[last] = UNVERSIONED
    return versions


TOOLCHAIN = Toolchain(make, ("go",), "install Go 1.23 or later")
