"""``brokers``: what several brokers do otherwise, from the results of one run on all of them."""

from __future__ import annotations

from pathlib import Path

import click

from harness import matrix
from harness.commands.options import FILE
from harness.ends import digest_of
from harness.errors import UsageError
from harness.judge.expect import read_expectations
from harness.report.brokers import brokers_markdown
from harness.results import read_results


@click.command()
@click.argument("file", type=FILE)
@click.option("--output", type=FILE, help="write to FILE instead of standard output")
def brokers(file: Path, output: Path | None) -> None:
    """What the brokers of a results FILE do otherwise, as Markdown, each difference with what explains it."""
    results = read_results(file)
    if len(results.head.brokers) < 2:
        raise UsageError(f"{file} is of one broker", "run with --broker given twice or more")
    if results.foot is None:
        raise UsageError(f"{file} is of a run that was cut", "cells are missing: run it again")
    if results.head.expectations_sha256 != digest_of(matrix.EXPECTATIONS):
        raise UsageError(
            f"the list of expectations is not the one that {file} was made with",
            "run again, or take the list of that run back",
        )
    text = brokers_markdown(results.head, results.cells(), read_expectations(matrix.EXPECTATIONS))
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"cannot write to {output}: {error.strerror}") from error
