"""Where the suite keeps what it makes once: one folder a user, shared by all clones and runs."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cache_folder() -> Path:
    """``$INTEROP_CACHE``, else ``amqp-interop`` under the user's cache folder. Made if it is not there."""
    named = os.environ.get("INTEROP_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(named) if named else base / "amqp-interop"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def bytecode() -> dict[str, str]:
    """The variable that has a Python program keep its bytecode here, and not beside its sources."""
    return {"PYTHONPYCACHEPREFIX": str(cache_folder() / "bytecode")}


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock ``name`` of this machine's user; a second process waits. It ends with its process."""
    with (cache_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
