"""What processes use of the machine: processor time and memory, as Linux tells it in /proc.

It does not know what the processes are for. On a system without /proc nothing is known, and None says so.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

MIB = 1024 * 1024
_PROC = Path("/proc")
_AFTER_NAME = 11
"""In /proc/PID/stat: user time is the 12th field after the process's name, system time the 13th."""


def peak_memory() -> float:
    """The most memory that this process held so far, in MiB."""
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MIB


def own_seconds() -> float:
    """Processor time of this process so far."""
    times = os.times()
    return times.user + times.system


def seconds_of(pid: int) -> float | None:
    """Processor time of a process so far, all threads; None if it is gone or this system doesn't tell."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return (int(fields[_AFTER_NAME]) + int(fields[_AFTER_NAME + 1])) / os.sysconf("SC_CLK_TCK")


def busy_seconds() -> float | None:
    """Processor time that the whole machine spent on anything so far; None if this system doesn't tell."""
    try:
        first = (_PROC / "stat").read_text().splitlines()[0]
    except FileNotFoundError:
        return None
    user, nice, system, _idle, _iowait, irq, softirq = (int(field) for field in first.split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def children(commands: Iterable[Sequence[str]]) -> dict[tuple[str, ...], tuple[int, ...]]:
    """The processes that this one started with each of ``commands``."""
    found: dict[tuple[str, ...], tuple[int, ...]] = {tuple(command): () for command in commands}
    for folder in _PROC.glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = tuple((folder / "cmdline").read_text("utf-8", "replace").rstrip("\0").split("\0"))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        if parent == os.getpid() and command in found:
            found[command] += (int(folder.name),)
    return found
