"""``diff`` and ``compare``: what changed between two runs, or two peers. Status 1 if something got worse."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from harness import compare as comparing
from harness.commands.options import FILE, broker_option, choosing, json_option, say
from harness.diff import diff_files
from harness.report.changes import Comparison, Side, changes_data, changes_text, notes_on
from harness.report.lines import look_of
from harness.results import Results, read_results


@click.command()
@click.argument("old", type=FILE)
@click.argument("new", type=FILE)
@json_option
def diff(old: Path, new: Path, as_json: bool) -> None:
    """What changed from the results file OLD to NEW, grouped by cause; status 1 if anything got worse."""
    before, after = read_results(old), read_results(new)
    notes = tuple(notes_on(before.head, after.head))
    raise SystemExit(show(Comparison(_side(before), _side(after), diff_files(before, after), notes), as_json))


def _side(results: Results) -> Side:
    return Side(str(results.path), results.head, whole=results.foot is not None)


def show(comparison: Comparison, as_json: bool) -> int:
    """Write the comparison to standard output; its exit status."""
    if as_json:
        click.echo(msgspec.json.encode(changes_data(comparison)))
    else:
        click.echo(changes_text(comparison, look_of(sys.stdout)), nl=False)
    return 1 if comparison.got_worse else 0


@click.command()
@click.argument("old")
@click.argument("new")
@choosing
@broker_option
@json_option
def compare(
    old: str,
    new: str,
    producers: Sequence[str],
    consumers: Sequence[str],
    cases: Sequence[str],
    broker: str | None,
    as_json: bool,
) -> None:
    """What is otherwise with the peer NEW than with OLD ('pika@1.3.2 pika@1.4.4'), against all others.

    --producer and --consumer name the others. Status 1 if anything is worse.
    """
    played = comparing.play(comparing.choose((old, new), producers, consumers, cases, broker), say)
    head = msgspec.structs.replace(played.head, cells=played.cells)
    raise SystemExit(show(Comparison(Side(old, head), Side(new, head), played.diff), as_json))
