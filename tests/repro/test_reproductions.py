"""Reproductions of findings, written by the command line and run without it: they show what the suite saw.

The table is data, ``reproductions.toml``: a row more is a test more.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from harness.broker import Broker
from harness.peers.manifest import ROOT

DEADLINE = 600.0
"""Seconds for one row, peers and programs built and all."""

REPRO = (sys.executable, "-m", "harness.cli", "repro")


class Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of the table; see there."""

    cell: str
    place: str
    asked: str
    read: str
    got: str


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    finding: tuple[Finding, ...]


FINDINGS = msgspec.convert(
    tomllib.loads((Path(__file__).parent / "reproductions.toml").read_text(encoding="utf-8")), Table
).finding
CLEAN = (
    "headers/double[amqp091-go->rabbitmq-c]",
    "headers/all-types[java-client->java-client]",
    "properties/all-but-user-id[pika->py-amqp]",
    "mixed/spring-json[amqplib->raw]",
)


def run(
    words: Sequence[str | Path], variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with nothing of ours on its path unless it is told."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        words,
        cwd=ROOT,
        env={**environment, **(variables or {})},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def written(cell: str, broker: Broker, folder: Path) -> Path:
    """The reproduction of ``cell``, in a folder of its own."""
    done = run([*REPRO, cell, "--out", folder, "--broker", broker.url])
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{folder / 'run.sh'}\n"
    return folder


@pytest.mark.timeout(DEADLINE)
@pytest.mark.parametrize("finding", FINDINGS, ids=lambda one: one.cell)
def test_the_same_difference_shows_without_the_suite(
    finding: Finding, broker: Broker, tmp_path: Path
) -> None:
    folder = written(finding.cell, broker, tmp_path / "repro")
    done = run(["sh", folder / "run.sh"], {"AMQP_URL": broker.url})
    assert done.returncode == 1, done.stdout + done.stderr
    if not finding.place:
        assert f"asked: {finding.asked}\n" in done.stdout
        assert finding.read in done.stdout
        return
    columns = re.escape(finding.place), re.escape(finding.asked), re.escape(finding.read)
    assert re.search(rf"^\* {' +'.join(columns)}$", done.stdout, re.MULTILINE), done.stdout
    report = (folder / "README.md").read_text(encoding="utf-8")
    field = re.escape(finding.place.removeprefix("headers."))
    assert re.search(rf"^\w+ {field} +{columns[1]} +{re.escape(finding.got)}$", report, re.MULTILINE), report


@pytest.mark.timeout(DEADLINE)
@pytest.mark.parametrize("identity", CLEAN)
def test_a_clean_cell_shows_no_difference(identity: str, broker: Broker, tmp_path: Path) -> None:
    folder = written(identity, broker, tmp_path / "repro")
    done = run(["sh", folder / "run.sh"], {"AMQP_URL": broker.url})
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("no difference\n")


@pytest.mark.parametrize(
    ("identity", "words"),
    [
        ("queues/stream[raw->raw]", "queues/stream is a scenario"),
        ("headers/double[raw->spring-amqp]", "no reproduction can be written with spring-amqp as consumer"),
        ("properties/expiration-word[raw->raw]", "asks the broker to refuse"),
        ("headers/d*[raw->pika]", "name one case"),
        ("headers/double", "is no cell"),
    ],
)
def test_what_cannot_be_reproduced_is_refused_before_a_broker_starts(
    identity: str, words: str, tmp_path: Path
) -> None:
    done = run([*REPRO, identity, "--out", tmp_path / "repro"])
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "started" not in done.stderr
    assert not (tmp_path / "repro").exists()


def test_a_cell_that_the_library_cannot_express_is_refused(broker: Broker, tmp_path: Path) -> None:
    cell = "headers/longlong-0[streadway->raw]"
    done = run([*REPRO, cell, "--out", tmp_path / "repro", "--broker", broker.url])
    assert done.returncode == 2
    assert "can't be reproduced: streadway 1.1.0 cannot" in done.stderr
    assert not (tmp_path / "repro").exists()
