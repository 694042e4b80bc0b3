"""What one broker does otherwise than another, as Markdown, from the results of one run on several. Pure.

A cell differs where its verdict is not the same on all brokers. Cells that differ in one and the same way are
one entry; what explains it is the reason and the link of the expectation that covers it, where there is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.judge.expect import Listed
from harness.report.values import inert
from harness.results import Broker, CellLine, Head

CASES_SHOWN = 6
UNDOCUMENTED = "not documented"
Where: TypeAlias = tuple[str, str, str]
Profile: TypeAlias = tuple[tuple[str, str], ...]
"""Of each broker's spec, in the order of the head, what a cell came to there."""


@dataclass(slots=True)
class Difference:
    """Cells that differ in one way: ``lines`` are of the expectations that cover any of them."""

    profile: Profile
    cells: list[Where] = field(default_factory=list)
    lines: set[int] = field(default_factory=set)

    @property
    def cases(self) -> tuple[str, ...]:
        """Each once, in order."""
        return tuple(dict.fromkeys(case for case, _, _ in self.cells))


def differences(head: Head, cells: Iterable[CellLine]) -> tuple[Difference, ...]:
    """All of them, those of most cells first."""
    specs = [broker.spec for broker in head.brokers]
    table: dict[Where, dict[str, CellLine]] = {}
    for cell in cells:
        where = (cell.case, cell.producer, cell.consumer)
        table.setdefault(where, {})[head.broker_of(cell).spec] = cell
    found: dict[Profile, Difference] = {}
    for where, by_spec in table.items():
        profile = tuple((spec, came_to(by_spec[spec])) for spec in specs if spec in by_spec)
        if len({words for _, words in profile}) > 1:
            one = found.setdefault(profile, Difference(profile))
            one.cells.append(where)
            one.lines.update(cell.expectation for cell in by_spec.values() if cell.expectation is not None)
    return tuple(sorted(found.values(), key=lambda one: (-len(one.cells), one.cells[0])))


def came_to(cell: CellLine) -> str:
    """``broker: altered headers``, or ``passes``. A path goes down to the field."""
    if cell.outcome == "pass" and cell.code is None:
        return "passes"
    path = cell.path.partition(".")[0].partition("[")[0] if cell.path and cell.step else ""
    if cell.path and cell.path.startswith("steps["):
        path = cell.path
    words = " ".join(word for word in (cell.verdict, str(cell.code or ""), path) if word)
    return f"{cell.step}: {words}" if cell.step else words


def brokers_markdown(head: Head, cells: Iterable[CellLine], listed: Sequence[Listed]) -> str:
    """The whole page."""
    return "\n".join(_page(head, differences(head, cells), {one.line: one for one in listed})) + "\n"


def _page(head: Head, found: Sequence[Difference], listed: Mapping[int, Listed]) -> Iterator[str]:
    peers = ", ".join(dict.fromkeys(f"{peer.label} {peer.release}" for peer in head.peers))
    yield "# What brokers do otherwise"
    yield ""
    yield "Made by `make test-brokers` from the results of one run; not to be written by hand."
    yield f"The same {head.cells // len(head.brokers)} cells ran on each broker, with {peers}."
    yield ""
    yield from _brokers(head.brokers)
    yield ""
    yield f"## {len(found)} differences"
    yield ""
    for one in found:
        yield from _entry(one, listed)


def _brokers(brokers: Iterable[Broker]) -> Iterator[str]:
    yield "| spec | states | build | otherwise than as packaged | deprecated and still permitted |"
    yield "|---|---|---|---|---|"
    for one in brokers:
        permitted = [name for name, state in one.deprecated_features.items() if state.startswith("permitted")]
        asked = ", ".join(permitted) or ("none" if one.deprecated_features else "can't be asked")
        settings = ", ".join(f"`{line}`" for line in one.settings) or "nothing"
        yield f"| `{one.spec}` | {one.product} {one.version} | {inert(one.build)} | {settings} | {asked} |"


def _entry(one: Difference, listed: Mapping[int, Listed]) -> Iterator[str]:
    cases = ", ".join(f"`{inert(case)}`" for case in one.cases[:CASES_SHOWN])
    more = f" and {len(one.cases) - CASES_SHOWN} more" if len(one.cases) > CASES_SHOWN else ""
    peers = dict.fromkeys(f"{producer} to {consumer}" for _, producer, consumer in one.cells)
    who = next(iter(peers)) if len(peers) == 1 else f"{len(peers)} pairs of peers"
    yield f"- {cases}{more} ({len(one.cells)} cells, {who})"
    for words, specs in _by_words(one.profile).items():
        yield f"  - {', '.join(f'`{spec}`' for spec in specs)}: {inert(words)}"
    reasons = [listed[line].expectation for line in sorted(one.lines) if line in listed]
    if not reasons:
        yield f"  - {UNDOCUMENTED}"
    for reason in reasons:
        yield f"  - {' '.join(reason.reason.split())} ({reason.link})"


def _by_words(profile: Profile) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for spec, words in profile:
        grouped.setdefault(words, []).append(spec)
    return grouped
