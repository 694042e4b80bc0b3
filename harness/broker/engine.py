"""The container engine: one that answers is used and left alone; else one is installed and started.

An engine that this module starts goes on running after the run, so that the next run does none of it again.
The decision (:func:`plan`) is pure; :func:`engine` carries it out.
"""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from shutil import which

import docker
from docker.errors import DockerException
from testcontainers.core.docker_client import get_docker_host

from harness.broker.cache import cache_folder, locked
from harness.broker.machine import NO_INSTALL, Machine, Say, install, run, tail, this_machine, timed
from harness.broker.owner import start_of
from harness.errors import SetupError

START_SECONDS = 60.0
"""How long a started engine may take until it answers. It takes 1 to 3 s on two cores."""
DEFAULT_HOST = "unix:///var/run/docker.sock"
NO_ENGINE = "take a broker that needs no engine: --broker local, --broker amqp://..."


class Step(Enum):
    """What has to be done before an engine answers."""

    INSTALL = "install docker.io"
    START = "start dockerd"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the engine. ``words`` is the client's own reason for having got no answer."""

    answers: bool
    denied: bool = False
    host: str | None = None
    daemon: bool = False
    words: str = ""


def plan(facts: Facts, machine: Machine) -> tuple[Step, ...]:
    """The steps to take on ``machine``. SetupError, with the command to type, where none may be taken."""
    if facts.answers:
        return ()
    if facts.denied:
        raise SetupError(
            f"this user may not speak to the container engine: {facts.words}",
            f"sudo usermod -aG docker {getpass.getuser()}, then log in again\nor {NO_ENGINE}",
        )
    if facts.host is not None:
        raise SetupError(
            f"the container engine at {facts.host} does not answer: {facts.words}",
            f"start it there, or unset DOCKER_HOST to use this machine's\nor {NO_ENGINE}",
        )
    if not (machine.debian and machine.root and machine.installs):
        why = f"; {NO_INSTALL} forbids to set one up" if not machine.installs else ""
        raise SetupError(f"no container engine answers{why}: {facts.words}", _by_hand(facts, machine))
    return (Step.START,) if facts.daemon else (Step.INSTALL, Step.START)


def _by_hand(facts: Facts, machine: Machine) -> str:
    get = "" if facts.daemon else machine.command(("docker.io",))
    start = f"{machine.prefix}systemctl start docker" if machine.systemd else f"{machine.prefix}dockerd &"
    if not machine.debian:
        return f"{get or start}\nor {NO_ENGINE}"
    return f"{f'{get} && ' if get else ''}{start}\nor {NO_ENGINE}"


def engine(say: Say) -> docker.DockerClient:
    """A client of an engine that answers; the caller closes it. SetupError where there is none to be had."""
    machine = this_machine()
    if not plan(_facts(), machine):
        return client()
    with locked("engine"):
        for step in plan(_facts(), machine):
            if step is Step.INSTALL:
                install(("docker.io",), "no container engine is installed", say, machine)
            elif not _answers_soon_by_itself():
                _start(machine, say)
    return client()


def client(timeout: float = 60) -> docker.DockerClient:
    """A client of the engine that testcontainers would take. DockerException if it does not answer.

    ``timeout``: seconds that the engine may be silent within an answer.
    """
    host = get_docker_host()
    _knock(host or DEFAULT_HOST)
    environment = {**os.environ, "DOCKER_HOST": host} if host else dict(os.environ)
    return docker.from_env(timeout=int(timeout), environment=environment)


def _knock(host: str) -> None:
    """DockerException if nobody listens at ``host``, a unix socket's address; any other is left to docker-py.

    docker-py leaves the socket of a connection that failed to the garbage collector.
    """
    if not host.startswith("unix://"):
        return
    with socket.socket(socket.AF_UNIX) as door:
        try:
            door.connect(host.removeprefix("unix://"))
        except OSError as error:
            raise DockerException(f"{host}: {error}") from error


def engine_words() -> str | None:
    """The engine's version, or None if none answers. Starts nothing."""
    facts = _facts()
    return facts.words if facts.answers else None


def advice(machine: Machine) -> str:
    """What to do about an engine that does not answer; "" if one does."""
    facts = _facts()
    try:
        steps = plan(facts, machine)
    except SetupError as error:
        return error.next_step
    return _by_hand(facts, machine) if steps else ""


def _facts() -> Facts:
    try:
        asked = client(timeout=10)
    except DockerException as error:
        words = str(error)
        denied = "Permission denied" in words or "PermissionError" in words
        host = os.environ.get("DOCKER_HOST")
        return Facts(False, denied, host, which("dockerd") is not None, words)
    try:
        return Facts(True, words=str(asked.version()["Version"]))
    finally:
        asked.close()


def _answers_soon_by_itself() -> bool:
    """Whether a dockerd is there already that only has not finished starting: a package may start its own."""
    pid = _daemon()
    return pid is not None and _wait_until_it_answers(pid)


def _daemon() -> int | None:
    """The process id of this machine's dockerd, by its own pid file; None if there is none."""
    pid_file = Path("/var/run/docker.pid")
    text = pid_file.read_text("ascii").strip() if pid_file.exists() else ""
    comm = Path(f"/proc/{text}/comm")
    return int(text) if text.isdigit() and comm.exists() and comm.read_text().strip() == "dockerd" else None


def _start(machine: Machine, say: Say) -> None:
    if machine.systemd:
        with timed(say, "started the container engine with systemctl"):
            run(("systemctl", "start", "docker"))
            return
    log = cache_folder() / "dockerd.log"
    start = time.monotonic()
    pid = spawn(("dockerd",), log)
    (cache_folder() / "dockerd.pid").write_text(f"{pid}\n", "ascii")
    if not _wait_until_it_answers(pid):
        raise SetupError(
            f"dockerd does not answer; the end of {log}:\n{tail(log.read_bytes())}",
            f"this machine may not allow containers; {NO_ENGINE}",
        )
    say(
        f"started dockerd (process {pid}, log {log}) in {time.monotonic() - start:.1f} s; "
        f"it stays for the next run, end it with: kill {pid}"
    )


def spawn(command: Sequence[str], log: Path) -> int:
    """Start ``command`` in a session of its own, nobody's child, its output to ``log``; its process id."""
    done = subprocess.run(
        ("sh", "-c", 'log=$1; shift; setsid "$@" </dev/null >"$log" 2>&1 & echo $!', "sh", log, *command),
        stdout=subprocess.PIPE,
        check=True,
    )
    return int(done.stdout)


def _wait_until_it_answers(pid: int) -> bool:
    """False as soon as the process is gone, or when the time is up."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            client(timeout=10).close()
        except DockerException:
            if start_of(pid) is None:
                return False
            time.sleep(0.1)
        else:
            return True
    return False
