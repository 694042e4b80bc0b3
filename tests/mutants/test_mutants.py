"""The harness cannot be fooled: what is changed on the way is seen, and the right step blamed for it.

``python tests/mutants`` counts the same.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import msgspec
import pytest
from mutant import Mutant, Point, Shows
from mutant_catalogue import catalogue
from mutant_edits import unchanged
from mutant_runs import Finding, hunt_all, hunting, mutants_at

from harness.amqp.message import PROPERTY_NAMES
from harness.broker import Broker
from harness.judge.difference import Kind
from harness.judge.verdict import Stop
from harness.results import CellLine

AT_LEAST = 190
"""Mutants at each point: a list that shrinks would prove less and less."""

points = pytest.mark.parametrize("point", Point, ids=lambda point: point.label)


def problems(findings: tuple[Finding, ...]) -> list[str]:
    """Those that got away, a line each."""
    return [f"{finding.name}: {finding.problem}" for finding in findings if finding.problem]


def one(name: str) -> Mutant:
    """The mutant called so."""
    (found,) = (mutant for mutant in catalogue("guest") if mutant.name == name)
    return found


async def found(
    point: Point, broker: Broker, *mutants: Mutant, producer: str = "raw", consumer: str = "raw"
) -> list[str]:
    """The problems of one run with ``mutants``."""
    async with hunting(point, broker, producer, consumer) as hunt:
        return problems(await hunt.find(mutants))


@points
def test_every_mutant_is_caught_and_the_right_step_blamed(point: Point, broker: Broker) -> None:
    findings = asyncio.run(hunt_all(point, broker))
    assert len(findings) >= AT_LEAST
    assert problems(findings) == []


@points
def test_nothing_is_red_where_the_mutating_tap_changes_nothing(point: Point, broker: Broker) -> None:
    async def lines() -> tuple[CellLine, ...]:
        async with hunting(point, broker) as hunt:
            return await hunt.untouched(mutants_at(point, broker))

    told = asyncio.run(lines())
    assert len(told) >= AT_LEAST
    assert [line.id for line in told if line.outcome != "pass"] == []


@points
def test_a_change_is_also_caught_between_streadway_and_pika(point: Point, broker: Broker) -> None:
    names = ("priority-added", "message_id-added", "body-cut-by-one", "routing-key-another")
    mutants = tuple(one(name) for name in names)
    assert asyncio.run(found(point, broker, *mutants, producer="streadway", consumer="pika")) == []


@pytest.mark.parametrize("name", ["message-dropped", "message-doubled", "message-swapped-with-next"])
@points
def test_disorder_is_also_caught_between_streadway_and_pika(point: Point, name: str, broker: Broker) -> None:
    assert asyncio.run(found(point, broker, one(name), producer="streadway", consumer="pika")) == []


def test_a_mutant_that_changes_nothing_counts_as_not_caught(broker: Broker) -> None:
    idle = replace(one("priority-added"), edit=unchanged)
    (problem,) = asyncio.run(found(Point.PRODUCER, broker, idle))
    assert "is told as pass: same" in problem


def test_a_mutant_that_is_blamed_on_another_step_counts_as_not_caught(broker: Broker) -> None:
    wrong = replace(one("user_id-changed"), stops={Point.PRODUCER: Stop.UNDELIVERED})
    (problem,) = asyncio.run(found(Point.PRODUCER, broker, wrong))
    assert "is told as fail: rejected (producer)" in problem


def test_a_mutant_that_never_struck_counts_as_not_caught(broker: Broker) -> None:
    another_key = msgspec.structs.replace(one("priority-added").case, routing_key="another key")
    elsewhere = replace(one("priority-added"), case=another_key)
    (problem,) = asyncio.run(found(Point.PRODUCER, broker, elsewhere))
    assert "it never struck" in problem


def test_a_mutant_whose_difference_is_another_one_counts_as_not_caught(broker: Broker) -> None:
    other = replace(one("priority-added"), shows=Shows("timestamp", Kind.ALTERED))
    (problem,) = asyncio.run(found(Point.CONSUMER, broker, other))
    assert "priority defaulted (consumer)" in problem


def test_there_is_a_mutant_for_every_property_dropped_changed_and_added() -> None:
    names = {mutant.name for mutant in catalogue("guest")}
    changed = {f"{name}-changed" for name in PROPERTY_NAMES if name != "headers"}
    whole = {f"{name}-{how}" for name in PROPERTY_NAMES for how in ("dropped", "added")}
    assert changed | whole <= names


def test_every_mutant_has_a_name_of_its_own() -> None:
    names = [mutant.name for mutant in catalogue("guest")]
    assert len(names) == len(set(names))


def test_what_a_4x_broker_undoes_is_left_out_before_it_and_nowhere_else() -> None:
    turned = one("keys-turned")
    assert [point for point in Point if not turned.stands(point, 4)] == [Point.BEFORE_BROKER]
    assert all(turned.stands(point, 3) for point in Point)


def test_a_message_that_a_4x_broker_changes_anyway_is_left_out_there() -> None:
    assert not any(one("duplicate-tripled").stands(point, 4) for point in Point)
    assert all(one("duplicate-tripled").stands(point, 3) for point in Point)
