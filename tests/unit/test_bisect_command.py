"""The rim of bisect: which peer is open, what is said, and a release that can't be had or judged."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from report_samples import cell, head, stopped

from harness import matrix
from harness.bisect import Found, Trial
from harness.broker import Broker, BrokerInfo, Say
from harness.commands import bisect as module
from harness.commands.bisect import Proving, question
from harness.errors import SetupError, UsageError
from harness.judge.verdict import Step
from harness.peers.manifest import PeerSpec
from harness.results import CellLine, Line

ASKED = question("pika[python@3.11]", "headers/double[raw->pika@1.3.2]")
BROKER = Broker("amqp://x", BrokerInfo("local", "RabbitMQ", "4", "x", "", "amqp://x"))


def test_the_open_peer_is_the_one_named_at_whatever_release_with_its_pins() -> None:
    assert (ASKED.role, ASKED.other) == ("consumer", "raw")
    assert ASKED.label("1.4.4") == "pika@1.4.4[python@3.11]"
    assert str(ASKED) == "headers/double[raw->pika[python@3.11]]"
    plan = ASKED.chosen("1.4.4", None).plan
    assert [peer.label for peer in (*plan.producers, *plan.consumers)] == ["raw", "pika@1.4.4[python@3.11]"]


@pytest.mark.parametrize(
    ("peer", "cell_id"), [("pika", "a/b[raw->raw]"), ("raw", "a/b[raw->raw@1]"), ("pika@1", "a/b[raw->pika]")]
)
def test_a_peer_that_is_not_on_one_side_is_refused(peer: str, cell_id: str) -> None:
    with pytest.raises(UsageError):
        question(peer, cell_id)


def proved(monkeypatch: pytest.MonkeyPatch, ready: Callable[[PeerSpec, Say], None], line: CellLine) -> Trial:
    def carry_out(*arguments: object) -> None:
        tell = arguments[-1]
        assert callable(tell)
        told: tuple[Line, ...] = (head(), line)
        for each in told:
            tell(each)

    monkeypatch.setattr(module, "make_ready", ready)
    monkeypatch.setattr(matrix, "carry_out", carry_out)
    return Proving(ASKED, None, BROKER)("1.3.2")


def test_a_release_that_cannot_be_installed_is_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def ready(spec: PeerSpec, say: Say) -> None:
        assert spec.label == "pika@1.3.2[python@3.11]"
        raise SetupError("installing it failed")

    assert proved(monkeypatch, ready, cell()) == Trial("1.3.2", None, "can't be had: installing it failed")


@pytest.mark.parametrize("outcome", ["error", "unsupported"])
def test_a_release_that_cannot_be_judged_is_no_result(monkeypatch: pytest.MonkeyPatch, outcome: str) -> None:
    line = stopped("bug" if outcome == "error" else outcome, Step.CONSUMER, "words", outcome=outcome)
    found = proved(monkeypatch, lambda spec, say: None, line)
    assert found.cell is None
    assert found.told.startswith("can't be judged: ")


def test_a_release_that_is_judged_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    found = proved(monkeypatch, lambda spec, say: None, cell())
    assert found.cell == cell()
    assert found.told.startswith("all that ")


def search(monkeypatch: pytest.MonkeyPatch, lines: dict[str, CellLine | None]) -> Found | Trial:
    monkeypatch.setattr(Proving, "_test", lambda self, release: Trial(release, lines[release], "told"))
    return module._search(Proving(ASKED, None, BROKER), list(lines))


def test_ends_that_do_not_differ_are_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    assert search(monkeypatch, {"1": cell(), "2": cell()}) == Trial("1", cell(), "told")


@pytest.mark.parametrize("lines", [{"1": None, "2": cell()}, {"1": cell(), "2": None}])
def test_an_end_that_cannot_be_tested_is_an_error(
    monkeypatch: pytest.MonkeyPatch, lines: dict[str, CellLine | None]
) -> None:
    with pytest.raises(SetupError, match="name another release as the end"):
        search(monkeypatch, lines)


def test_a_release_that_may_have_been_it_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crashed = stopped("crashed", Step.CONSUMER, "x")
    found = search(monkeypatch, {"1": cell(), "2": None, "3": crashed})
    assert list(module._told(ASKED, "MQ 4", ["1", "2", "3"], found)) == [
        "headers/double[raw->pika[python@3.11]] on MQ 4",
        "the first that differs is pika@3[python@3.11]",
        "  1: told",
        "  3: told",
        "  or it came with 2, which could not be tested: told",
        "3 of 3 releases tested",
    ]
