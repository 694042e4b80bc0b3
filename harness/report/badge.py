"""A badge as JSON in the form that shields.io's endpoint badges take. Pure but for :func:`write_badge`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from harness.errors import UsageError
from harness.results import Foot


class Badge(msgspec.Struct, frozen=True, rename="camel"):
    """What it says, and in which colour."""

    label: str
    message: str
    color: str
    schema_version: int = 1


def badge(outcomes: Mapping[str, int], foot: Foot | None) -> Badge:
    """Of a run's counts by outcome; no ``foot``: the run was cut, and no count of it is a result."""
    told = {name: outcomes.get(name, 0) for name in ("pass", "expected", "fail", "error")}
    if foot is None:
        message, color = "cut off", "lightgrey"
    elif told["error"]:
        message, color = f"{told['error']} errors, {told['fail']} failed", "red"
    elif told["fail"] or foot.strays:
        message, color = f"{told['fail']} of {sum(outcomes.values())} failed", "red"
    elif foot.stale:
        message, color = f"{len(foot.stale)} expectations stale", "orange"
    else:
        message = f"{told['pass']} pass" + (f", {told['expected']} known" if told["expected"] else "")
        color = "brightgreen"
    return Badge("AMQP interop", message, color)


def write_badge(path: Path, outcomes: Mapping[str, int], foot: Foot | None) -> None:
    """Write it to ``path``. UsageError if it can't be written."""
    try:
        path.write_bytes(msgspec.json.encode(badge(outcomes, foot)) + b"\n")
    except OSError as error:
        raise UsageError(f"cannot write the badge to {path}: {error.strerror}") from error
