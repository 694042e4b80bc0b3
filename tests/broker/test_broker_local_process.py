"""The broker ``local``, with the rabbitmq-server of this machine (``make test-tools`` installs it)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.broker import Broker, NotReady, local, parse_spec, running
from harness.broker.owner import start_of
from harness.broker.probe import greet
from harness.errors import SetupError
from harness.raw.url import parse_url


def quiet(line: str) -> None:
    """Say nothing."""


def descendants(pid: int) -> set[int]:
    """The processes under ``pid``, whatever session they are in."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(
                path.read_text("utf-8", "replace").rpartition(")")[2].split()[1]
            )
        except OSError:
            continue  # it ended meanwhile
    found, new = set[int](), {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return found


def commands(pids: set[int]) -> dict[int, str]:
    texts = {}
    for pid in pids:
        if start_of(pid) is not None:
            texts[pid] = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return texts


@pytest.fixture(scope="module", autouse=True)
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A temporary folder of these tests' own, for other runs leave and take theirs meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("local")))
        patch.setattr(tempfile, "tempdir", None)
        yield


def folders() -> set[Path]:
    return set(Path(os.environ["TMPDIR"]).glob("amqp-interop-*"))


@pytest.fixture(scope="module")
def broker(temporary: None) -> Iterator[Broker]:
    with running(parse_spec("local"), say=quiet) as started:
        yield started


def test_it_works_and_says_what_it_is(broker: Broker) -> None:
    assert greet(broker.url).product == "RabbitMQ"
    assert broker.info.spec == "local"
    assert broker.info.version in broker.info.build


def test_it_listens_on_loopback_only_and_so_does_its_family(broker: Broker) -> None:
    inodes = {
        link.readlink().name
        for pid in commands(descendants(os.getpid()))
        if any(word in commands({pid}).get(pid, "") for word in ("beam.smp", "epmd"))
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if "socket" in str(link.readlink())
    }
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes}
    port = f"{parse_url(broker.url).port:04X}"
    assert f"0100007F:{port}" in listening
    assert all(place.startswith("0100007F:") for place in listening)


def test_its_password_is_in_no_process_title_and_no_environment(broker: Broker) -> None:
    password = parse_url(broker.url).password
    family = descendants(os.getpid())
    assert password not in "".join(commands(family).values())
    for pid in commands(family):
        assert password.encode() not in Path(f"/proc/{pid}/environ").read_bytes()


def test_its_folder_is_its_users_only(broker: Broker) -> None:
    (folder,) = (
        one for one in folders() if parse_url(broker.url).password in (one / "rabbitmq.conf").read_text()
    )
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "rabbitmq.conf").stat().st_mode & 0o777 == 0o600


def test_guest_may_not_enter(broker: Broker) -> None:
    with pytest.raises(NotReady, match="refused the user"):
        greet(f"amqp://127.0.0.1:{parse_url(broker.url).port}/")


OWNER = (
    "from harness.broker import parse_spec, running\n"
    "def say(line): print(line, flush=True)\n"
    "with running(parse_spec('local'), say=say): input()"
)


def owner_process() -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        (sys.executable, "-c", OWNER), stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
    )


def await_end(family: set[int], kept: set[Path]) -> None:
    deadline = time.monotonic() + 20
    while commands(family) or folders() != kept:
        assert time.monotonic() < deadline, commands(family)
        time.sleep(0.05)


def test_a_second_one_runs_beside_it_and_ends_with_its_whole_family_when_its_owner_is_killed(
    broker: Broker,
) -> None:
    kept, owner = folders(), owner_process()
    assert owner.stdout is not None
    assert owner.stdout.readline().startswith("started RabbitMQ ")
    family = descendants(owner.pid)
    assert any("epmd" in command for command in commands(family).values())
    assert any("beam.smp" in command for command in commands(family).values())
    owner.kill()
    owner.communicate()
    await_end(family, kept)
    assert greet(broker.url)


def test_an_interrupt_while_it_starts_leaves_nothing(broker: Broker) -> None:
    kept, owner = folders(), owner_process()
    while not any("beam.smp" in command for command in commands(descendants(owner.pid)).values()):
        assert owner.poll() is None
    family = descendants(owner.pid)
    owner.send_signal(signal.SIGINT)
    owner.communicate(timeout=30)
    await_end(family, kept)


def test_a_server_that_cannot_start_is_an_error_with_the_end_of_its_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = folders()
    monkeypatch.setattr(local, "configuration", lambda credentials, listener: "no.such.key = 1\n")
    with (
        pytest.raises(SetupError, match="failed_to_prepare_configuration") as caught,
        running(parse_spec("local"), say=quiet),
    ):
        pass
    assert "it ended with status" in caught.value.problem
    assert folders() == before
