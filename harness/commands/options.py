"""What several commands share: options, and how they speak."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from harness.broker.spec import FORMS


def say(text: str) -> None:
    """A word for people."""
    click.echo(text, err=True)


def choosing(command: Callable[..., None]) -> Callable[..., None]:
    """The options that choose cells."""
    for option in (
        click.option("--case", "cases", multiple=True, metavar="GLOB", help="cases, 'headers/*'; repeatable"),
        click.option("--consumer", "consumers", multiple=True, metavar="PEER", help="repeatable"),
        click.option("--producer", "producers", multiple=True, metavar="PEER", help="repeatable"),
    ):
        command = option(command)
    return command


_SPECS = f"one of: {', '.join(form for form, _ in FORMS)}"
broker_option = click.option("--broker", metavar="SPEC", help=_SPECS)
brokers_option = click.option(
    "--broker", "brokers", multiple=True, metavar="SPEC", help=f"{_SPECS}; repeatable"
)
json_option = click.option("--json", "as_json", is_flag=True, help="JSON on standard output")
FILE = click.Path(path_type=Path, dir_okay=False)


shard_option = click.option("--shard", metavar="N/OF", help="one part of the plan, 2/5; merge joins them")


def report_options(command: Callable[..., None]) -> Callable[..., None]:
    """The files that are made of a run's results."""
    for option in (
        click.option("--badge", type=FILE, help="write a badge as JSON (of shields' form) to FILE"),
        click.option("--markdown", type=FILE, help="write Markdown to FILE: fits a CI's step summary"),
        click.option("--html", type=FILE, help="write the results as one page to FILE"),
        click.option("--junit", type=FILE, help="write JUnit XML to FILE"),
    ):
        command = option(command)
    return command
