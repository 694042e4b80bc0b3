"""The command line as its users meet it: exit statuses, messages, results files, and what is left behind."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest
from doors_support import DEADLINE, PROGRAM, amqp_interop, own_vhost

from harness.broker import Broker
from harness.peers.manifest import ROOT
from harness.results import CellLine, read_results


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("run", "--producer", "nobody"), 2, ("unknown producer 'nobody'", "known: aio-pika")),
        (("run", "--consumer", "nobody"), 2, ("unknown consumer 'nobody'", "known: aio-pika")),
        (("run", "--consumer", "pika@new"), 2, ("pika@new", "NAME@1.2.3")),
        (("run", "--case", "headers/nope"), 2, ("no case matches 'headers/nope'", "list cases")),
        (("run", "--broker", "debian:sid"), 2, ("debian:sid", "bookworm")),
        (("run", "--broker", "rabbitmq:latest"), 2, ("latest",)),
        (("run", "--colour"), 2, ("No such option",)),
        (
            ("run", "--results", "/nowhere/r.jsonl", "--broker", "amqp://127.0.0.1:1/"),
            3,
            ("cannot be reached",),
        ),
        (("explain", "headers/double"), 2, ("is no cell", "CASE[PRODUCER->CONSUMER]")),
        (("report", "/nowhere/r.jsonl"), 2, ("cannot read results from /nowhere/r.jsonl",)),
        (("report", "r.jsonl", "--since", "old.jsonl"), 2, ("add --html FILE",)),
        (("run", "--html", "/nowhere/r.html"), 2, ("cannot write HTML to /nowhere/r.html",)),
    ],
)
def test_a_bad_request_is_answered_with_its_status_and_what_is_known(
    arguments: tuple[str, ...], status: int, words: tuple[str, ...]
) -> None:
    done = amqp_interop(*arguments)
    assert done.returncode == status, done.stderr
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_wrong_credentials_are_named_without_the_password(broker: Broker) -> None:
    parts = urlsplit(broker.url)
    url = f"amqp://{parts.username}:not-the-password@{parts.hostname}:{parts.port}/"
    done = amqp_interop("run", "--broker", url, "--case", "article/*", "--producer", "raw")
    assert done.returncode == 3
    assert "refused" in done.stderr
    assert "not-the-password" not in done.stderr


def test_results_are_valid_whole_and_without_the_password(broker: Broker, tmp_path: Path) -> None:
    file, junit = tmp_path / "r.jsonl", tmp_path / "r.xml"
    choice = ("--producer", "streadway", "--consumer", "pika", "--case", "headers/double*")
    done = amqp_interop("run", "--broker", broker.url, *choice, "--results", str(file), "--junit", str(junit))
    assert done.returncode == 0, done.stdout + done.stderr
    schema = json.loads((ROOT / "contract" / "schema" / "results.schema.json").read_text())
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for line in lines:
        jsonschema.validate(line, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**lines[-2], "verdict": 1}, schema)
    results = read_results(file)
    assert results.foot is not None
    cells = list(results.cells())
    assert len(cells) == results.head.cells > 5
    assert {cell.step for cell in cells if cell.outcome == "expected"} == {"consumer"}
    password = unquote(urlsplit(broker.url).password or "")
    assert password
    assert not any(
        password in text for text in (file.read_text(), junit.read_text(), done.stdout, done.stderr)
    )
    again = amqp_interop("report", str(file))
    assert (again.returncode, again.stdout) == (0, done.stdout)


def test_what_is_not_clean_keeps_its_messages_and_octets_and_the_page_has_no_password(
    broker: Broker, tmp_path: Path
) -> None:
    file, html, again = tmp_path / "r.jsonl", tmp_path / "r.html", tmp_path / "again.html"
    choice = ("--producer", "raw", "--consumer", "pika", "--case", "headers/double", "--case", "headers/void")
    done = amqp_interop("run", "--broker", broker.url, *choice, "--results", str(file), "--html", str(html))
    assert done.returncode == 0, done.stdout + done.stderr
    results = read_results(file)
    assert [case.id for case in results.cases()] == ["headers/double", "headers/void"]
    cells = {cell.case: cell for cell in results.cells()}
    assert cells["headers/void"].evidence is None
    kept = cells["headers/double"].evidence
    assert kept is not None
    assert kept.wire.sent is not None
    assert bytes.fromhex("016b6440091eb851eb851f") in kept.wire.sent
    assert kept.wire.delivered == kept.wire.sent
    assert kept.messages.sent is not None
    assert kept.messages.sent.message.properties == kept.messages.asked.message.properties
    assert kept.messages.reported is not None
    assert amqp_interop("report", str(file), "--html", str(again), "--since", str(file)).returncode == 0
    password = unquote(urlsplit(broker.url).password or "")
    for page in (html, again):
        assert "narrowed" in page.read_text(encoding="utf-8")
        assert password not in page.read_text(encoding="utf-8")


def test_the_verdicts_are_the_same_with_the_tap_off(broker: Broker, tmp_path: Path) -> None:
    choice = ("--producer", "streadway", "--consumer", "raw", "--case", "properties/*")
    seen = {}
    for name, flags in (("on", ()), ("off", ("--no-tap",))):
        file = tmp_path / name
        amqp_interop("run", "--broker", broker.url, *choice, *flags, "--results", str(file))
        seen[name] = {cell.id: _whole(cell) for cell in read_results(file).cells()}
    assert seen["on"] == seen["off"]
    assert len(seen["on"]) > 80


def _whole(cell: CellLine) -> tuple[str, int | None]:
    """What a verdict says without a step."""
    return cell.verdict, cell.code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_process_and_no_queue(broker: Broker, number: signal.Signals) -> None:
    choice = ("--producer", "raw", "--consumer", "rabbitpy", "--case", "properties/*")
    with own_vhost(broker) as (url, queues):
        command = [*PROGRAM, "run", "--broker", url, *choice]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
            wait_until(lambda: bool(queues()))
            children = descendants(process.pid)
            assert children
            process.send_signal(number)
            assert process.wait(DEADLINE) != 0
        assert queues() == []
        wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))


def descendants(pid: int) -> list[int]:
    """The processes that ``pid`` started, and theirs."""
    found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found + [each for child in found for each in descendants(child)]


def wait_until(true: Callable[[], bool]) -> None:
    """Look until ``true``, or fail after the deadline."""
    end = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < end, "it did not become true in time"
        time.sleep(0.05)
