"""The warden of a local broker, with a stand-in of three lines for the server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.broker import warden
from harness.broker.owner import start_of

SERVER = 'setsid sh -c "echo \\$\\$ >>{pids}; exec sleep 600" & echo $$ >>{pids}; exec sleep 600'
"""It starts a daemon in a session of its own, as RabbitMQ does."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "broker"
    made.mkdir()
    return made


def start(folder: Path, server: str) -> subprocess.Popen[bytes]:
    pids = folder.parent / "pids"
    helper = ("sh", "-c", f"echo $$ >>{pids}; exec sleep 600")
    command = (sys.executable, warden.__file__, str(folder), "--", *helper, "--", "sh", "-c", server)
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)


@pytest.fixture
def family(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """A warden, and the ids of the three processes under it."""
    pids = folder.parent / "pids"
    process = start(folder, SERVER.format(pids=pids))
    deadline = time.monotonic() + 20
    while not pids.exists() or len(pids.read_text().split()) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    members = [int(pid) for pid in pids.read_text().split()]
    assert all(start_of(pid) for pid in members)
    yield process, members
    assert process.stdin is not None
    process.stdin.close()
    process.wait(20)


def test_when_its_input_ends_it_ends_all_and_removes_the_folder(
    family: tuple[subprocess.Popen[bytes], list[int]], folder: Path
) -> None:
    process, members = family
    assert process.stdin is not None
    process.stdin.close()
    process.wait(20)
    assert [start_of(pid) for pid in members] == [None, None, None]
    assert not folder.exists()


def test_sigterm_ends_all_too(family: tuple[subprocess.Popen[bytes], list[int]], folder: Path) -> None:
    process, members = family
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    assert [start_of(pid) for pid in members] == [None, None, None]
    assert not folder.exists()


def test_a_server_that_ends_by_itself_ends_the_rest_and_its_status_is_told(folder: Path) -> None:
    process = start(folder, "exit 7")
    assert process.wait(20) == 7
    assert not folder.exists()
    assert process.stdin is not None
    process.stdin.close()


def test_a_server_that_fails_is_started_again_once_its_owner_says_so(folder: Path) -> None:
    starts = folder.parent / "starts"
    process = start(folder, f"echo x >>{starts}; test $(wc -l <{starts}) -gt 3 && exit 0; exec sleep 600")
    assert process.stdin is not None
    process.stdin.write(b"again\n")
    process.stdin.flush()
    for count in (1, 2, 3):
        server = the_server(process.pid, starts, count)
        os.kill(server, signal.SIGKILL)
    assert process.wait(20) == 0  # the fourth ended in order
    process.stdin.close()


def the_server(warden_pid: int, starts: Path, count: int) -> int:
    """Its id, once it was started ``count`` times."""
    deadline = time.monotonic() + 20
    while True:
        assert time.monotonic() < deadline
        children = Path(f"/proc/{warden_pid}/task/{warden_pid}/children").read_text().split()
        servers = [int(pid) for pid in children if sleeps(pid)]
        written = starts.read_text().count("x") if starts.exists() else 0
        if written == count and len(servers) == 2:  # the helper, and the server
            return max(servers)
        time.sleep(0.01)


def sleeps(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"sleep\0")
    except FileNotFoundError:
        return False  # gone meanwhile
