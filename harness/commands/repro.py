"""``repro``: a cell as two stand-alone programs, to be handed to the maintainers of a library."""

from __future__ import annotations

from pathlib import Path

import click

from harness import matrix
from harness.commands.options import broker_option, say
from harness.errors import UsageError


@click.command()
@click.argument("cell")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="a new folder for its files",
)
@broker_option
def repro(cell: str, out: Path, broker: str | None) -> None:
    """Write what reproduces one CELL without the suite: producer, consumer, run.sh, README.md.

    run.sh exits with 1 if the difference shows, with 0 if it does not.
    """
    from harness.repro.reproduction import reproduction, write

    case, producer, consumer = matrix.parse_cell(cell)
    chosen = matrix.choose((producer,), (consumer,), (case,), broker or matrix.broker_in(cell))
    if chosen.plan.size != 1:
        raise UsageError(f"{cell} names {chosen.plan.size} cells", "name one case")
    if out.is_dir() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty", "name a new folder with --out")
    write(out, reproduction(chosen, say))
    click.echo(out / "run.sh")
