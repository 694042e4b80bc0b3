"""C: a program compiled by gcc against libraries that pkg-config finds. Missing ones come from Debian.

A library of the system has one release, the one that is installed. Another can be had from its source: a
checkout is built with CMake and linked in whole.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from harness.broker import machine
from harness.broker.cache import cache_folder
from harness.errors import SetupError
from harness.peers.cached import Say, fingerprint, fingerprint_of_tree, made_once, run
from harness.peers.manifest import PeerSpec
from harness.peers.toolchains import Made, Toolchain

FLAGS = ("-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra")
SOURCES = (".c", ".h")
CHECKOUT = (*SOURCES, ".txt", ".in", ".cmake")
OPTIONS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DCMAKE_INSTALL_LIBDIR=lib",
    "-DBUILD_SHARED_LIBS=OFF",
    "-DBUILD_STATIC_LIBS=ON",
    "-DBUILD_TESTING=OFF",
    "-DBUILD_TESTS=OFF",
    "-DBUILD_EXAMPLES=OFF",
    "-DBUILD_TOOLS=OFF",
    "-DENABLE_SSL_SUPPORT=OFF",
)
"""What a checkout is asked for: a static library alone. Names that it does not know do no harm."""


def make(spec: PeerSpec, say: Say) -> Made:
    """The program, compiled against the release or the checkout that ``spec`` names."""
    if spec.pins:
        raise SetupError(
            f"{spec.label}: in C nothing can be pinned", "test a source of yours with NAME@path:FOLDER"
        )
    _need(spec, say)
    compiler = run(["gcc", "--version"], spec.folder, "asking gcc for its version")
    parts = [compiler, fingerprint_of_tree(spec.folder, SOURCES), *_modules(spec).values(), *FLAGS]
    if spec.path is None:
        parts += [_version_of(module) or "" for module in _modules(spec)]
    else:
        parts += [str(spec.path), fingerprint_of_tree(spec.path, CHECKOUT), *OPTIONS]
    target = cache_folder() / "c" / f"{spec.name}-{spec.release}-{fingerprint(*parts)}"
    with made_once(target, f"the C program of {spec.label}", say) as half:
        if half is not None:
            _compile(spec, half)
    version = run([target / "program", "version"], spec.folder, "asking for its release").strip()
    return Made({"program": str(target / "program")}, {spec.entry.package: version})


def lacking(spec: PeerSpec) -> str | None:
    """What is missing for ``spec`` and can't be installed by the suite; None if nothing is."""
    here = machine.this_machine()
    if missing := _missing(spec):
        if here.root and here.debian and here.installs:
            return None
        return f"pkg-config does not find {next(iter(missing))}: {here.command(list(missing.values()))}"
    found = _version_of(spec.entry.package)
    return None if spec.path is not None or found == spec.release else _another(spec, found)


def _another(spec: PeerSpec, found: str | None) -> str:
    return (
        f"{spec.entry.package} {found} is installed, not {spec.release}: ask for {spec.name}@{found}, "
        f"or for {spec.name}@path:FOLDER with the source of {spec.release}"
    )


def _modules(spec: PeerSpec) -> dict[str, str]:
    """What the program is linked with, by pkg-config's names, and the Debian packages that have it."""
    pairs = [requirement.partition(":") for requirement in spec.entry.requirements]
    return {module: package for module, _, package in pairs}


def _missing(spec: PeerSpec) -> dict[str, str]:
    needed = _modules(spec)
    if spec.path is not None:
        needed.pop(spec.entry.package, None)
    return {module: package for module, package in needed.items() if _version_of(module) is None}


def _need(spec: PeerSpec, say: Say) -> None:
    """Install what is missing, where that may be done. SetupError if another release is there."""
    if missing := _missing(spec):
        reason = f"cannot make {spec.label} ready: pkg-config does not find {', '.join(missing)}"
        machine.install(list(missing.values()), reason, say)
    found = _version_of(spec.entry.package)
    if spec.path is None and found != spec.release:
        raise SetupError(f"cannot make {spec.label} ready: {_another(spec, found)}")


def _version_of(module: str) -> str | None:
    """The version of a library that pkg-config finds, None if it finds none."""
    done = subprocess.run(["pkg-config", "--modversion", module], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def _compile(spec: PeerSpec, half: Path) -> None:
    """Compile all sources of the folder's ``src`` into ``half / "program"``."""
    what = f"compiling {spec.label}"
    modules = list(_modules(spec))
    before: list[str | Path] = []
    if spec.path is not None:
        modules.remove(spec.entry.package)
        archive = _build_checkout(spec, half)
        before = [f"-I{archive.parent.parent / 'include'}", archive]
    asked = ["pkg-config", "--cflags", "--libs", *modules]
    flags = run(asked, spec.folder, what).split() if modules else []
    sources = sorted((spec.folder / "src").glob("*.c"))
    run(
        ["gcc", *FLAGS, *before[:1], *sources, "-o", half / "program", *before[1:], *flags], spec.folder, what
    )


def _build_checkout(spec: PeerSpec, half: Path) -> Path:
    """The static library of a checkout, built and installed under ``half`` with CMake."""
    if shutil.which("cmake") is None:
        raise SetupError(
            f"cannot make {spec.label} ready: cmake is not on PATH", machine.this_machine().command(["cmake"])
        )
    what, build, prefix = f"building {spec.path}", half / "build", half / "prefix"
    assert spec.path is not None
    install = f"-DCMAKE_INSTALL_PREFIX={prefix}"
    run(["cmake", "-S", spec.path, "-B", build, install, *OPTIONS], spec.path, what)
    run(["cmake", "--build", build, "--parallel", str(os.cpu_count() or 1)], spec.path, what)
    run(["cmake", "--install", build], spec.path, what)
    shutil.rmtree(build)
    found = sorted(prefix.glob("lib/*.a"))
    if len(found) != 1:
        raise SetupError(f"{what}: {len(found)} static libraries in {prefix / 'lib'}, not one")
    return found[0]


TOOLCHAIN = Toolchain(make, ("gcc", "pkg-config"), "apt-get install gcc libc6-dev pkg-config", lacking)
