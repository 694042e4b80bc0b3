"""Whose a container is, so that what a killed run left behind can be told from what a living one needs.

A process id alone is used again; with the start time it names one process of one boot, within one process-id
namespace (a CI job in a container sees other ids than its host, and may share the host's engine). Where that
cannot be told for certain, a container is left alone. Linux; elsewhere ``ps`` gives the start time.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

LABEL_RUN = "amqp-interop.run"
LABEL_PID = "amqp-interop.pid"
LABEL_STARTED = "amqp-interop.started"
LABEL_PLACE = "amqp-interop.place"


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that a container belongs to. ``place``: the boot and namespace in which ``pid`` counts."""

    run: str
    pid: int
    started: str
    place: str

    def labels(self) -> dict[str, str]:
        """The labels that say all this of a container."""
        return {
            LABEL_RUN: self.run,
            LABEL_PID: str(self.pid),
            LABEL_STARTED: self.started,
            LABEL_PLACE: self.place,
        }


def this_process(run: str) -> Owner:
    """This process as an owner."""
    return Owner(run, os.getpid(), start_of(os.getpid()) or "", place())


def owner_of(labels: Mapping[str, str]) -> Owner | None:
    """The owner that ``labels`` name; None if they are not, or not all, ours."""
    try:
        pid = int(labels[LABEL_PID])
        return Owner(labels[LABEL_RUN], pid, labels[LABEL_STARTED], labels[LABEL_PLACE])
    except (KeyError, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class Found:
    """A container that the engine has."""

    id: str
    name: str
    running: bool
    labels: Mapping[str, str]


def stale(
    found: Iterable[Found], here: str, started: Callable[[int], str | None] | None = None
) -> tuple[Found, ...]:
    """Those whose owner is certainly gone.

    In this place: there is no such process, or it started at another time. Of another boot or namespace:
    never while it runs; once it is stopped, only if the boot is another one, which took the owner with it.
    """
    look = started or start_of
    return tuple(one for one in found if (owner := owner_of(one.labels)) and _gone(owner, one, here, look))


def _gone(owner: Owner, one: Found, here: str, started: Callable[[int], str | None]) -> bool:
    if owner.place == here:
        return started(owner.pid) != owner.started
    return not one.running and _boot(owner.place) != _boot(here)


def _boot(place_text: str) -> str:
    return place_text.partition("/")[0]


def place() -> str:
    """The boot id of the kernel and the inode of the process-id namespace, or the host's name elsewhere."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    if not boot.exists():
        return os.uname().nodename
    return f"{boot.read_text('ascii').strip()}/{Path('/proc/self/ns/pid').readlink()}"


def start_of(pid: int) -> str | None:
    """When the process started, in this system's own form; None if there is none, or only its remains."""
    if not Path("/proc/self/stat").exists():
        return _start_by_ps(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # proc_pid_stat(5): the name may hold blanks and brackets; state is field 3, the start time field 22
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def _start_by_ps(pid: int) -> str | None:
    command = ("ps", "-o", "lstart=", "-p", str(pid))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None
