"""Make a pinned release of a peer ready to start: an environment or a program of its own, in the cache.

One function a toolchain; a new toolchain is a new entry of :data:`TOOLCHAINS`. What was made is kept under a
name that holds everything it was made from, and is made under another name first, so that a run that is cut
leaves nothing half-done; a lock file keeps two runs apart.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from harness.broker.cache import cache_folder
from harness.errors import SetupError
from harness.peers.manifest import ROOT, PeerSpec

Say = Callable[[str], None]


class Launch(msgspec.Struct, frozen=True):
    """How to start a peer that is ready: command, working folder, and variables beside the usual ones."""

    command: tuple[str, ...]
    folder: Path
    environment: tuple[tuple[str, str], ...] = ()


def missing_toolchain(spec: PeerSpec) -> str | None:
    """What is missing on this machine to make ``spec`` ready, and how to get it; None if nothing is."""
    if spec.toolchain not in TOOLCHAINS:
        return f"unknown toolchain {spec.toolchain!r} (known: {', '.join(TOOLCHAINS)})"
    program, advice = TOOLCHAINS[spec.toolchain][1:]
    return None if program is None or shutil.which(program) else f"{program} is not on PATH: {advice}"


def make_ready(spec: PeerSpec, say: Say) -> Launch:
    """Build or install ``spec`` unless the cache has it. SetupError says what failed and what to do."""
    if lacking := missing_toolchain(spec):
        raise SetupError(
            f"cannot make {spec.label} ready: {lacking}", "amqp-interop doctor lists what is missing"
        )
    names = {
        "schema": str(ROOT / "contract" / "schema"),
        "harness_python": sys.executable,
        "folder": str(spec.folder),
        **TOOLCHAINS[spec.toolchain][0](spec, say),
    }
    try:
        command = tuple(word.format_map(names) for word in spec.entry.command)
    except KeyError as error:
        raise SetupError(f"{spec.folder}/peer.toml: command has an unknown {{{error.args[0]}}}") from error
    if shutil.which(command[0]) is None:
        raise SetupError(
            f"{spec.folder}/peer.toml: {spec.name} names no program: {command[0]!r} is not there"
        )
    return Launch(command, ROOT)


@contextmanager
def _made_once(folder: Path, what: str, say: Say) -> Iterator[Path | None]:
    """Yield a fresh folder to fill, which becomes ``folder`` if all goes well; None if that is there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            yield None
            return
        started = time.monotonic()
        half = folder.with_name(f"{folder.name}.half")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir()
        try:
            yield half
            half.rename(folder)
        finally:
            shutil.rmtree(half, ignore_errors=True)
        say(f"made {what} in {time.monotonic() - started:.1f} s")


def _run(words: Sequence[str | Path], folder: Path, what: str, **variables: str) -> None:
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-15:])
        raise SetupError(f"{what} failed: {' '.join(str(word) for word in words)}\n{tail}")


def _fingerprint(*parts: str | Path) -> str:
    made = hashlib.sha256()
    for part in parts:
        made.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        made.update(b"\0")
    return made.hexdigest()[:12]


def _go(spec: PeerSpec, say: Say) -> dict[str, str]:
    """``go build``; a release that is not the one of go.mod gets a modfile of its own in the cache."""
    pinned = f"{spec.entry.package} v{spec.release}"
    own = spec.release in spec.entry.releases and pinned in (spec.folder / "go.mod").read_text(
        encoding="utf-8"
    )
    sources = sorted(path for path in spec.folder.rglob("*") if path.suffix in (".go", ".mod", ".sum"))
    version = subprocess.run(["go", "version"], capture_output=True, text=True, check=True).stdout
    name = "default" if own else f"{spec.name}-{spec.release}"
    target = cache_folder() / "go" / spec.folder.name / f"{name}-{_fingerprint(version, *sources)}"
    what = f"the Go program of {spec.folder.name}" + ("" if own else f" with {pinned}")
    with _made_once(target, what, say) as half:
        if half is not None:
            flags: list[str | Path] = []
            if not own:
                for file in ("go.mod", "go.sum"):
                    shutil.copy(spec.folder / file, half / file)
                flags = ["-modfile", half / "go.mod"]
                _run(["go", "get", *flags, f"{spec.entry.package}@v{spec.release}"], spec.folder, what)
            _run(["go", "build", *flags, "-o", half / "program", "."], spec.folder, what)
    return {"program": str(target / "program")}


def _python(spec: PeerSpec, say: Say) -> dict[str, str]:
    """An environment of its own, by uv: from its hashed lock for a default release, by name for others."""
    if not spec.entry.package:
        return {"python": sys.executable}  # part of the suite
    lock = spec.folder / "requirements" / f"{spec.name}-{spec.release}.txt"
    pinned = f"{spec.entry.package}=={spec.release}"
    wanted: list[str | Path] = (
        ["--require-hashes", "-r", lock] if lock.exists() else [pinned, *spec.entry.requirements]
    )
    print_of = _fingerprint(sys.version, *([lock] if lock.exists() else [pinned, *spec.entry.requirements]))
    target = cache_folder() / "python" / f"{spec.name}-{spec.release}-{print_of}"
    uv = Path(sys.executable).with_name("uv")
    with _made_once(target, f"the environment of {spec.name} {spec.release}", say) as half:
        if half is not None:
            what = f"installing {pinned}"
            _run([uv, "venv", "-q", "--relocatable", "-p", sys.executable, half / "env"], ROOT, what)
            _run([uv, "pip", "install", "-q", "-p", half / "env" / "bin" / "python", *wanted], ROOT, what)
    return {"python": str(target / "env" / "bin" / "python")}


Toolchain = tuple[Callable[[PeerSpec, Say], dict[str, str]], str | None, str]
TOOLCHAINS: dict[str, Toolchain] = {
    "go": (_go, "go", "install Go 1.23 or later"),
    "python": (_python, None, ""),
}
"""How a toolchain's peers are made ready, the program it needs on PATH, and how to get that."""
