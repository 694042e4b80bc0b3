"""A process that starts others and sees to it that all of them end with whoever started it, SIGKILL included.

    python warden.py FOLDER [-- HELPER ...] -- SERVER ...

The commands run until the server ends, standard input ends (its other end is its owner's, and closes however
that dies), or SIGTERM comes. Once the owner wrote a line, a server that fails is started again. Then
everything that descends from this process is killed, daemons that left the process group too, since it is
their subreaper (prctl(2); Linux), and FOLDER is removed. The status is the server's.

It is run by path and imports nothing of the suite. It does not know what it starts.
"""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

PR_SET_CHILD_SUBREAPER = 36
LOOK_SECONDS = 0.1


class _Told(Exception):
    """SIGTERM came."""


def main(arguments: list[str]) -> int:
    """The status to end with."""
    folder, *helpers, server = _split(arguments)
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")
    signal.signal(signal.SIGTERM, _tell)
    try:
        for helper in helpers:
            subprocess.Popen(helper, stdin=subprocess.DEVNULL)
        return _watch(server)
    except _Told:
        return 0
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _kill_descendants()
        shutil.rmtree(folder[0], ignore_errors=True)


def _split(arguments: list[str]) -> list[list[str]]:
    """What stands between the dashes: the folder, then a command each."""
    parts: list[list[str]] = [[]]
    for argument in arguments:
        if argument == "--":
            parts.append([])
        else:
            parts[-1].append(argument)
    return parts


def _tell(number: int, frame: FrameType | None) -> None:
    raise _Told


def _watch(command: list[str]) -> int:
    server, again = subprocess.Popen(command, stdin=subprocess.DEVNULL), False
    while True:
        status = server.poll()  # before it is heard what the owner said before that
        readable, _, _ = select.select([0], [], [], LOOK_SECONDS if status is None else 0)
        if readable:
            if not os.read(0, 1024):
                return 0
            again = True
        if status is not None:
            if not (again and status):
                return status if status >= 0 else 128 - status
            server = subprocess.Popen(command, stdin=subprocess.DEVNULL)


def _kill_descendants() -> None:
    """Until there are none: what loses its parent becomes a child of this process, and is seen next time."""
    while True:
        for pid in _children():
            os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> list[int]:
    """Children that still run, by field 4 (ppid) and 3 (state) of proc_pid_stat(5)."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[1]) == os.getpid() and fields[0] not in "ZX":
                found.append(int(entry.name))
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
