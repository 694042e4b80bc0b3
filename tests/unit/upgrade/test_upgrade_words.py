"""What an exchange came to, in words."""

from __future__ import annotations

from harness.report.lines import Look
from harness.results import Broker, Head
from harness.upgrade.in_place import Moved
from harness.upgrade.lodgers import QueueKind
from harness.upgrade.paths import jump
from harness.upgrade.words import in_place_text

LOOK = Look(None, colour=False)


def head(version: str) -> Head:
    return Head(1, "0", "today", Broker("spec", "RabbitMQ", version, ""), (), 1, "", 1, True, False)


def text(old: str, new: str, moved: Moved | None) -> str:
    way = jump(("RabbitMQ", old), ("RabbitMQ", new))
    return in_place_text(way, moved, head(old), head(new), LOOK)


def test_a_refused_jump_says_why_and_the_path_to_take() -> None:
    told = text("3.10.8", "4.0.5", None)
    assert "REFUSED: RabbitMQ does not support to start 4.0.5 on the data of 3.10.8" in told
    assert "The path to take: 3.10 -> 3.11 -> 3.12 -> 3.13 -> 4.0" in told


def test_a_jump_without_a_path_says_so() -> None:
    assert "No path of in-place upgrades is documented" in text("4.0.5", "3.10.8", None)


def test_a_message_that_the_new_broker_does_not_take_any_more_is_told_and_fails() -> None:
    moved = Moved((), (QueueKind.STREAM,), refused=("a/one into a stream queue: 541",))
    assert moved.fails
    assert "no longer taken: a/one into a stream queue: 541" in text("4.0.5", "4.0.9", moved)
    assert not Moved((), ()).fails
