"""A scenario that was played: its steps, how far it came, and what came out otherwise. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from harness.judge.verdict import Verdict
from harness.report.lines import Line, plain
from harness.report.names import Names
from harness.report.sentence import sentence
from harness.report.values import inert
from harness.scenarios import Scenario
from harness.steps import Step


def scenario_lines(
    cell: str, scenario: Scenario, verdict: Verdict, names: Names, reached: int
) -> Iterator[Line]:
    """``reached`` is the number of the last step that was begun, from 1."""
    place = f" at the {verdict.step}" if verdict.step else ""
    yield plain(f"{inert(cell)} on {names.broker}", "bold")
    yield plain(inert(scenario.why))
    yield plain("")
    yield plain(f"Verdict: {inert(verdict.verdict)}{place}", "bold")
    yield plain(f"  {sentence(names, verdict, f'scenario {scenario.id}')}")
    yield plain("")
    for number, step in enumerate(scenario.steps, 1):
        mark = "  " if number < reached or verdict.passes else ("* " if number == reached else "- ")
        yield plain(f"{mark}{number}. {inert(step_words(step))}")
    yield plain("= steps before *: as they must; *: came out otherwise; -: not reached")
    yield plain(f"source: {inert(scenario.source)}")


def step_words(step: Step) -> str:
    """``consumer declare_queue queue=q durable=true -> 406 channel``"""
    said: dict[str, Any] = msgspec.to_builtins(step)
    by, do, gets = said.pop("by", ""), said.pop("do"), said.pop("gets", None)
    details = " ".join(f"{name}={_shown(value)}" for name, value in said.items())
    answer = f"{gets['code']} {gets['scope']}" if isinstance(gets, dict) else gets
    return " ".join(filter(None, (by, do, details, f"-> {answer}" if answer else "")))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
