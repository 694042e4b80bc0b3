"""A list of expectations that is wrong fails the run with status 4, and the line of the file is named."""

from __future__ import annotations

from pathlib import Path

import click.testing
import pytest

from harness import matrix
from harness.broker import Broker
from harness.cli import main

ENTRY = """
- cases: [{case}]
  consumer: pika
  step: {step}
  difference: {difference}
  path: headers.k
  what: bug
  reason: data.py wraps what it unpacks in long()
  link: https://github.com/pika/pika/issues/599
"""


@pytest.mark.parametrize(
    ("entry", "status", "says"),
    [
        ({}, 0, "1 expected"),
        ({"difference": "altered"}, 4, "altered did not show in headers/double[amqp091-go->pika]"),
        ({"step": "broker"}, 4, "narrowed did not show in headers/double[amqp091-go->pika]"),
        ({"case": "headers/duoble"}, 4, "no case is called 'headers/duoble'"),
        (None, 1, "narrowed headers.*, double became int"),
    ],
    ids=["right", "wrong difference", "wrong step", "of no case", "none"],
)
def test_what_a_list_makes_of_a_known_defect(
    entry: dict[str, str] | None,
    status: int,
    says: str,
    broker: Broker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = tmp_path / "expectations.yaml"
    sound = {"case": "headers/double", "step": "consumer", "difference": "narrowed"}
    listed.write_text("" if entry is None else ENTRY.format(**{**sound, **entry}))
    monkeypatch.setattr(matrix, "EXPECTATIONS", listed)
    choice = ("--producer", "amqp091-go", "--consumer", "pika", "--case", "headers/double")
    done = click.testing.CliRunner().invoke(main, ["run", "--broker", broker.url, *choice])
    assert done.exit_code == status, done.output
    assert says in done.output
    if status == 4:
        assert f"{listed}:2: " in done.output


def test_one_that_is_stale_fails_a_run_whose_cells_are_all_clean(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = tmp_path / "expectations.yaml"
    listed.write_text(ENTRY.format(case="headers/longstr", step="consumer", difference="altered"))
    monkeypatch.setattr(matrix, "EXPECTATIONS", listed)
    choice = ("--producer", "amqp091-go", "--consumer", "pika", "--case", "headers/longstr")
    done = click.testing.CliRunner().invoke(main, ["run", "--broker", broker.url, *choice])
    assert done.exit_code == 4, done.output
    assert f"{listed}:2: altered did not show in headers/longstr[amqp091-go->pika]" in done.output
    assert "1 pass" in done.output
