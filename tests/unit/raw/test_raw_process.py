"""``python -m harness.raw`` as a process, and its manifest."""

from __future__ import annotations

import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import harness
from harness.peers import protocol

ROOT = Path(harness.__file__).parent.parent
COMMAND = [sys.executable, "-m", "harness.raw", "--schema", str(ROOT / "contract" / "schema")]
DESCRIBE = protocol.encode_request(protocol.Describe(1))


def _run(sent: bytes, command: list[str] = COMMAND) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, input=sent, capture_output=True, timeout=30, cwd=ROOT, check=False)


def test_it_answers_and_ends_with_0_after_close() -> None:
    ended = _run(DESCRIBE + protocol.encode_request(protocol.Close(2)) + DESCRIBE)
    lines = [protocol.decode_line(line) for line in ended.stdout.splitlines()]
    assert [type(line) for line in lines] == [protocol.Described, protocol.Ok]
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_the_end_of_input_ends_it_and_a_last_line_needs_no_newline() -> None:
    ended = _run(DESCRIBE.rstrip(b"\n"))
    assert isinstance(protocol.decode_line(ended.stdout), protocol.Described)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_many_lines_at_once_are_all_answered_in_order() -> None:
    requests = [protocol.Describe(number) for number in range(1, 2001)]
    ended = _run(b"".join(protocol.encode_request(request) for request in requests))
    replies = [protocol.decode_line(line) for line in ended.stdout.splitlines()]
    assert [reply.id for reply in replies if isinstance(reply, protocol.Described)] == list(range(1, 2001))


def test_junk_ends_it_with_1_and_a_word_to_people() -> None:
    ended = _run(DESCRIBE + b"junk\n" + DESCRIBE)
    assert isinstance(protocol.decode_line(ended.stdout), protocol.Described)
    assert ended.returncode == 1
    assert b"is no request" in ended.stderr
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly(number: signal.Signals) -> None:
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(DESCRIBE)
        process.stdin.flush()
        assert process.stdout.readline()
        process.send_signal(number)
        assert process.wait(30) == 0
        assert process.stderr.read() == b""


def test_a_reader_that_goes_away_ends_it() -> None:
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(DESCRIBE)
        process.stdin.flush()
        assert process.stdout.readline()
        process.stdout.close()
        assert process.wait(30) == 0


@pytest.mark.parametrize("arguments", [[], ["--schema"], ["--schema", "/nowhere"], ["--what"]])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    ended = _run(b"", [*COMMAND[:3], *arguments])
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert b"--schema" in ended.stderr


def test_the_manifest_pins_the_version_that_the_peer_states() -> None:
    manifest = tomllib.loads((ROOT / "harness" / "raw" / "peer.toml").read_text(encoding="utf-8"))
    assert [peer["releases"] for peer in manifest["peer"]] == [[harness.__version__]]
