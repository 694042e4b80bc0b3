"""The broker ``qpid`` as a process: it works, is what it says, and is gone afterwards however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from harness.broker import child, parse_spec, qpid, running
from harness.broker.owner import start_of
from harness.broker.probe import NotReady, greet
from harness.errors import SetupError

OWNER = (
    "import os\n"
    "from harness.broker import parse_spec, running\n"
    "with running(parse_spec('qpid:9.2.0'), say=lambda line: None) as broker:\n"
    "    print(broker.url, flush=True)\n"
    "    input()"
)


def quiet(line: str) -> None:
    """Say nothing."""


def children_of(pid: int) -> set[int]:
    done = subprocess.run(("ps", "-o", "pid=", "--ppid", str(pid)), capture_output=True, text=True)
    found = {int(word) for word in done.stdout.split()}
    return found.union(*(children_of(one) for one in found))


def test_it_sends_a_message_round_and_says_what_it_is() -> None:
    with running(parse_spec("qpid:9.2.0"), say=quiet) as broker:
        assert greet(broker.url).version == "9.2.0"
        assert "Qpid" in broker.info.product
        assert broker.info.build == "org.apache.qpid:qpid-broker:9.2.0"
        assert broker.url not in str(broker)


def test_it_is_gone_when_its_owner_is_killed() -> None:
    pipe = subprocess.PIPE
    owner = subprocess.Popen((sys.executable, "-c", OWNER), stdin=pipe, stdout=pipe, text=True)
    assert owner.stdout is not None
    assert owner.stdout.readline().startswith("amqp://")
    family = children_of(owner.pid)
    assert len(family) >= 2
    owner.kill()
    owner.communicate()
    deadline = time.monotonic() + 20
    while any(start_of(one) is not None for one in family):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_one_that_fails_is_there_again_under_the_same_url() -> None:
    with running(parse_spec("qpid:9.2.0"), say=quiet) as broker:
        (server,) = (pid for pid in children_of(os.getpid()) if "java" in command_of(pid))
        os.kill(server, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while server in children_of(os.getpid()) or not answers(broker.url):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def command_of(pid: int) -> str:
    """The name of its program, "" if it is gone."""
    done = subprocess.run(("ps", "-o", "comm=", "-p", str(pid)), capture_output=True, text=True)
    return done.stdout.strip()


def answers(url: str) -> bool:
    try:
        return "Qpid" in greet(url).product
    except NotReady:
        return False


def test_one_that_cannot_start_is_an_error_with_the_end_of_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        qpid, "configuration", lambda credentials, port: '{"name": "x", "modelVersion": "1.0"}'
    )
    monkeypatch.setattr(child, "READY_SECONDS", 20.0)
    with (
        pytest.raises(SetupError, match="did not get ready") as caught,
        running(parse_spec("qpid:9.2.0"), say=quiet),
    ):
        pass
    assert "its log ends" in caught.value.problem
