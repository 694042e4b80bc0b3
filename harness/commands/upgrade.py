"""``upgrade``: what changes when one broker takes the place of another."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from harness.commands.options import choosing, say
from harness.report.lines import look_of
from harness.upgrade import run as upgrading


@click.command()
@click.option("--from", "old", required=True, metavar="SPEC", help="the broker that you have")
@click.option("--to", "new", required=True, metavar="SPEC", help="the broker that you are about to have")
@choosing
@click.option("--in-place/--no-in-place", default=True, help="exchange the broker under its messages, too")
@click.option("--strict-future", is_flag=True, help="and deny whatever NEW deprecates: who won't survive it?")
@click.option("--results", type=click.Path(path_type=Path, file_okay=False), help="keep both runs in FOLDER")
def upgrade(
    old: str,
    new: str,
    producers: Sequence[str],
    consumers: Sequence[str],
    cases: Sequence[str],
    in_place: bool,
    strict_future: bool,
    results: Path | None,
) -> None:
    """What changes from one broker to another: the same cells on both, then messages in its queues.

    Status 1 if anything got worse or a message was lost, doubled or altered; 2 if RabbitMQ does not support
    to start the new version on the data of the old: the cells are compared all the same.
    """
    asked = upgrading.choose(producers, consumers, cases, old, new, in_place, strict_future, results)
    done = upgrading.upgrade(asked, say)
    click.echo(upgrading.text(done, look_of(sys.stdout)), nl=False)
    raise SystemExit(done.status)
