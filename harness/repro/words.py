"""What a bug report says of a cell: title, expected, observed, octets; which of its values decide. Pure."""

from __future__ import annotations

import msgspec

from harness.errors import SetupError, UsageError
from harness.judge.compare import compare
from harness.judge.verdict import Stop
from harness.report.columns import aligned
from harness.report.explain import Exhibit
from harness.report.names import Names
from harness.report.octets import changed_fields, dump, field_octets
from harness.report.sentence import field_name, sentence, subject_of
from harness.report.sheet import brief, fields
from harness.report.values import inert, shown
from harness.repro.rows import MESSAGE

NOT_COMPARED = ("headers:order", "deliveries", "outcome", "exchange", "redelivered")
"""Paths that a reproduction does not show: it compares the values of one message."""
FIELDS_LIMIT = 12


class Words(msgspec.Struct, frozen=True):
    """``seen`` and ``octets`` are blocks of lines; ``why`` is what is known of the cause, or what the case is
    for."""

    title: str
    expected: str
    observed: str
    seen: str
    octets: str
    why: str
    names: Names


def deciding(exhibit: Exhibit) -> frozenset[str]:
    """The paths whose values decide: those that the blamed step changed in the same way as the worst one.

    None if all has to be unchanged. UsageError for a difference that two programs can't show, SetupError for
    a cell about which nothing was found out.
    """
    verdict, evidence = exhibit.verdict, exhibit.evidence
    if exhibit.outcome == "error":
        raise SetupError(f"{exhibit.cell} could not be judged: {_observed(exhibit)}")
    if verdict.failure is not None:
        if verdict.failure.stop is Stop.UNSUPPORTED:
            raise UsageError(f"{exhibit.cell} can't be reproduced: {_observed(exhibit)}")
        return frozenset({MESSAGE})
    if verdict.passes:
        return frozenset()
    blamed = {
        each.path
        for each in verdict.differences
        if (each.step, each.kind) == (verdict.step, verdict.verdict) and each.path not in NOT_COMPARED
    }
    if not blamed:
        raise UsageError(f"two programs can't show it: {_observed(exhibit)}")
    assert evidence.reported is not None
    apart = {each.path for each in compare(evidence.asked, evidence.reported) if not each.kind.passes}
    if not blamed & apart:
        raise UsageError(
            f"the consumer's library makes up for it: {_observed(exhibit)}",
            "take raw as the consumer: it shows what was on the wire",
        )
    return frozenset(blamed & apart)


def words_of(exhibit: Exhibit, why: str) -> Words:
    """The words about an exhibit; ``why`` is that of the case."""
    return Words(
        title=_title(exhibit),
        expected=_expected(exhibit),
        observed=f"{_observed(exhibit)}.",
        seen="\n".join(_seen(exhibit)),
        octets="\n".join(_octets(exhibit)),
        why=inert(exhibit.known or why),
        names=exhibit.names,
    )


def _observed(exhibit: Exhibit) -> str:
    return sentence(exhibit.names, exhibit.verdict, subject_of(exhibit.evidence.asked.message))


def _title(exhibit: Exhibit) -> str:
    verdict = exhibit.verdict
    who = exhibit.names.at(verdict.step)
    if verdict.failure is not None:
        return f"{who}: {verdict.verdict} over {subject_of(exhibit.evidence.asked.message)}"
    if verdict.path is None or verdict.passes:
        return f"a message from {exhibit.names.producer} arrives unchanged at {exhibit.names.consumer}"
    change = f"{shown(verdict.expected)} becomes {shown(verdict.got)}"
    return f"{who}: {field_name(verdict.path)} is {verdict.verdict}, {change}"


def _expected(exhibit: Exhibit) -> str:
    verdict = exhibit.verdict
    if verdict.failure is not None or verdict.path is None:
        return "the message arrives, with all that it was asked to have."
    if verdict.expected is None:
        return f"{field_name(verdict.path)} stays absent: it was not asked for."
    return f"{field_name(verdict.path)} arrives as what was asked for, {shown(verdict.expected)}."


def _seen(exhibit: Exhibit) -> list[str]:
    evidence = exhibit.evidence
    if exhibit.verdict.failure is not None:
        return [f"{exhibit.verdict.verdict}: {inert(exhibit.verdict.failure.text)}"]
    asked, read = fields(evidence.asked), fields(evidence.reported)
    paths = deciding(exhibit) or (asked.keys() - {"exchange", "redelivered"})
    ordered = [path for path in dict.fromkeys((*asked, *read)) if path in paths]
    lines = [(field_name(path), brief(asked.get(path)), brief(read.get(path))) for path in ordered]
    return aligned([("field", "asked", "read"), *lines], "")


def _octets(exhibit: Exhibit) -> list[str]:
    """Of the changed fields on both wires; of the whole content header where no message came out."""
    lines: list[str] = []
    for path in changed_fields(exhibit.verdict.differences)[:FIELDS_LIMIT]:
        lines += [f"{field_name(path)}:", *field_octets(path, exhibit.evidence, exhibit.wire)]
    if exhibit.verdict.failure is not None:
        for place, payload in (("sent", exhibit.wire.sent), ("delivered", exhibit.wire.delivered)):
            lines += [f"content header as {place}:", *dump(payload)] if payload is not None else []
    return lines
