"""What each cell says against somebody: who did what to which type of which field. Pure.

A finding is what many cells have in common, as a cause on the terminal is; but a cell has one for each of its
differences, not only the worst, so that nothing hides behind something worse.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harness.amqp.message import Message
from harness.amqp.values import Array, NativeList, NativeMap, Table, Value, bytes_of
from harness.judge.compare import key_path
from harness.judge.difference import Shown
from harness.judge.verdict import Step
from harness.report.causes import path_pattern, reason_pattern
from harness.report.names import Names
from harness.report.values import type_name
from harness.results import CellLine


class Finding(NamedTuple):
    """``who`` did ``verdict`` at ``step`` to the fields of ``pattern``, which ``became`` something."""

    who: str
    step: str
    verdict: str
    pattern: str
    became: str


class Trace(NamedTuple):
    """A finding in one cell, and the type of what it happened to."""

    finding: Finding
    before: str


def traces(names: Names, cell: CellLine, message: Message | None) -> Iterator[Trace]:
    """What ``cell`` bears witness of, each once. ``message`` is what was asked for, if that is known."""
    if cell.outcome in ("pass", "unsupported"):
        return
    found = [
        Trace(
            _finding(names, one.step, one.kind, path_pattern(one.path), type_name(one.got)),
            _before(one.expected),
        )
        for one in cell.differences
        if not one.kind.passes
    ]
    if cell.path is None:
        path, value = about(message)
        became = reason_pattern(cell)
        stopped = _finding(names, cell.step, cell.verdict, path_pattern(path), became)
        found.append(Trace(stopped, "message" if value is None else field_type(value)))
    yield from dict.fromkeys(found)


def _finding(names: Names, step: Step | None, verdict: str, pattern: str, became: str) -> Finding:
    return Finding(names.at(step), step or "", verdict, pattern, became)


def _before(value: Shown) -> str:
    return (
        field_type(value) if isinstance(value, Array | Table | NativeList | NativeMap) else type_name(value)
    )


def about(message: Message | None) -> tuple[str, Value | None]:
    """The one field that a message is about: its path and value. "" if there is none, or more than one."""
    if message is None or len(message.properties) != 1:
        return "", None
    name, value = next(iter(message.properties.items()))
    if not isinstance(value, Table):
        return name, value
    if len(value.value) != 1:
        return name, None
    key, header = value.value[0]
    return key_path("headers", bytes_of(key)), header


def field_type(value: Value) -> str:
    """``timestamp``; of a list or table whose entries are of one type ``array of timestamp``."""
    match value:
        case Array(items) | NativeList(items):
            inside = {field_type(item) for item in items}
        case Table(pairs) | NativeMap(pairs):
            inside = {field_type(item) for _, item in pairs}
        case _:
            return type_name(value)
    return f"{type_name(value)} of {inside.pop()}" if len(inside) == 1 else type_name(value)
