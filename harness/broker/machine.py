"""This machine: what may be done on it, and doing it. Each step says in a line what it was and how long."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from harness.errors import SetupError

Say: TypeAlias = Callable[[str], None]
NO_INSTALL = "INTEROP_NO_INSTALL"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Machine:
    """``debian``: Debian or a child of it, with apt-get. ``installs``: the user does not forbid it."""

    root: bool
    debian: bool
    installs: bool
    systemd: bool

    @property
    def prefix(self) -> str:
        """What a person has to type before a command that needs root."""
        return "" if self.root else "sudo "

    def command(self, packages: Sequence[str]) -> str:
        """The command that installs ``packages`` here, for a person to type."""
        if not self.debian:
            return f"install {' and '.join(packages)} with your system's package manager"
        return f"{self.prefix}apt-get install {' '.join(packages)}"


def this_machine() -> Machine:
    """The machine that this runs on."""
    return Machine(
        root=os.geteuid() == 0,
        debian=is_debian(_os_release()) and shutil.which("apt-get") is not None,
        installs=may_install(os.environ),
        systemd=Path("/run/systemd/system").is_dir(),
    )


def may_install(environment: Mapping[str, str]) -> bool:
    """Whether the suite may install and start things: not where INTEROP_NO_INSTALL is set, but to 0."""
    return environment.get(NO_INSTALL, "") in ("", "0")


def is_debian(os_release: str) -> bool:
    """Whether the text of an os-release file (freedesktop.org, os-release(5)) is Debian's or a child's."""
    names = [
        word.strip("'\"")
        for line in os_release.splitlines()
        if line.startswith(("ID=", "ID_LIKE="))
        for word in line.partition("=")[2].split()
    ]
    return any(name in ("debian", "ubuntu") for name in names)


def _os_release() -> str:
    path = Path("/etc/os-release")
    return path.read_text("utf-8") if path.exists() else ""


@contextmanager
def timed(say: Say, what: str) -> Iterator[None]:
    """Say ``what`` was done and how long it took, once it has been done."""
    start = time.monotonic()
    yield
    say(f"{what} in {time.monotonic() - start:.1f} s")


def run(command: Sequence[str]) -> None:
    """Run ``command`` without questions; SetupError has the end of its output."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "l"}
    try:
        done = subprocess.run(
            command,
            env=quiet,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
    except OSError as error:
        raise SetupError(f"cannot start {command[0]}: {error.strerror}") from error
    if done.returncode:
        raise SetupError(
            f"{' '.join(command)} ended with status {done.returncode}:\n{tail(done.stdout)}",
            f"run it by hand: {' '.join(command)}",
        )


def tail(output: bytes, lines: int = 15) -> str:
    """The last lines of what a program printed, indented and without colours."""
    kept = _COLOUR.sub("", output.decode("utf-8", "replace")).rstrip().splitlines()[-lines:]
    return "\n".join(f"  {line}" for line in kept) or "  (it printed nothing)"


def install(
    packages: Sequence[str],
    reason: str,
    say: Say,
    machine: Machine | None = None,
    runner: Callable[[Sequence[str]], None] = run,
) -> None:
    """Install Debian packages, as root on Debian or Ubuntu, unless the user forbids it.

    Anywhere else SetupError has ``reason`` and the command to type.
    """
    here = machine or this_machine()
    if not (here.root and here.debian and here.installs):
        raise SetupError(reason, here.command(packages))
    with timed(say, f"installed {' and '.join(packages)} with apt-get"):
        runner(("apt-get", "update", "-q"))
        runner(("apt-get", "install", "-q", "-y", *packages))
