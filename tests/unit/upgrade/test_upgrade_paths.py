"""Which RabbitMQ follows which on its data."""

from __future__ import annotations

import pytest

from harness.upgrade.paths import Way, jump


def rabbit(old: str, new: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("RabbitMQ", old), ("RabbitMQ", new)


@pytest.mark.parametrize(
    ("old", "new"), [("3.8.9", "3.9.0"), ("3.13.7", "4.0.5"), ("4.2.1", "4.3.6"), ("4.0.5", "4.0.9")]
)
def test_what_the_guide_lists_is_supported(old: str, new: str) -> None:
    assert jump(*rabbit(old, new)).way is Way.DOCUMENTED


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("3.10.8", "4.0.5", "3.10 -> 3.11 -> 3.12 -> 3.13 -> 4.0"),
        ("3.8.9", "4.3.6", "3.8 -> 3.9 -> 3.10 -> 3.11 -> 3.12 -> 3.13 -> 4.2 -> 4.3"),
    ],
)
def test_a_jump_that_skips_versions_is_refused_with_the_path_to_take(old: str, new: str, path: str) -> None:
    found = jump(*rabbit(old, new))
    assert found.way is Way.REFUSED
    assert found.path_text == path
    assert "does not support" in found.reason


@pytest.mark.parametrize(("old", "new"), [("4.0.5", "4.3.6"), ("3.8.9", "3.10.8")])
def test_a_jump_that_was_measured_is_tried_and_told_apart(old: str, new: str) -> None:
    found = jump(*rabbit(old, new))
    assert found.way is Way.MEASURED
    assert found.path_text


@pytest.mark.parametrize(("old", "new"), [("4.0.5", "3.10.8"), ("4.0.9", "4.0.5")])
def test_a_downgrade_is_refused(old: str, new: str) -> None:
    found = jump(*rabbit(old, new))
    assert (found.way, found.path) == (Way.REFUSED, ())
    assert "downgrade" in found.reason


def test_another_make_of_broker_is_refused() -> None:
    assert jump(("RabbitMQ", "4.0.5"), ("Apache Qpid Broker-J Core", "9.2.0")).way is Way.REFUSED


@pytest.mark.parametrize("version", ["", "4.x", "trunk"])
def test_what_is_no_version_is_refused(version: str) -> None:
    assert jump(*rabbit("4.0.5", version)).way is Way.REFUSED
