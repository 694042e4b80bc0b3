"""Expectations: listed, reasoned exceptions, one a difference at a step. Strict in both directions.

An expectation covers differences, never errors. A cell is as expected only if every difference of it that
fails is covered; an expectation whose cell no longer shows the difference is stale, and so is one that
matches no cell of a full run: the list cannot rot.
"""

from __future__ import annotations

import fnmatch
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, TypeAlias

import msgspec
import yaml
from msgspec import Meta
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from harness.amqp.message import Shared
from harness.errors import UsageError
from harness.judge.compare import Properties
from harness.judge.difference import Kind, Shown
from harness.judge.places import places
from harness.judge.verdict import Evidence, Step, Stop, Verdict

Outcome: TypeAlias = Literal["pass", "fail", "expected", "unsupported", "error"]
Names: TypeAlias = str | tuple[str, ...]
KINDS = (*map(str, Kind), *map(str, Stop))
"""All that an expectation can name as its difference, in so far as it is not excluded."""
_STOPS = frozenset(Stop)


class Party(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """A library or a broker, as a cell has it: its name and release, and of a broker the lines of its
    configuration that make it another than as packaged."""

    name: str
    release: str
    settings: tuple[str, ...] = ()


class CellKey(msgspec.Struct, frozen=True, gc=False):
    """All that an expectation can ask of a cell before it runs. ``scenario``: ``case`` is the id of one."""

    case: str
    producer: Party
    consumer: Party
    broker: Party
    scenario: bool = False


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, cache_hash=True):
    """One entry of ``contract/expectations.yaml``.

    ``producer``, ``consumer`` and ``broker``: ``*``, a name, or a name with a range, ``pika>=1.0,<1.5``; or a
    list of those; ``setting`` is a line of configuration that the broker must have beyond its package's.
    ``cases``, ``unless`` (which takes cases out again) and ``path`` are globs; so is ``scenarios``, which an
    entry about scenarios has in place of ``cases``.
    ``step`` is null where nobody can tell, as in a scenario whose refusal never came.
    ``difference`` is a kind of difference or a stop, or a list of stops where chance decides between them;
    ``code`` is the broker's reply code where the stop has one. ``of`` are globs on what was changed, by type
    and value as :func:`words_of` has it: such an entry is about values, whichever producer sent them. Then a
    cell contradicts it in which such a value comes to the step, at such a path, and is not changed so.
    """

    step: Step | None
    difference: Names
    what: Literal["bug", "by-design"]
    reason: Annotated[str, Meta(min_length=15)]
    link: Annotated[str, Meta(min_length=5)]
    cases: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    producer: Names = "*"
    consumer: Names = "*"
    broker: Names = "*"
    setting: str | None = None
    unless: tuple[str, ...] = ()
    path: str = "*"
    code: int | None = None
    of: Names | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """The differences that it covers: one, or several stops."""
        return _each(self.difference)

    @property
    def globs(self) -> tuple[str, ...]:
        """Of the cases or of the scenarios: an entry has one of the two."""
        return self.cases or self.scenarios


class Listed(msgspec.Struct, frozen=True):
    """An expectation and the line of its file on which it starts."""

    line: int
    expectation: Expectation


class Weighed(msgspec.Struct, frozen=True, gc=False):
    """What a verdict amounts to: ``line`` is of the first expectation that covers it, ``used`` are all that
    its cell bears out, ``against`` those that it could have shown and did not."""

    outcome: Outcome
    line: int | None = None
    used: Sequence[Listed] = ()
    against: Sequence[Listed] = ()


class Stale(msgspec.Struct, frozen=True):
    """An expectation that the run did not bear out, and why."""

    where: str
    problem: str


def read_expectations(path: Path) -> tuple[Listed, ...]:
    """The list at ``path``. UsageError names the file, the line and what is wrong."""
    node = _composed(path)
    if node is None:
        return ()
    if not isinstance(node, yaml.SequenceNode):
        raise UsageError(f"{path}:{node.start_mark.line + 1}: not a list of expectations")
    listed = []
    for item in node.value:
        line = item.start_mark.line + 1
        try:
            raw = yaml.load(yaml.serialize(item), yaml.CSafeLoader)
            expectation = msgspec.convert(raw, Expectation)
            _check(expectation)
        except (msgspec.ValidationError, InvalidRequirement, ValueError) as error:
            raise UsageError(
                f"{path}:{line}: {error}", "docs/reading_a_verdict.md describes the list"
            ) from error
        listed.append(Listed(line, expectation))
    return tuple(listed)


