"""run.sh with programs that print what they are told: what it prints, how it ends, how it has a broker."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from repro_samples import CASES, asked_of, recipe

from harness.amqp.message import Message, Routed
from harness.amqp.values import NativeInt, NativeMap
from harness.repro.render import files
from harness.repro.reproduction import write

PROGRAM = """#!/bin/sh
role=$(dirname "$1")
echo "$AMQP_URL $QUEUE $EXCHANGE" >"$role.called"
cat "$role.lines"
[ ! -e "$role.sleeps" ] || exec sleep 60
[ ! -e "$role.fails" ] || { cat "$role.fails" >&2; exit 1; }
"""
DOCKER = """#!/bin/sh
echo "$@" >>"$DOCKER_LOG"
case $1 in
run) echo made-container ;;
port) echo 127.0.0.1:40123 ;;
esac
"""
READ = (
    "message\\t\\tread",
    'routing_key\\tstr\\t"headers/double"',
    "headers\\tdict\\tmap of 1",
    'body\\tbytes\\t"x"',
)
RIGHT, WRONG = "headers.k\\tfloat\\t3.14\\t0x40091eb851eb851f", "headers.k\\tlong\\t3"


class Folder:
    """A reproduction whose two programs print given lines."""

    def __init__(self, path: Path) -> None:
        self.path = path / "repro"
        asked = asked_of(CASES["headers/double"])
        read = Routed(
            "e",
            asked.routing_key,
            Message({"headers": NativeMap((("k", NativeInt("3")),))}, asked.message.body),
        )
        write(self.path, files(recipe("headers/double", "raw", "raw", read)))
        self._program = self._executable(path / "python", PROGRAM)
        (path / "bin").mkdir()
        self._executable(path / "bin" / "docker", DOCKER)
        self._bin, self.log = path / "bin", path / "docker.log"
        self.prints("producer", "ready")
        self.prints("consumer", "ready", *READ, RIGHT)

    def _executable(self, path: Path, text: str) -> Path:
        path.write_text(text)
        path.chmod(0o755)
        return path

    def prints(self, role: str, *lines: str) -> None:
        text = "\n".join(line.replace("\\t", "\t") for line in lines)
        (self.path / f"{role}.lines").write_text(text + "\n")

    def run(self, **variables: str) -> tuple[int, str]:
        """Exit status, and all that was printed."""
        environment = {name: value for name, value in os.environ.items() if name != "AMQP_URL"}
        environment |= {"PYTHON": str(self._program), "DOCKER_LOG": str(self.log)} | variables
        environment["PATH"] = f"{self._bin}:{environment['PATH']}"
        done = subprocess.run(
            ["sh", str(self.path / "run.sh")],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_it_ends_with_1_where_the_difference_shows_and_with_0_where_it_does_not(folder: Folder) -> None:
    status, said = folder.run(AMQP_URL="amqp://x")
    assert (status, said.splitlines()[-1]) == (0, "no difference")
    folder.prints("consumer", "ready", *READ, WRONG)
    status, said = folder.run(AMQP_URL="amqp://x")
    assert (status, said.splitlines()[-1]) == (1, "the difference shows (*)")
    assert "* headers.k                double 3.14                  long 3\n" in said


def test_a_value_that_is_not_read_is_absent_and_differs(folder: Folder) -> None:
    folder.prints("consumer", "ready", *READ)
    status, said = folder.run(AMQP_URL="amqp://x")
    assert (status, "* headers.k                double 3.14                  absent" in said) == (1, True)


def test_a_difference_that_it_is_not_about_is_shown_and_does_not_count(folder: Folder) -> None:
    folder.prints("consumer", "ready", *READ[:-1], 'body\\tbytes\\t"y"', RIGHT)
    status, said = folder.run(AMQP_URL="amqp://x")
    assert (status, said.splitlines()[-1]) == (0, "no difference; another (-) does not count")


def test_a_message_that_is_not_read_shows_it_with_the_words_of_both(folder: Folder) -> None:
    folder.prints("consumer", "ready")
    (folder.path / "consumer.fails").write_text("ValueError: year 10000\n")
    status, said = folder.run(AMQP_URL="amqp://x")
    assert status == 1
    assert "read:  none within" in said
    assert "ValueError: year 10000" in said


def test_a_program_that_hangs_is_ended(folder: Folder) -> None:
    folder.prints("consumer", "ready")
    (folder.path / "consumer.sleeps").touch()
    status, said = folder.run(AMQP_URL="amqp://x", DEADLINE="1")
    assert (status, "the consumer ended with status 124" in said) == (1, True)


@pytest.mark.parametrize("role", ["producer", "consumer"])
def test_a_program_that_gets_nowhere_is_no_result(folder: Folder, role: str) -> None:
    folder.prints(role, "")
    (folder.path / f"{role}.fails").write_text("connection refused\n")
    status, said = folder.run(AMQP_URL="amqp://x")
    assert status == 3
    assert "connection refused" in said
    assert f"the {role} got nowhere" in said


def test_each_run_has_names_of_its_own(folder: Folder) -> None:
    names = set()
    for _ in range(2):
        folder.run(AMQP_URL="amqp://x")
        called = {(folder.path / f"{role}.called").read_text() for role in ("producer", "consumer")}
        assert len(called) == 1
        names |= called
    assert len(names) == 2


def test_without_a_url_it_starts_the_broker_and_stops_it(folder: Folder) -> None:
    status, _ = folder.run()
    assert status == 0
    url = (folder.path / "producer.called").read_text().split()[0]
    assert url == "amqp://guest:guest@127.0.0.1:40123/%2F"
    calls = folder.log.read_text().splitlines()
    assert calls[0] == "run -d --rm -p 127.0.0.1::5672 rabbitmq:3.10.8"
    assert calls[-1] == "stop made-container"
