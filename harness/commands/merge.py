"""``merge``: the parts of a run that was cut with ``--shard`` become one results file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from harness import matrix
from harness.commands.options import FILE, say
from harness.ends import digest_of
from harness.merge import merge as joined


@click.command()
@click.argument("out", type=FILE)
@click.argument("parts", type=FILE, nargs=-1, required=True)
def merge(out: Path, parts: Sequence[Path]) -> None:
    """Join the results files PARTS of one run (run --shard) into OUT, as one long run would have made it."""
    head = joined(out, parts, matrix.expectations(), digest_of(matrix.EXPECTATIONS), matrix.scenario_ids())
    say(f"{out}: {head.cells} cells of {len(parts)} parts; amqp-interop report {out} shows them")
