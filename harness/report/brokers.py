"""What one broker does otherwise than another, as Markdown, from the results of runs on several. Pure.

A cell differs where its verdict is not the same on all brokers. Cells that differ in one and the same way are
one entry; what explains it is the reason and the link of the expectation that covers it, where there is one.
What a library changes in one and the same way wherever the message comes through is not told again here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from harness.judge.verdict import Step, Stop
from harness.report.values import inert
from harness.results import Broker, CellLine, Head

CASES_SHOWN = 6
UNDOCUMENTED = "not documented"
PASSES = "passes"
Where: TypeAlias = tuple[str, str, str]
Profile: TypeAlias = tuple[tuple[str, str], ...]
"""Of each broker's spec, in the order of the heads, what a cell came to there."""


class CameTo(NamedTuple):
    """A cell on one broker, in ``words``; ``why`` is "" where it passes, and so needs no reason.

    ``by_library``: the message came through, changed by a library as is expected.
    """

    spec: str
    words: str
    why: str
    by_library: bool = False


@dataclass(slots=True)
class Difference:
    """Cells that differ in one way: ``why`` has what explains each of the words, without repetitions."""

    profile: Profile
    cells: list[Where] = field(default_factory=list)
    why: dict[str, dict[str, None]] = field(default_factory=dict)

    @property
    def cases(self) -> tuple[str, ...]:
        """Each once, in order."""
        return tuple(dict.fromkeys(case for case, _, _ in self.cells))


def came_to(spec: str, cell: CellLine, reason: str | None) -> CameTo:
    """``broker: altered headers``, or ``passes``. A path goes down to the field.

    ``reason`` is of the expectation that covers the cell, None if none does.
    """
    if cell.outcome in ("pass", "unsupported"):
        return CameTo(spec, _words(cell), "")
    came_through = cell.verdict not in set(Stop) and cell.step in (Step.PRODUCER, Step.CONSUMER)
    return CameTo(spec, _words(cell), reason or UNDOCUMENTED, came_through and cell.outcome == "expected")


def _words(cell: CellLine) -> str:
    if cell.outcome == "pass" and cell.code is None:
        return PASSES
    path = cell.path.partition(".")[0].partition("[")[0] if cell.path and cell.step else ""
    if cell.path and cell.path.startswith("steps["):
        path = cell.path
    words = " ".join(word for word in (cell.verdict, str(cell.code or ""), path) if word)
    return f"{cell.step}: {words}" if cell.step else words


def differences(table: Iterable[tuple[Where, Sequence[CameTo]]]) -> tuple[Difference, ...]:
    """All of them, those of most cells first; ``table`` has each cell with what it came to on each broker."""
    found: dict[Profile, Difference] = {}
    for where, came in table:
        if len({one.words for one in came}) == 1:
            continue
        on_each = _without_libraries(came)
        profile = tuple((one.spec, one.words) for one in on_each)
        entry = found.setdefault(profile, Difference(profile))
        entry.cells.append(where)
        for one in on_each:
            if one.why:
                entry.why.setdefault(one.words, {})[one.why] = None
    return tuple(sorted(found.values(), key=lambda one: (-len(one.cells), one.cells[0])))


def _without_libraries(on_each: Sequence[CameTo]) -> Sequence[CameTo]:
    """What brokers do, where a library does the same on each of them on which it gets to do something."""
    by_library = {one.words for one in on_each if one.by_library}
    if len(by_library) != 1 or any(one.words == PASSES for one in on_each):
        return on_each
    return [CameTo(one.spec, PASSES, "") if one.by_library else one for one in on_each]


def brokers_markdown(heads: Sequence[Head], found: Sequence[Difference], command: str) -> str:
    """The whole page; ``heads`` are of the runs, ``command`` is what made it."""
    return "\n".join(_page(heads, found, command)) + "\n"


def _page(heads: Sequence[Head], found: Sequence[Difference], command: str) -> Iterator[str]:
    peers = ", ".join(dict.fromkeys(f"{peer.name} {peer.release}" for peer in heads[0].peers))
    yield "# What brokers do otherwise"
    yield ""
    yield f"Made by `{command}` from results; not to be written by hand."
    yield f"The same {heads[0].cells // len(heads[0].brokers)} cells ran on each broker, with {peers}."
    yield ""
    yield from _brokers(broker for head in heads for broker in head.brokers)
    yield ""
    yield f"## {len(found)} differences, in {sum(len(one.cells) for one in found)} cells"
    yield ""
    for one in found:
        yield from _entry(one)


def _brokers(brokers: Iterable[Broker]) -> Iterator[str]:
    yield "| spec | states | build | otherwise than as packaged | deprecated and still permitted |"
    yield "|---|---|---|---|---|"
    for one in brokers:
        permitted = [name for name, state in one.deprecated_features.items() if state.startswith("permitted")]
        asked = ", ".join(permitted) or ("none" if one.deprecated_features else "can't be asked")
        settings = ", ".join(f"`{line}`" for line in one.settings) or "nothing"
        yield f"| `{one.spec}` | {one.product} {one.version} | {inert(one.build)} | {settings} | {asked} |"


def _entry(one: Difference) -> Iterator[str]:
    cases = ", ".join(f"`{inert(case)}`" for case in one.cases[:CASES_SHOWN])
    more = f" and {len(one.cases) - CASES_SHOWN} more" if len(one.cases) > CASES_SHOWN else ""
    peers = dict.fromkeys(f"{producer} to {consumer}" for _, producer, consumer in one.cells)
    who = next(iter(peers)) if len(peers) == 1 else f"{len(peers)} pairs of peers"
    cells = "1 cell" if len(one.cells) == 1 else f"{len(one.cells)} cells"
    yield f"- {cases}{more} ({cells}, {who})"
    for words, specs in _by_words(one.profile).items():
        yield f"  - {', '.join(f'`{spec}`' for spec in specs)}: {inert(words)}"
        for why in one.why.get(words, ()):
            yield f"    - {why}"


def _by_words(profile: Profile) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for spec, words in profile:
        grouped.setdefault(words, []).append(spec)
    return grouped
