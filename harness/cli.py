"""The command line. Data goes to standard output, words for people to standard error.

Every name and flag is checked before anything starts. Exit status: 0 as expected, 1 a cell differs from what
is expected, 2 usage, 3 environment, 4 an expectation is stale.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import click

import harness
from harness import listing, matrix
from harness.commands.bisect import bisect
from harness.commands.brokers import brokers
from harness.commands.changes import compare, diff
from harness.commands.merge import merge
from harness.commands.options import (
    broker_option,
    brokers_option,
    choosing,
    report_options,
    say,
    shard_option,
)
from harness.commands.repro import repro
from harness.commands.upgrade import upgrade
from harness.errors import InteropError, UsageError


class Door(click.Group):
    """The group of commands; turns every error of the suite into a message and its exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except InteropError as error:
            say(f"amqp-interop: {error}")
            ctx.exit(error.exit_status)
        except BrokenPipeError:
            ctx.exit(0)  # who read standard output has seen enough


def _terminated(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


@click.group(cls=Door, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(harness.__version__, prog_name="amqp-interop")
def main() -> None:
    """Does what one AMQP 0-9-1 client sends arrive unchanged at another? If not, whose fault is it?"""
    signal.signal(signal.SIGTERM, _terminated)  # so that every with statement ends, and with it the broker


@main.command()
@choosing
@brokers_option
@shard_option
@click.option("--results", type=click.Path(path_type=Path, dir_okay=False), help="write JSON lines to FILE")
@report_options
@click.option("--json", "as_json", is_flag=True, help="the lines of the results file on standard output")
@click.option("--no-tap", is_flag=True, help="don't watch the wire: verdicts name no step")
@click.option("--verbose", is_flag=True, help="list what is expected, too")
def run(
    producers: Sequence[str],
    consumers: Sequence[str],
    cases: Sequence[str],
    brokers: Sequence[str],
    shard: str | None,
    results: Path | None,
    junit: Path | None,
    markdown: Path | None,
    badge: Path | None,
    html: Path | None,
    as_json: bool,
    no_tap: bool,
    verbose: bool,
) -> None:
    """Run cells and report every difference."""
    chosen = matrix.choose(producers, consumers, cases, *brokers, shard=shard)
    outputs = matrix.Outputs(results, junit, as_json, verbose, sys.stdout, markdown, badge, html)
    raise SystemExit(matrix.run(chosen, outputs, tapped=not no_tap, say=say))


@main.command()
@broker_option
def demo(broker: str | None) -> None:
    """The article, live: Go producer, RabbitMQ, Python consumer; then the matrix of their libraries."""
    from harness.broker import running
    from harness.demo import demo as article
    from harness.demo.article import article_labels

    producers, consumers = article_labels()
    chosen = matrix.choose(producers, consumers, ("article/*", "exchanges/*", "mixed/*"), broker)
    with running(chosen.spec, say=say) as started:
        asyncio.run(article(started, say, sys.stdout))
        say("\nThe article, every kind of exchange, and messages as teams send them, from all to all:")
        outputs = matrix.Outputs(None, None, False, False, sys.stdout)
        raise SystemExit(matrix.run_on((started.info,), (started,), chosen, outputs, tapped=True, say=say))


@main.command("list")
@choosing
@brokers_option
@shard_option
@click.argument("what", type=click.Choice(["peers", "cases", "brokers", "cells"]))
def list_(
    what: str,
    producers: Sequence[str],
    consumers: Sequence[str],
    cases: Sequence[str],
    brokers: Sequence[str],
    shard: str | None,
) -> None:
    """What there is: peers, cases, brokers, cells."""
    chosen = matrix.choose(producers, consumers, cases, *brokers, shard=shard)
    lines = {
        "peers": listing.peer_lines,
        "cases": listing.case_lines,
        "brokers": listing.broker_lines,
        "cells": listing.cell_lines,
    }[what](chosen)
    for line in lines:
        click.echo(line)


@main.command()
@click.argument("cell")
@broker_option
@click.option("--pcapng", type=click.Path(path_type=Path, dir_okay=False), help="write the wire to FILE")
def explain(cell: str, broker: str | None, pcapng: Path | None) -> None:
    """Run one CELL, 'headers/double[amqp091-go->pika]', and show the four messages, the wire, the verdict."""
    case, producer, consumer = matrix.parse_cell(cell)
    chosen = matrix.choose((producer,), (consumer,), (case,), broker or matrix.broker_in(cell))
    click.echo(matrix.explain(chosen, pcapng, say), nl=False)


@main.command()
@brokers_option
@click.option("--cells", default=60_000, show_default=True, help="how many cells to time")
def bench(brokers: Sequence[str], cells: int) -> None:
    """How fast: cells a second, the floor (the same messages unjudged), their ratio, the times of a run.

    Of several brokers the first is measured so, and each is compared with it.
    """
    from harness.bench import bench as measure

    click.echo(measure(matrix.choose((), (), (), *brokers), cells, say), nl=False)


@main.command()
def doctor() -> None:
    """What this machine has, what is missing, and the command that mends it. Status 3 if a run needs more."""
    from harness.broker.doctor import checks

    found = checks()
    for check in found:
        state = "ok     " if check.found else ("MISSING" if check.required else "missing")
        click.echo(f"{state} {check.name}: {check.detail}")
        if not check.found:
            click.echo(
                f"        needed for {check.needed_for}"
                + (f"; get it with: {check.mend}" if check.mend else "")
            )
    raise SystemExit(3 if any(check.required and not check.found for check in found) else 0)


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@report_options
@click.option("--json", "as_json", is_flag=True, help="its lines on standard output")
@click.option(
    "--since",
    type=click.Path(path_type=Path, dir_okay=False),
    help="an older results file: the page shows what changed since",
)
def report(
    file: Path,
    junit: Path | None,
    markdown: Path | None,
    badge: Path | None,
    html: Path | None,
    as_json: bool,
    since: Path | None,
) -> None:
    """Show a results FILE again. Exit status as of its run; 1 if the file is cut off."""
    if since is not None and html is None:
        raise UsageError("--since is for the page", "add --html FILE")
    outputs = matrix.Outputs(None, junit, as_json, False, sys.stdout, markdown, badge, html, since)
    raise SystemExit(matrix.report(file, outputs))


for command in (diff, compare, bisect, merge, upgrade, brokers, repro):
    main.add_command(command)

if __name__ == "__main__":
    main()
