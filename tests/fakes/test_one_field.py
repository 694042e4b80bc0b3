"""One changed property turns exactly the cells concerned red, and the right step is blamed.

For each of the 14 properties a peer that drops it, one that adds it and one that alters it: one changed line
of an honest peer (issue 3, "Done when").
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from fake_runs import Fake, Outcome, carry_out, case

from harness.amqp.message import PROPERTY_NAMES, Inline, Message, PropertyName
from harness.amqp.values import Int8, Octet, Shortstr, Table, Timestamp, Value
from harness.broker import Broker
from harness.cases import Case
from harness.engine import station
from harness.raw.url import parse_url

RUN_DEADLINE = 60.0
MODES = ("drop", "add", "alter")
PRODUCED: tuple[PropertyName, ...] = ("content_type", "headers", "priority", "timestamp", "app_id")
"""The properties with which a producer is tried: one of each type, the first and the last."""


@dataclass(frozen=True, slots=True)
class Change:
    name: PropertyName
    mode: str

    def fake(self, role: str) -> Fake:
        return Fake(
            "changes_one_field", "producer" if role == "producer" else "consumer", (self.name, self.mode)
        )

    def concerns(self, each: Case) -> bool:
        """Whether there is something to drop or alter, or room to add."""
        return (self.name in each.message.properties) != (self.mode == "add")


CHANGES = tuple(Change(name, mode) for name in PROPERTY_NAMES for mode in MODES)
PRODUCER_CHANGES = tuple(Change(name, mode) for name in PRODUCED for mode in MODES)


def name_of(change: Change) -> str:
    return f"{change.mode}-{change.name}"


def typical(user: str) -> dict[PropertyName, Value]:
    """Each property with a value that every broker takes."""
    strings = {name: Shortstr(f"a {name}") for name in PROPERTY_NAMES}
    return {
        **strings,
        "headers": Table((("k", Int8("-1")),)),
        "delivery_mode": Octet("2"),
        "priority": Octet("5"),
        "timestamp": Timestamp("1435000000"),
        "expiration": Shortstr("60000"),
        "user_id": Shortstr(user),
    }


def _with_bit(bit: int) -> tuple[PropertyName, ...]:
    """The properties whose number, from 1 to 14, has that bit."""
    return tuple(name for number, name in enumerate(PROPERTY_NAMES, 1) if number >> bit & 1)


@pytest.fixture(scope="module")
def cases(broker: Broker) -> tuple[Case, ...]:
    """None, all, and four in between: each property is in a choice of them that no other has."""
    every = typical(parse_url(broker.url).user)
    chosen: dict[str, tuple[PropertyName, ...]] = {
        "none": (),
        **{f"bit-{bit}": _with_bit(bit) for bit in range(4)},
        "all": PROPERTY_NAMES,
    }
    return tuple(
        case(f"one-field/{name}", Message({each: every[each] for each in names}, Inline("x")))
        for name, names in chosen.items()
    )


async def in_time(broker: Broker, cases: tuple[Case, ...], fakes: tuple[Fake, ...]) -> Outcome:
    async with asyncio.timeout(RUN_DEADLINE):
        return await carry_out(broker, cases, fakes)


@pytest.fixture(scope="module")
def consumed(broker: Broker, cases: tuple[Case, ...]) -> Outcome:
    """One run with a consumer for every change."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(station, "START_DEADLINE", RUN_DEADLINE)  # 42 at a time
        return asyncio.run(in_time(broker, cases, tuple(change.fake("consumer") for change in CHANGES)))


@pytest.fixture(scope="module")
def produced(broker: Broker, cases: tuple[Case, ...]) -> Outcome:
    """One run with a producer for some of the changes."""
    return asyncio.run(in_time(broker, cases, tuple(change.fake("producer") for change in PRODUCER_CHANGES)))


def test_no_two_properties_concern_the_same_cells(cases: tuple[Case, ...]) -> None:
    concerned = {
        name: frozenset(each.id for each in cases if Change(name, "drop").concerns(each))
        for name in PROPERTY_NAMES
    }
    assert len(set(concerned.values())) == len(PROPERTY_NAMES)


def test_without_a_change_no_cell_is_red(consumed: Outcome, cases: tuple[Case, ...]) -> None:
    assert consumed.red("raw", "raw") == set()
    assert sum(line.outcome == "pass" for line in consumed.lines.values()) >= len(cases)


@pytest.mark.parametrize("change", CHANGES, ids=name_of)
def test_a_changed_property_turns_exactly_the_cells_concerned_red(
    change: Change, consumed: Outcome, cases: tuple[Case, ...]
) -> None:
    red = consumed.red("raw", change.fake("consumer").label)
    assert red == {each.id for each in cases if change.concerns(each)}
    assert 0 < len(red) < len(cases)


@pytest.mark.parametrize("change", CHANGES, ids=name_of)
def test_the_consumer_is_blamed_for_what_it_changes(change: Change, consumed: Outcome) -> None:
    for name in consumed.red("raw", change.fake("consumer").label):
        line = consumed.lines[name, "raw", change.fake("consumer").label]
        assert line.step == "consumer"
        assert (line.path or "").partition(".")[0] == change.name


@pytest.mark.parametrize("change", PRODUCER_CHANGES, ids=name_of)
def test_a_producer_is_blamed_for_the_property_that_it_changes(
    change: Change, produced: Outcome, cases: tuple[Case, ...]
) -> None:
    label = change.fake("producer").label
    assert produced.red(label, "raw") == {each.id for each in cases if change.concerns(each)}
    for name in produced.red(label, "raw"):
        line = produced.lines[name, label, "raw"]
        assert line.step == "producer"
        assert (line.path or "").partition(".")[0] == change.name