def _composed(path: Path) -> yaml.Node | None:
    try:
        node: yaml.Node | None = yaml.compose(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    except OSError as error:
        raise UsageError(f"cannot read expectations from {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"cannot read expectations from {path}: not UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError(f"{path}:{line}: {error.problem}") from error
    return node


def _check(expectation: Expectation) -> None:
    if bool(expectation.cases) is bool(expectation.scenarios):
        raise ValueError("an expectation has cases or scenarios, at least one, and not both")
    for names in (expectation.producer, expectation.consumer, expectation.broker):
        for name in _each(names):
            if name != "*":
                Requirement(name)
    for difference in expectation.kinds:
        _check_kind(difference)
    if len(expectation.kinds) > 1 and not _STOPS.issuperset(expectation.kinds):
        raise ValueError("only of stops there may be several: a difference of fields is no matter of chance")


def _check_kind(difference: str) -> None:
    if difference not in KINDS:
        raise ValueError(f"{difference!r} is no difference; known: {', '.join(KINDS)}")
    if difference in set(Kind) and Kind(difference).passes:
        raise ValueError(f"{difference} passes and needs no expectation")
    if difference in set(Stop) and (
        Stop(difference).is_error or difference in (Stop.UNSUPPORTED, Stop.UNKNOWN)
    ):
        raise ValueError(f"{difference} can't be expected: it is no result about a library")


def _each(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


def _names(names: Names, party: Party) -> bool:
    return any(name == "*" or _covers(Requirement(name), party) for name in _each(names))


def _is_about(said: Expectation, broker: Party) -> bool:
    return _names(said.broker, broker) and (said.setting is None or said.setting in broker.settings)


def _covers(wanted: Requirement, party: Party) -> bool:
    if wanted.name.lower() != party.name.lower():
        return False
    if not wanted.specifier:
        return True
    try:
        return wanted.specifier.contains(Version(party.release), prereleases=True)
    except InvalidVersion:
        return False


def _of_other_releases(names: Names, parties: Collection[Party]) -> bool:
    """Whether it is about ``parties``, and about none of the releases that they are."""
    known = {party.name.lower() for party in parties}
    meant = any(name != "*" and Requirement(name).name.lower() in known for name in _each(names))
    return meant and not any(_names(names, party) for party in parties)


class Expectations:
    """The list in use during one run: says what covers a verdict, and afterwards what is stale."""

    def __init__(
        self, path: Path | None, listed: Iterable[Listed], names: Collection[tuple[str, bool]] | None = None
    ) -> None:
        """``names``: of all cases there are, and whether each is a scenario; None if nobody knows."""
        self._path, self._names = path, names
        self._listed = tuple(listed)
        self._borne_out: set[tuple[int, str]] = set()  # line, case glob
        self._contradicted: dict[int, list[str]] = defaultdict(list)
        # what is asked of every cell, kept a party and a case each: there are far fewer of them than of cells
        self._parties: dict[tuple[Party, Party, Party], frozenset[int]] = {}
        self._cases: dict[tuple[str, bool], tuple[Listed, ...]] = {}
        self._seen: set[tuple[int, str]] = set()  # line, case

    def about(self, cell: CellKey) -> tuple[Listed, ...]:
        """The expectations whose cells include ``cell``."""
        parties = (cell.producer, cell.consumer, cell.broker)
        lines = self._parties.get(parties)
        if lines is None:
            lines = self._parties[parties] = frozenset(self._lines_about(*parties))
        items = self._cases.get((cell.case, cell.scenario))
        if items is None:
            items = tuple(self._items_about(cell.case, cell.scenario))
            self._cases[cell.case, cell.scenario] = items
        return tuple(item for item in items if item.line in lines)

    def _lines_about(self, producer: Party, consumer: Party, broker: Party) -> Iterator[int]:
        for item in self._listed:
            said = item.expectation
            if (
                _names(said.producer, producer)
                and _names(said.consumer, consumer)
                and _is_about(said, broker)
            ):
                yield item.line

    def _items_about(self, case: str, scenario: bool) -> Iterator[Listed]:
        for item in self._listed:
            said = item.expectation
            globs = said.scenarios if scenario else said.cases
            if _among(case, globs) and not _among(case, said.unless):
                yield item

    def outcome(
        self, cell: CellKey, cell_id: str, verdict: Verdict, *, final: bool
    ) -> tuple[Outcome, int | None]:
        """What the verdict amounts to, and the line of the (first) expectation that covers it.

        Only a ``final`` verdict counts as evidence for or against the list.
        """
        weighed = self.weigh(cell, verdict)
        if final:
            self.note(cell, cell_id, weighed)
        return weighed.outcome, weighed.line

    def weigh(self, cell: CellKey, verdict: Verdict, evidence: Evidence | None = None) -> Weighed:
        """What the verdict amounts to; it counts for and against the list only once it is noted.

        Without the ``evidence`` nothing speaks against an expectation about values.
        """
        stop = verdict.failure.stop if verdict.failure else None
        if stop is Stop.UNSUPPORTED:
            return Weighed("unsupported")
        if stop is not None and (stop.is_error or stop is Stop.UNKNOWN):
            return Weighed("error")
        about, needed = self.about(cell), _failing(verdict)
        covers = [[_matches(item.expectation, need) for need in needed] for item in about]
        used = [item for item, row in zip(about, covers, strict=True) if any(row)]
        against = [item for item in about if _speaks_against(item, used, verdict, evidence)]
        if not needed:
            return Weighed("pass", None, used, against)
        if used and all(map(any, zip(*covers, strict=True))):
            return Weighed("expected", used[0].line, used, against)
        return Weighed("fail", None, used, against)

    def note(self, cell: CellKey, cell_id: str, weighed: Weighed) -> None:
        """Count a verdict that will not be looked at again for and against the list."""
        for item in weighed.used:
            self._bear_out(item, cell.case)
        for item in weighed.against:
            self._contradicted[item.line].append(cell_id)

    def _bear_out(self, item: Listed, case: str) -> None:
        if (item.line, case) in self._seen:
            return
        self._seen.add((item.line, case))
        for glob in item.expectation.globs:
            if fnmatch.fnmatchcase(case, glob):
                self._borne_out.add((item.line, glob))

    def stale(self, *, full: bool) -> tuple[Stale, ...]:
        """What the run did not bear out, and what is said of cases that there are not.

        What matched no cell of the run counts only in a ``full`` one.
        A full run is one of all peers and cases on one broker: what is said of another broker, or of another
        release of a library, waits for a run with it.
        """
        found = []
        producers, consumers, brokers = ({parties[role] for parties in self._parties} for role in range(3))
        for item in self._listed:
            said = item.expectation
            where = f"{self._path}:{item.line}"
            if nowhere := self._of_no_case(item):
                found.append(Stale(where, f"no case is called {nowhere}"))
            elif cells := self._contradicted.get(item.line):
                more = f" and {len(cells) - 3} more" if len(cells) > 3 else ""
                kinds = " or ".join(said.kinds)
                found.append(Stale(where, f"{kinds} did not show in {', '.join(sorted(cells)[:3])}{more}"))
            elif (
                full
                and any(_is_about(said, broker) for broker in brokers)
                and not _of_other_releases(said.producer, producers)
                and not _of_other_releases(said.consumer, consumers)
            ):
                found += [
                    Stale(where, f"no cell of this run bears out {glob!r}")
                    for glob in said.globs
                    if (item.line, glob) not in self._borne_out
                ]
        return tuple(found)

    def _of_no_case(self, item: Listed) -> str:
        """The globs that fit no case that there is."""
        if self._names is None:
            return ""
        kind = bool(item.expectation.scenarios)
        names = [name for name, scenario in self._names if scenario is kind]
        return ", ".join(repr(glob) for glob in item.expectation.globs if not fnmatch.filter(names, glob))


def _among(case: str, globs: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(case, glob) for glob in globs)


def _speaks_against(
    item: Listed, used: Sequence[Listed], verdict: Verdict, evidence: Evidence | None
) -> bool:
    said = item.expectation
    if said.of is None:
        return item not in used and _was_tried(said, verdict)
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
    of = _each(expectation.of or ())
    for path, value in places(properties):
        if _covers_path(expectation.path, path) and _among(words_of(value), of):
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
        _ORDER[difference.step] < before and _covers_path(expectation.path, difference.path)
        for difference in verdict.differences
        if difference.step is not None
    )
    stops = _STOPS.issuperset(expectation.kinds)
    return not changed and (verdict.failure is None or stops)


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


def _failing(verdict: Verdict) -> list[Need]:
    """Everything about a verdict that needs to be expected for the cell to be."""
    needed: list[Need] = [
        Need(difference.step, difference.kind, difference.path, None, difference.expected)
        for difference in verdict.differences
        if not difference.kind.passes
    ]
    if verdict.failure is not None and not verdict.as_asked:
        needed.append(Need(verdict.failure.step, verdict.failure.stop, "", verdict.failure.code))
    return needed


def _matches(expectation: Expectation, need: Need) -> bool:
    return (
        expectation.step is need.step
        and (need.what == expectation.difference or need.what in expectation.kinds)
        and (not need.path or _covers_path(expectation.path, need.path))
        and (expectation.code is None or expectation.code == need.code)
        and (expectation.of is None or _among(words_of(need.was), _each(expectation.of)))
    )


@lru_cache(4096)
def _covers_path(glob: str, path: str) -> bool:
    return fnmatch.fnmatchcase(path, _literal(glob))


def _literal(path: str) -> str:
    """A path as a glob in which only ``*`` is special, as ``[0]`` and ``["k"]`` are parts of paths."""
    return path.replace("[", "[[]").replace("?", "[?]")
