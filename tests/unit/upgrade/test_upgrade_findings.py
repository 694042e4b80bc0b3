"""What became of a message is told from what was taken before, after, and fresh."""

from __future__ import annotations

import pytest

from harness.amqp.message import Inline, Message, Routed
from harness.amqp.values import Int64, Longstr, Table, Value
from harness.judge.verdict import Step
from harness.upgrade.findings import Fate, Finding, Stay, Taken, counts, findings
from harness.upgrade.lodgers import Lodger, QueueKind
from harness.upgrade.words import group_text, grouped

LODGER = Lodger("headers/one", "raw", "pika", Message({}, Inline("one")))


def taken(body: str = "one", wire: bool = True, **headers: Value) -> Taken:
    table = Table(tuple((name.replace("_", "-"), value) for name, value in headers.items()))
    routed = Routed("interop.x", LODGER.key, Message({"headers": table}, Inline(body)), False)
    return Taken(routed if wire else None, routed)


def found(before: list[Taken], after: list[Taken], fresh: list[Taken]) -> Finding:
    key = LODGER.key
    stay = Stay("pika", QueueKind.QUORUM, (LODGER,), {key: before}, {key: after}, {key: fresh})
    (one,) = findings((stay,))
    return one


@pytest.mark.parametrize(
    ("after", "fresh", "fate", "step"),
    [
        ([taken()], [taken()], Fate.SAME, None),
        ([], [taken()], Fate.LOST, Step.BROKER),
        ([taken(), taken()], [taken()], Fate.DOUBLED, Step.BROKER),
        ([taken(), taken(wire=False)], [taken()], Fate.DOUBLED, Step.CONSUMER),
        ([taken("two")], [taken()], Fate.ALTERED, Step.BROKER),
        ([taken("two")], [], Fate.ALTERED, Step.BROKER),
        ([taken("two")], [taken("two")], Fate.AS_NEW, Step.BROKER),
        ([taken("two")], [taken("three")], Fate.ALTERED, Step.BROKER),
        ([taken("two", wire=False)], [taken()], Fate.ALTERED, Step.CONSUMER),
    ],
)
def test_a_fate_is_what_neither_broker_does_by_itself(
    after: list[Taken], fresh: list[Taken], fate: Fate, step: Step | None
) -> None:
    one = found([taken()], after, fresh)
    assert (one.fate, one.step) == (fate, step)


def test_where_a_delivery_stands_in_its_stream_is_no_part_of_the_message() -> None:
    one = found([taken(x_stream_offset=Int64("3"))], [taken(x_stream_offset=Int64("4"))], [taken()])
    assert one.fate is Fate.SAME


def test_any_other_header_is() -> None:
    assert found([taken(x=Longstr("3"))], [taken()], [taken(x=Longstr("3"))]).fate is Fate.ALTERED


def test_a_message_that_the_old_broker_did_not_give_out_either_is_not_judged() -> None:
    stay = Stay("pika", QueueKind.QUORUM, (LODGER,), {}, {}, {})
    assert not list(findings((stay,)))


def test_the_worst_is_told_first_and_names_a_cell() -> None:
    lost, same = found([taken()], [], []), found([taken()], [taken()], [taken()])
    altered = found([taken()], [taken("two")], [])
    groups = grouped([same, altered, lost])
    assert [group[0].fate for group in groups] == [Fate.LOST, Fate.ALTERED]
    assert "headers/one[raw->pika]" in group_text(groups[0])
    assert "altered body" in group_text(groups[1])
    assert counts([same, altered, lost])[Fate.LOST] == 1
