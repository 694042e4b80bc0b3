"""``brokers``: what several brokers do otherwise, from the results of runs on all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import msgspec

from harness import matrix
from harness.again import Again
from harness.commands.options import FILE
from harness.errors import UsageError
from harness.judge.listed import read_expectations
from harness.report.brokers import CameTo, Where, brokers_markdown, came_to, differences
from harness.results import Results, read_results


@click.command()
@click.argument("files", type=FILE, nargs=-1, required=True)
@click.option("--output", type=FILE, help="write to FILE instead of standard output")
@click.option("--command", default="amqp-interop brokers", help="what the page says that it was made by")
def brokers(files: Sequence[Path], output: Path | None, command: str) -> None:
    """What the brokers of results FILES do otherwise, as Markdown, each difference with what explains it.

    The files are of the same cases and peers; reasons are those of the list of expectations as it is now.
    """
    runs = [read_results(file) for file in files]
    _check(runs)
    text = brokers_markdown([run.head for run in runs], differences(_table(runs)), command)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"cannot write to {output}: {error.strerror}") from error


def _table(runs: Sequence[Results]) -> Iterator[tuple[Where, list[CameTo]]]:
    """Each cell, with what it came to on each broker, in the order of the heads."""
    reasons = {
        one.line: f"{' '.join(one.expectation.reason.split())} ({one.expectation.link})"
        for one in read_expectations(matrix.EXPECTATIONS)
    }
    order = {broker.spec: place for place, broker in enumerate(b for run in runs for b in run.head.brokers)}
    table: dict[Where, list[CameTo]] = {}
    alike: dict[CameTo, CameTo] = {}  # few of them differ: half a million cells have to be held
    for run in runs:
        again = Again(run.head, matrix.expectations(), matrix.scenario_ids())
        for cell in run.cells():
            line = again.weigh(cell).line
            one = came_to(run.head.broker_of(cell).spec, cell, reasons[line] if line is not None else None)
            table.setdefault((cell.case, cell.producer, cell.consumer), []).append(alike.setdefault(one, one))
    for where, on_each in table.items():
        yield where, sorted(on_each, key=lambda one: order[one.spec])


def _check(runs: Sequence[Results]) -> None:
    """UsageError where the files do not tell what the brokers do otherwise, and nothing else."""
    specs = [broker.spec for run in runs for broker in run.head.brokers]
    if len(specs) < 2:
        raise UsageError(f"{runs[0].path} is of one broker", "name several files, or run with --broker twice")
    if twice := [spec for spec in specs if specs.count(spec) > 1]:
        raise UsageError(f"{twice[0]} is there more than once", "name a file of each broker")
    for run in runs:
        if run.foot is None:
            raise UsageError(f"{run.path} is of a run that was cut", "cells are missing: run it again")
        if _of(run) != _of(runs[0]):
            raise UsageError(f"{runs[0].path} and {run.path} are not of the same cases, peers and releases")


def _of(run: Results) -> object:
    """What the runs to be compared have in common."""
    head = run.head
    peers = tuple(msgspec.structs.replace(peer, stated=None) for peer in head.peers)
    return head.suite, head.cases_sha256, peers, head.tap
