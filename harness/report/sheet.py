"""The four messages side by side: a row a field, a column a place, what changed marked. Pure.

Where they do not fit beside one another they are stacked, a field's four places below its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from harness.amqp.message import PROPERTY_NAMES, Routed
from harness.amqp.values import Array, NativeBytes, NativeList, NativeMap, Table, Text, Value, bytes_of
from harness.judge.compare import key_path
from harness.judge.difference import Shown
from harness.judge.verdict import Evidence, Step, StepDifference, Wire
from harness.report.columns import aligned, width
from harness.report.lines import Line, plain
from harness.report.names import Names
from harness.report.sentence import PATH_LIMIT
from harness.report.values import clipped, inert, shown, type_name

ROWS_LIMIT = 40
"""Rows of fields in which nothing that fails changed."""
PLACES = ("asked", "sent", "delivered", "reported")
SAME = "="
"""Stands for the very value that the place before has."""
FAILED, PASSED, UNTOUCHED = "*", "~", " "
_STYLES = {FAILED: "bold red", PASSED: "", UNTOUCHED: ""}
_ARRIVES: Mapping[Step | None, int] = {Step.PRODUCER: 1, Step.BROKER: 2, Step.CONSUMER: 3, None: 3}
_LEGEND = f"{SAME} as at the place before; {FAILED} changed; {PASSED} same value, another type"
_ORDER = ("exchange", "routing_key", "redelivered", *PROPERTY_NAMES, "body")
_NESTED = (Table, NativeMap, Array, NativeList)


class Row(NamedTuple):
    """One field: how it is marked, its path, and its text at each of the four places."""

    mark: str
    path: str
    texts: tuple[str, str, str, str]


def fields(routed: Routed | None) -> dict[str, Shown]:
    """Every field of a message by its path, as the judge names paths; tables before what is in them."""
    if routed is None:
        return {}
    found: dict[str, Shown] = {
        "exchange": _name(routed.exchange),
        "routing_key": _name(routed.routing_key),
    }
    if routed.redelivered is not None:
        found["redelivered"] = routed.redelivered
    for name in PROPERTY_NAMES:
        value = routed.message.properties.get(name)
        if value is not None:
            found.update(_nested(name, value))
    return {**found, "body": routed.message.body}


def _name(text: Text) -> Shown:
    return text if isinstance(text, str) else NativeBytes(text)


def _nested(path: str, value: Value) -> Iterator[tuple[str, Value]]:
    yield path, value
    match value:
        case Table(pairs) | NativeMap(pairs):
            seen: dict[bytes, int] = {}
            for key, item in pairs:
                raw = bytes_of(key)
                seen[raw] = seen.get(raw, 0) + 1
                yield from _nested(numbered(key_path(path, raw), seen[raw]), item)
        case Array(items) | NativeList(items):
            for index, item in enumerate(items):
                yield from _nested(f"{path}[{index}]", item)


def numbered(path: str, number: int) -> str:
    """The path of the ``number``-th entry (from 1) of the same key."""
    return path if number == 1 else f"{path}#{number}"


def brief(value: Shown) -> str:
    """A value in a row: of a table or list its size alone, for what is in it has rows of its own."""
    match value:
        case Table(entries) | NativeMap(entries) | Array(entries) | NativeList(entries):
            return f"{type_name(value)} of {len(entries)}"
        case _:
            return shown(value)


def rows(evidence: Evidence, differences: Iterable[StepDifference]) -> list[Row]:
    """A row for every field at any place, then for what changed and is no field (the order of headers)."""
    places = [fields(routed) for routed in _messages(evidence)]
    seen = [routed is not None for routed in _messages(evidence)]
    marks: dict[str, str] = {}
    extra: dict[str, list[str]] = {}
    paths = sorted(dict.fromkeys(path for place in places for path in place), key=_rank)
    known = set(paths)
    for one in differences:
        mark = PASSED if one.kind.passes else FAILED
        marks[one.path] = FAILED if FAILED in (mark, marks.get(one.path)) else PASSED
        if one.path not in known:
            texts = extra.setdefault(one.path, [""] * len(PLACES))
            arrives = _ARRIVES[one.step]
            before = 0 if one.step is None else arrives - 1
            texts[before], texts[arrives] = _plain(one.expected), _plain(one.got)
    found = [_row(path, marks.get(path, UNTOUCHED), places, seen) for path in paths]
    return found + [Row(marks[path], path, (a, b, c, d)) for path, (a, b, c, d) in extra.items()]


def _rank(path: str) -> int:
    """The place of a field's property; fields that only one place has stand with the others."""
    return _ORDER.index(re.split(r"[.\[]", path, maxsplit=1)[0])


