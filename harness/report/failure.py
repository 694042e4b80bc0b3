"""One failing cell in full: the sentence, each difference by field, the commands that repeat it. Pure."""

from __future__ import annotations

from itertools import zip_longest

from harness.amqp.message import Inline
from harness.amqp.values import Binary, Longstr, NativeBytes, NativeStr, Shortstr
from harness.judge.difference import Shown
from harness.judge.verdict import StepDifference
from harness.report.columns import aligned
from harness.report.names import commands_of, names_of, password_note, verdict_of
from harness.report.sentence import PATH_LIMIT, sentence
from harness.report.values import clipped, inert, octets_of, shown
from harness.results import CellLine, Head

PASSING_LIMIT = 20
"""Differences that pass (another type, the same value) and are listed beside those that fail."""
_TEXTS = (Longstr, Binary, Shortstr, NativeStr, NativeBytes, Inline)


def cell_sentence(head: Head, cell: CellLine) -> str:
    """The verdict of a line of a results file in one sentence."""
    return sentence(names_of(head, cell), verdict_of(cell), f"the message of {inert(cell.case)}")


def headline(cell: CellLine) -> str:
    """``headers/double[amqp091-go->pika]: narrowed at the consumer``"""
    place = f" at the {cell.step}" if cell.step else ""
    return f"{inert(cell.id)}: {inert(cell.verdict)}{place}"


def failure_text(head: Head, cell: CellLine) -> str:
    """What is said of a cell that failed, as pytest and the command line show it. It ends in a line end."""
    lines = [headline(cell), cell_sentence(head, cell), ""]
    if cell.differences:
        lines += [*difference_table(cell.differences), ""]
    if cell.first_pass:
        lines += [
            f"In company (the first pass) it came out as {inert(cell.first_pass)}; alone, as above.",
            "",
        ]
    run, explain = commands_of(head, cell)
    lines += [f"repeat it:  {run}", f"explain it: {explain}", password_note(head.broker_of(cell).spec)]
    return "\n".join(lines).rstrip() + "\n"


def difference_table(differences: tuple[StepDifference, ...]) -> list[str]:
    """Every difference that fails and the first of those that pass, one a line."""
    failing = [one for one in differences if not one.kind.passes]
    passing = [one for one in differences if one.kind.passes]
    rows = [("step", "field", "expected", "got", "difference")]
    rows += [_row(one) for one in (*failing, *passing[:PASSING_LIMIT])]
    lines = aligned(rows, "  ")
    left = len(passing) - PASSING_LIMIT
    return [*lines, f"  and {left} more of the same value in another type"] if left > 0 else lines


def _row(one: StepDifference) -> tuple[str, str, str, str, str]:
    path = clipped(inert(one.path), PATH_LIMIT)
    where = first_difference(one.expected, one.got)
    note = "" if where is None or shown(one.expected) != shown(one.got) else f", first at byte {where}"
    return (one.step or "unknown", path, shown(one.expected), shown(one.got), one.kind + note)


def first_difference(expected: Shown, got: Shown) -> int | None:
    """The first byte, counted from 0, in which two texts or bodies differ; None for all else."""
    if not (isinstance(expected, _TEXTS) and isinstance(got, _TEXTS)):
        return None
    pairs = zip_longest(octets_of(expected.value), octets_of(got.value))
    return next((at for at, (before, after) in enumerate(pairs) if before != after), None)
