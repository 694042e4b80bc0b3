"""A broker as a private child process: started, waited for, and gone with its owner, however that ends.

:mod:`.warden` stands between: it ends the whole family and removes the folder when this process dies, SIGKILL
included. This module does not know which broker it starts.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from harness.broker import warden
from harness.broker.config import Credentials
from harness.broker.machine import Say, tail
from harness.broker.probe import Hello, NotReady, greet
from harness.errors import SetupError

READY_SECONDS = 90.0
STOP_SECONDS = 10.0


@contextmanager
def running_child(
    folder: Path,
    commands: Sequence[Sequence[str]],
    variables: Mapping[str, str],
    port: int,
    credentials: Credentials,
    say: Say,
    *,
    again: bool = False,
) -> Iterator[tuple[str, Hello]]:
    """Start ``commands``, the last of which is the broker, and yield its URL and greeting once a message
    goes round on ``port`` of 127.0.0.1. ``folder`` is theirs, and gone afterwards. ``again``: should the
    broker fail from then on, it is started again. SetupError has the end of the log, without the password."""
    start = time.monotonic()
    with ExitStack() as stack:
        log = stack.enter_context(tempfile.TemporaryFile())
        process = subprocess.Popen(
            (sys.executable, warden.__file__, str(folder), *_separated(commands)),
            env=variables,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
        )
        stack.callback(_end, process)
        url = credentials.url("127.0.0.1", port)
        hello = _await_ready(process, url, credentials, log)
        say(f"started {hello.product} {hello.version} as a local process in {time.monotonic() - start:.1f} s")
        if again:
            assert process.stdin is not None
            process.stdin.write(b"again\n")
            process.stdin.flush()
        yield url, hello


def _separated(commands: Sequence[Sequence[str]]) -> list[str]:
    return [word for command in commands for word in ("--", *command)]


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that were free a moment ago: a broker can't be asked which one it chose."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def _await_ready(
    process: subprocess.Popen[bytes], url: str, credentials: Credentials, log: BinaryIO
) -> Hello:
    deadline, why = time.monotonic() + READY_SECONDS, ""
    while time.monotonic() < deadline:
        if (status := process.poll()) is not None:
            raise _not_ready(f"it ended with status {status}", credentials, log)
        try:
            return greet(url)
        except NotReady as error:
            why = error.problem
        time.sleep(0.05)
    raise _not_ready(f"not within {READY_SECONDS:g} s, the last time because {why}", credentials, log)


def _not_ready(why: str, credentials: Credentials, log: BinaryIO) -> SetupError:
    log.seek(0)
    end = tail(log.read(), 30).replace(credentials.password, "***")
    return SetupError(f"the local broker did not get ready: {why}; its log ends:\n{end}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Closing its input ends the warden, which ends the rest."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait(STOP_SECONDS)