def _messages(evidence: Evidence) -> tuple[Routed | None, ...]:
    return evidence.asked, evidence.sent, evidence.delivered, evidence.reported


def _plain(value: Shown) -> str:
    return inert(value) if isinstance(value, str) else shown(value)


def _row(path: str, mark: str, places: list[dict[str, Shown]], seen: list[bool]) -> Row:
    texts: list[str] = []
    before: Shown = None
    for number, (place, known) in enumerate(zip(places, seen, strict=True)):
        value = place.get(path)
        if not known:
            texts.append("")
            continue
        texts.append(SAME if number and _same(value, before) else _at(path, value, number))
        before = value
    asked, sent, delivered, reported = texts
    return Row(mark, path, (asked, sent, delivered, reported))


def _same(value: Shown, before: Shown) -> bool:
    """Whether nothing of its own changed: what is in a table or list has rows of its own."""
    if type(value) is not type(before):
        return False
    return brief(value) == brief(before) if isinstance(value, _NESTED) else value == before


def _at(path: str, value: Shown, number: int) -> str:
    return "" if path == "redelivered" and number == 0 and value is None else brief(value)


def sheet(
    names: Names,
    evidence: Evidence,
    wire: Wire,
    differences: tuple[StepDifference, ...],
    columns: int | None,
) -> list[Line]:
    """All rows of interest and a legend, at most ``columns`` wide where that can be."""
    every = rows(evidence, differences)
    chosen, hidden = _chosen(every)
    table = [
        ("", "field", *_titles(names, evidence, wire)),
        *((row.mark, _path(row), *row.texts) for row in chosen),
    ]
    lines = aligned(table)
    if columns is not None and max(map(width, lines)) > columns:
        made = [line for row in chosen for line in _stacked(row)]
    else:
        styles = ["bold", *(_STYLES[row.mark] for row in chosen)]
        made = [plain(line, style) for line, style in zip(lines, styles, strict=True)]
    if hidden:
        made.append(plain(f"  and {hidden} more fields that did not fail"))
    return [*made, plain(_LEGEND, "dim")]


def _titles(names: Names, evidence: Evidence, wire: Wire) -> Iterator[str]:
    who = (f"of {names.producer}", "on its wire", f"by {names.broker}", f"by {names.consumer}")
    payloads = (None, wire.sent, wire.delivered, None)
    for place, words, routed, payload in zip(PLACES, who, _messages(evidence), payloads, strict=True):
        missing = "not seen" if payload is None else "cannot be read"
        yield f"{place} {words}" if routed is not None else f"{place}: {missing}"


def _chosen(every: list[Row]) -> tuple[list[Row], int]:
    """All that failed, and of the rest what there is room for: what changed before what did not."""
    room = ROWS_LIMIT
    kept: set[str] = set()
    for mark in (PASSED, UNTOUCHED):
        some = [row.path for row in every if row.mark == mark][:room]
        room -= len(some)
        kept.update(some)
    chosen = [row for row in every if row.mark == FAILED or row.path in kept]
    return chosen, len(every) - len(chosen)


def _path(row: Row) -> str:
    return clipped(inert(row.path), PATH_LIMIT)


def _stacked(row: Row) -> Iterator[Line]:
    yield plain(f"{row.mark} {_path(row)}", _STYLES[row.mark])
    for place, text in zip(PLACES, row.texts, strict=True):
        if text:
            yield plain(f"    {place:9}  {text}")
