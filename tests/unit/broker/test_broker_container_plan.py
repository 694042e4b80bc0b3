"""Decisions about containers that need none."""

from __future__ import annotations

import pytest

from harness.broker import container
from harness.broker.config import MEMORY_LIMIT, MEMORY_MARK, configuration, fresh_credentials
from harness.broker.container import NOFILE, nofile_attempts, reach, refuses_limit
from harness.broker.probe import Hello, NotReady

REFUSAL = (
    "runc create failed: unable to start container process: error during container init: "
    "error setting rlimits for ready process: error setting rlimit type 7: operation not permitted: unknown"
)


def test_an_engine_with_a_lower_limit_is_asked_for_ours_and_then_for_its_own() -> None:
    assert nofile_attempts(20000) == (NOFILE, 20000, None)


@pytest.mark.parametrize("own", [NOFILE, 1048576, -1])
def test_a_limit_of_ours_that_would_not_help_is_not_asked_for(own: int) -> None:
    assert nofile_attempts(own) == (NOFILE, None)


def test_only_a_refused_limit_is_a_reason_to_ask_for_less() -> None:
    assert refuses_limit(REFUSAL)
    assert not refuses_limit("Conflict. The container name is already in use")


def test_each_run_has_credentials_that_no_url_and_no_file_must_quote() -> None:
    first, second = fresh_credentials(), fresh_credentials()
    assert first.user != second.user
    assert first.password != second.password
    assert first.password.isalnum()
    assert len(first.password) == 32
    assert first.password not in repr(first)


def test_the_configuration_lets_in_who_comes_from_outside_and_keeps_below_the_memory_limit() -> None:
    credentials = fresh_credentials()
    lines = configuration(credentials, "5672").splitlines()
    assert "loopback_users = none" in lines
    assert f"default_pass = {credentials.password}" in lines
    assert MEMORY_MARK < MEMORY_LIMIT


class Places:
    """A broker of which some URLs lead nowhere: each URL answers in turn as it is told to."""

    def __init__(self, **answers: str) -> None:
        self._answers = {url: list(told) for url, told in answers.items()}

    def __call__(self, url: str, timeout: float = 0) -> Hello:
        if self._answers[url].pop(0) == "n":
            raise NotReady("not yet")
        return Hello("RabbitMQ", "4", "")


@pytest.mark.parametrize(
    ("own", "published", "chosen"),
    [
        ("y", "", "own"),  # the usual case
        ("ny", "y", "own"),  # it got ready between two questions
        ("nn", "y", "published"),  # its own address leads nowhere
    ],
)
def test_the_own_address_is_taken_wherever_it_can_be_reached(
    own: str, published: str, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "greet", Places(own=own, published=published))
    assert reach("published", "own")[0] == chosen


def test_a_container_without_an_address_is_reached_by_its_published_port(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(container, "greet", Places(published="y"))
    assert reach("published")[0] == "published"


def test_a_broker_that_no_address_leads_to_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "greet", Places(own="n", published="n"))
    with pytest.raises(NotReady):
        reach("published", "own")
