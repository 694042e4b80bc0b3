"""What is made once and kept: whole or not at all, by one run at a time, under a name that says of what."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.errors import SetupError

Say = Callable[[str], None]


@contextmanager
def made_once(folder: Path, what: str, say: Say) -> Iterator[Path | None]:
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


def run(words: Sequence[str | Path], folder: Path, what: str, **variables: str) -> str:
    """What the command wrote to standard output. SetupError, with the end of its words, if it fails."""
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
    return done.stdout


def fingerprint(*parts: str | Path) -> str:
    """Twelve hex digits that change with any of the texts, or contents of files, given."""
    made = hashlib.sha256()
    for part in parts:
        made.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        made.update(b"\0")
    return made.hexdigest()[:12]


def fingerprint_of_tree(folder: Path, suffixes: tuple[str, ...]) -> str:
    """The same of all files below ``folder`` with one of these suffixes, their names included."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in suffixes and path.is_file())
    return fingerprint(*(part for path in files for part in (str(path.relative_to(folder)), path)))
