"""``diff``: what changed between two runs. Exit status 1 if something got worse."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from harness.commands.options import FILE, json_option
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
