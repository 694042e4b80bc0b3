"""Every fake ends in its own verdict, within a deadline, and takes no other cell along."""

from __future__ import annotations

from dataclasses import dataclass

from fake_runs import Fake

RUN_DEADLINE = 20.0
"""Seconds for a whole run with a dozen fakes on a busy machine; none of them may hold it up for ever."""


@dataclass(frozen=True, slots=True)
class Sin:
    """A fake and what must come of its cells: of the one message, or of all where it fails as a whole."""

    fake: Fake
    verdict: str
    step: str | None
    outcome: str
    words: str = ""
    """What the text of the failure, or the path of the difference, holds."""
    scope: str | None = None
    next_arrived: bool | None = None


def consumer(file: str, *told: object, **more: object) -> Sin:
    return Sin(Fake(file, "consumer"), *told, **more)  # type: ignore[arg-type]
