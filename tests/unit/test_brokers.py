"""Several brokers: how many at a time, and that none is left when one of them fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness import brokers as module
from harness.broker import Broker, BrokerInfo, Debian, Release, Say, Spec
from harness.brokers import MEMORY_EACH, available, in_lots, known, running_all
from harness.errors import SetupError

SPECS = tuple(Debian(release) for release in Release)


@pytest.mark.parametrize(
    ("memory", "sizes"),
    [
        (None, [4]),
        (MEMORY_EACH * 9, [4]),
        (MEMORY_EACH * 4, [4]),
        (MEMORY_EACH * 4 - 1, [3, 1]),
        (MEMORY_EACH * 2, [2, 2]),
        (0, [1, 1, 1, 1]),
    ],
)
def test_as_many_at_a_time_as_memory_holds_and_at_least_one(memory: int | None, sizes: list[int]) -> None:
    lots = in_lots(SPECS, memory)
    assert [len(lot) for lot in lots] == sizes
    assert tuple(spec for lot in lots for spec in lot) == SPECS


def test_this_machine_says_how_much_memory_it_has_or_nothing() -> None:
    found = available()
    assert found is None or found > 0


class Stage:
    """In place of real brokers: which run, which ran at the same time at the most, and what was started."""

    def __init__(self, fails: Spec | None = None) -> None:
        self.fails = fails
        self.up: list[str] = []
        self.most = 0
        self.started: list[str] = []

    @contextmanager
    def running(self, spec: Spec | None, *, say: Say) -> Iterator[Broker]:
        if spec == self.fails:
            raise SetupError(f"no {spec}")
        name = str(spec)
        self.started.append(name)
        self.up.append(name)
        self.most = max(self.most, len(self.up))
        try:
            yield Broker("amqp://x", BrokerInfo(name, "RabbitMQ", "1", "x", "", "amqp://x"))
        finally:
            self.up.remove(name)


def test_all_run_at_the_same_time_and_none_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    monkeypatch.setattr(module, "running", stage.running)
    with running_all(SPECS, say=print) as ready:
        assert [broker.info.spec for broker in ready] == [str(spec) for spec in SPECS]
        assert sorted(stage.up) == sorted(map(str, SPECS))
    assert stage.up == []


def test_one_that_does_not_start_ends_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(fails=SPECS[2])
    monkeypatch.setattr(module, "running", stage.running)
    with pytest.raises(SetupError, match="no debian:trixie"), running_all(SPECS, say=print):
        raise AssertionError("it was entered")
    assert stage.up == []


def test_what_memory_does_not_hold_comes_in_turn_and_is_known_beforehand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage, names = Stage(), [str(spec) for spec in SPECS]
    monkeypatch.setattr(module, "running", stage.running)
    monkeypatch.setattr(module, "available", lambda: MEMORY_EACH * 2)
    with known(SPECS, say=print) as (infos, ready):
        assert [info.spec for info in infos] == names
        for name, broker in zip(names, ready, strict=True):
            assert broker.info.spec == name
            assert name in stage.up
    assert (stage.up, stage.most, len(stage.started)) == ([], 2, 8)


def test_a_run_that_ends_early_leaves_no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    monkeypatch.setattr(module, "running", stage.running)
    monkeypatch.setattr(module, "available", lambda: 0)
    with pytest.raises(KeyboardInterrupt), known(SPECS, say=print) as (_, ready):
        next(ready)
        raise KeyboardInterrupt
    assert stage.up == []
