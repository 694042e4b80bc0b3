"""Queues on a broker that has just been started on old data."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

import pytest

from harness.raw.errors import ChannelClosed, ConnectionClosed
from harness.upgrade import inn
from harness.upgrade.inn import Inn
from harness.upgrade.lodgers import QueueKind


class Waking:
    """A client of a broker whose answers to a look at a queue are ``answers``, then that all is well."""

    def __init__(self, answers: Iterator[Exception | None], looks: list[str]) -> None:
        self._answers, self._looks = answers, looks

    async def declare_queue(self, queue: str, **_: Any) -> None:
        self._answer("declare")

    async def consume(self, queue: str, on_delivery: Callable[..., None], **_: Any) -> str:
        self._answer("consume")
        return "tag"

    async def cancel(self, tag: str) -> None:
        self._looks.append("cancel")

    def _answer(self, look: str) -> None:
        self._looks.append(look)
        if (error := next(self._answers, None)) is not None:
            raise error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._looks.append("close")


def looks_at(kind: QueueKind, monkeypatch: pytest.MonkeyPatch, *answers: Exception | None) -> list[str]:
    looks: list[str] = []
    told = iter(answers)

    async def connected(url: str) -> Waking:
        return Waking(told, looks)

    monkeypatch.setattr(inn, "connect", connected)
    found = Inn("token", ["pika"], ["kept"])
    found.kinds = (kind,)
    asyncio.run(found.awake("amqp://"))
    return looks


def test_a_stream_is_awake_when_it_can_be_consumed(monkeypatch: pytest.MonkeyPatch) -> None:
    missing, silent = ChannelClosed(404, "no queue"), ConnectionClosed(541, "INTERNAL_ERROR")
    looks = looks_at(QueueKind.STREAM, monkeypatch, missing, None, silent)
    assert looks == [
        "declare",
        "close",
        "declare",
        "consume",
        "close",
        "declare",
        "consume",
        "cancel",
        "close",
    ]


def test_other_queues_are_awake_when_they_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looks_at(QueueKind.CLASSIC, monkeypatch) == ["declare", "close"]


def test_another_answer_is_none_to_wait_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ChannelClosed, match="403"):
        looks_at(QueueKind.STREAM, monkeypatch, ChannelClosed(403, "refused"))


def test_one_that_never_wakes_is_told_with_what_the_broker_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inn, "AWAKE", 0.1)
    answers = [ConnectionClosed(541, "INTERNAL_ERROR") for _ in range(1000)]
    with pytest.raises(ConnectionClosed, match="541"):
        looks_at(QueueKind.QUORUM, monkeypatch, *answers)
