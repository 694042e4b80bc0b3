"""Who plays against whom when two peers are compared."""

from __future__ import annotations

import pytest

from harness.compare import Match, choose
from harness.errors import UsageError

CASES = ("headers/double",)


def match(*pair: str, producers: tuple[str, ...] = (), consumers: tuple[str, ...] = ()) -> Match:
    old, new = pair
    return choose((old, new), producers, consumers, CASES, None)


def test_the_pair_takes_every_role_that_both_have_against_all_others() -> None:
    found = match("pika@1.3.2", "pika@1.4.4")
    assert (found.old, found.new) == ("pika@1.3.2", "pika")
    plans = dict(found.plans)
    assert set(plans) == {"producer", "consumer"}
    for role, plan in plans.items():
        ours, others = plan.producers, plan.consumers
        if role == "consumer":
            ours, others = others, ours
        assert [peer.label for peer in ours] == ["pika@1.3.2", "pika"]
        assert "raw" in [peer.label for peer in others]
        assert not {"pika", "pika@1.3.2"} & {peer.label for peer in others}
        assert not plan.full


def test_who_is_named_is_the_other_side_and_says_the_role() -> None:
    ((role, plan),) = match("streadway", "amqp091-go", consumers=("raw",)).plans
    assert role == "producer"
    assert [peer.label for peer in plan.consumers] == ["raw"]
    assert [role for role, _ in match("raw", "pika", producers=("raw",), consumers=("raw",)).plans] == [
        "consumer",
        "producer",
    ]


def test_one_that_is_named_as_the_other_side_plays_there_though_it_is_of_the_pair() -> None:
    ((_, plan),) = match("pika@1.3.2", "raw", producers=("raw",)).plans
    assert [peer.label for peer in plan.producers] == ["raw"]


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (("nobody", "pika"), "have no role in common"),
        (("pika", "pika@1.4.4"), "are the same peer"),
        (("pika@new", "pika"), "names no release"),
    ],
)
def test_a_pair_that_cannot_be_compared_is_refused(pair: tuple[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        match(*pair)
