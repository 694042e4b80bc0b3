"""Expectations: listed, reasoned exceptions, one a difference at a step. Strict in both directions.

An expectation covers differences, never errors. A cell is as expected only if every difference of it that
fails is covered; an expectation whose cell no longer shows the difference is stale, and so is one that
matches no cell of a full run: the list cannot rot.
"""

from __future__ import annotations

import fnmatch
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from harness.judge.bearing import failing, matches, speaks_against
from harness.judge.listed import CellKey, Listed, Party, among, is_about, names_it, of_other_releases
from harness.judge.verdict import Evidence, Step, Stop, Verdict

Outcome: TypeAlias = Literal["pass", "fail", "expected", "unsupported", "error"]


class Weighed(msgspec.Struct, frozen=True, gc=False):
    """What a verdict amounts to: ``line`` is of the first expectation that covers it, ``used`` are all that
    its cell bears out, ``against`` those that it could have shown and did not. ``forestalled``: what this
    broker does by itself, or does not offer, came before what is said of any broker."""

    outcome: Outcome
    line: int | None = None
    used: Sequence[Listed] = ()
    against: Sequence[Listed] = ()
    forestalled: bool = False


class Stale(msgspec.Struct, frozen=True):
    """An expectation that the run did not bear out, and why."""

    where: str
    problem: str


class Expectations:
    """The list in use during one run: says what covers a verdict, and afterwards what is stale."""

    def __init__(
        self, path: Path | None, listed: Iterable[Listed], names: Collection[tuple[str, bool]] | None = None
    ) -> None:
        """``names``: of all cases there are, and whether each is a scenario; None if nobody knows."""
        self._path, self._names = path, names
        self._listed = tuple(listed)
        self._borne_out: set[tuple[int, str]] = set()  # line, case glob
        self._forestalled: set[tuple[int, str]] = set()
        self._contradicted: dict[int, list[str]] = defaultdict(list)
        # what is asked of every cell, kept a party and a case each: there are far fewer of them than of cells
        self._parties: dict[tuple[Party, Party, Party], frozenset[int]] = {}
        self._cases: dict[tuple[str, bool], tuple[Listed, ...]] = {}
        self._seen: set[tuple[int, str, int]] = set()  # line, case, which of the two above

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
                names_it(said.producer, producer)
                and names_it(said.consumer, consumer)
                and is_about(said, broker)
            ):
                yield item.line

    def _items_about(self, case: str, scenario: bool) -> Iterator[Listed]:
        for item in self._listed:
            said = item.expectation
            globs = said.scenarios if scenario else said.cases
            if among(case, globs) and not among(case, said.unless):
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
            at_broker = verdict.failure is not None and verdict.failure.step is Step.BROKER
            return Weighed("unsupported", forestalled=at_broker)
        if stop is not None and (stop.is_error or stop is Stop.UNKNOWN):
            return Weighed("error")
        about, needed = self.about(cell), failing(verdict)
        covers = [[matches(item.expectation, need) for need in needed] for item in about]
        used = [item for item, row in zip(about, covers, strict=True) if any(row)]
        against = [item for item in about if speaks_against(item, used, verdict, evidence)]
        if not needed:
            return Weighed("pass", None, used, against)
        if used and all(map(any, zip(*covers, strict=True))):
            by_itself = any(item.expectation.broker != "*" for item in used)
            return Weighed("expected", used[0].line, used, against, by_itself)
        return Weighed("fail", None, used, against)

    def note(self, cell: CellKey, cell_id: str, weighed: Weighed) -> None:
        """Count a verdict that will not be looked at again for and against the list."""
        for item in weighed.used:
            self._mark(item, cell.case, self._borne_out)
        for item in weighed.against:
            self._contradicted[item.line].append(cell_id)
        if weighed.forestalled:
            for item in self.about(cell):
                if item.expectation.broker == "*":
                    self._mark(item, cell.case, self._forestalled)

    def _mark(self, item: Listed, case: str, globs: set[tuple[int, str]]) -> None:
        if (item.line, case, id(globs)) in self._seen:
            return
        self._seen.add((item.line, case, id(globs)))
        for glob in item.expectation.globs:
            if fnmatch.fnmatchcase(case, glob):
                globs.add((item.line, glob))

    def stale(self, *, full: bool) -> tuple[Stale, ...]:
        """What the run did not bear out, and what is said of cases that there are not.

        What matched no cell of the run counts only in a ``full`` one.
        A full run is one of all peers and cases on one broker: what is said of another broker, or of another
        release of a library, waits for a run with it; and so does what is said of any broker, where what this
        one does by itself came before it in a cell.
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
                and not said.by_chance
                and any(is_about(said, broker) for broker in brokers)
                and not of_other_releases(said.producer, producers)
                and not of_other_releases(said.consumer, consumers)
            ):
                found += [
                    Stale(where, f"no cell of this run bears out {glob!r}")
                    for glob in said.globs
                    if (item.line, glob) not in self._borne_out | self._forestalled
                ]
        return tuple(found)

    def _of_no_case(self, item: Listed) -> str:
        """The globs that fit no case that there is."""
        if self._names is None:
            return ""
        kind = bool(item.expectation.scenarios)
        names = [name for name, scenario in self._names if scenario is kind]
        return ", ".join(repr(glob) for glob in item.expectation.globs if not fnmatch.filter(names, glob))
