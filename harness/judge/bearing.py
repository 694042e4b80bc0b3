"""What a verdict says about an expectation: whether it is covered by it, or speaks against it."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from harness.amqp.message import Shared
from harness.judge.compare import Properties
from harness.judge.difference import Kind, Shown
from harness.judge.listed import STOPS, Expectation, Listed, among, each_of
from harness.judge.places import places
from harness.judge.verdict import Evidence, Step, Stop, Verdict


def speaks_against(item: Listed, used: Sequence[Listed], verdict: Verdict, evidence: Evidence | None) -> bool:
    said = item.expectation
    if said.by_chance:
        return False
    if said.of is None:
        return (
            item not in used
            and _was_tried(said, verdict)
            and not _stopped_otherwise(said, used, verdict)
            and not _played_otherwise(said, used, verdict)
        )
    if evidence is None or verdict.failure is not None:
        return False
    came = {Step.PRODUCER: evidence.asked, Step.BROKER: evidence.sent, Step.CONSUMER: evidence.delivered}
    before = came[said.step] if said.step is not None else None
    if before is None:
        return False
    shown = {each.path for each in verdict.differences if each.step is said.step and each.kind in said.kinds}
    properties = before.message.properties
    if isinstance(properties, Shared):
        return not shown.issuperset(_remembered(said, properties))
    return not shown.issuperset(_concerned(said, properties))


@lru_cache(8192)
def _remembered(expectation: Expectation, properties: Shared) -> tuple[str, ...]:
    return tuple(_concerned(expectation, properties))


def _concerned(expectation: Expectation, properties: Properties) -> Iterator[str]:
    """The places among ``properties`` at which an expectation about values says that they are changed."""
    of = each_of(expectation.of or ())
    for path, value in places(properties):
        if _covers_path(expectation.path, path) and among(words_of(value), of):
            yield path


def _was_tried(expectation: Expectation, verdict: Verdict) -> bool:
    """Whether the cell could show the difference.

    A message that did not come out can't differ, and one that an earlier step did not let through never came
    here; what an earlier step changed came as another value, which tells nothing of the one that the case is
    about. A play ends at the step of a scenario that came out otherwise: later ones were not tried.
    """
    before = _ORDER.get(expectation.step, 0)
    ended, at = _step_of_play(verdict.path), _step_of_play(expectation.path)
    if ended is not None and at is not None and ended < at:
        return False
    if verdict.failure is not None and _ORDER.get(verdict.failure.step, before) < before:
        return False
    changed = any(
        _ORDER.get(difference.step, -1) < before and _covers_path(expectation.path, difference.path)
        for difference in verdict.differences
    )
    stops = STOPS.issuperset(expectation.kinds)
    return not changed and (verdict.failure is None or stops)


def _stopped_otherwise(expectation: Expectation, used: Sequence[Listed], verdict: Verdict) -> bool:
    """Whether the cell has a stop that is listed too: what ended in one way can't end in another."""
    about_stops = [one for one in used if STOPS.issuperset(one.expectation.kinds)]
    return verdict.failure is not None and bool(about_stops) and STOPS.issuperset(expectation.kinds)


def _played_otherwise(expectation: Expectation, used: Sequence[Listed], verdict: Verdict) -> bool:
    """Whether the cell is a play that ended in a way that is listed, at the step that the expectation is
    about or at one that may be before it, as ``steps[*]`` leaves open."""
    ended, at = _step_of_play(verdict.path), _step_of_play(expectation.path)
    return bool(used) and ended is not None and (ended == at or expectation.path.startswith("steps[*]"))


def _step_of_play(path: str | None) -> int | None:
    """The number in ``steps[3].get.gets``; None of the path of a field."""
    found = re.match(r"steps\[(\d+)\]", path or "")
    return int(found[1]) if found else None


_ORDER: dict[Step | None, int] = {
    step: place for place, step in enumerate((Step.PRODUCER, Step.BROKER, Step.CONSUMER))
}


class Need(NamedTuple):
    """Something about a verdict that has to be expected: a difference, or a stop, which has no path."""

    step: Step | None
    what: Kind | Stop
    path: str
    code: int | None = None
    was: Shown = None


def words_of(shown: Shown) -> str:
    """``octet 0``, ``longlong -2``, ``table``, ``absent``: type and value of one side of a difference."""
    if shown is None:
        return "absent"
    if isinstance(shown, str | bool):
        return str(shown)
    value = getattr(shown, "value", None)
    return (
        f"{shown.__struct_config__.tag} {value}"
        if isinstance(value, str)
        else str(shown.__struct_config__.tag)
    )


def failing(verdict: Verdict) -> list[Need]:
    """Everything about a verdict that needs to be expected for the cell to be."""
    needed: list[Need] = [
        Need(difference.step, difference.kind, difference.path, None, difference.expected)
        for difference in verdict.differences
        if not difference.kind.passes
    ]
    if verdict.failure is not None and not verdict.as_asked:
        needed.append(Need(verdict.failure.step, verdict.failure.stop, "", verdict.failure.code))
    return needed


def matches(expectation: Expectation, need: Need) -> bool:
    return (
        expectation.step is need.step
        and (need.what == expectation.difference or need.what in expectation.kinds)
        and (not need.path or _covers_path(expectation.path, need.path))
        and (expectation.code is None or expectation.code == need.code)
        and (expectation.of is None or among(words_of(need.was), each_of(expectation.of)))
    )


@lru_cache(4096)
def _covers_path(glob: str, path: str) -> bool:
    return fnmatch.fnmatchcase(path, _literal(glob))


def _literal(path: str) -> str:
    """A path as a glob in which only ``*`` is special, as ``[0]`` and ``["k"]`` are parts of paths."""
    return path.replace("[", "[[]").replace("?", "[?]")
