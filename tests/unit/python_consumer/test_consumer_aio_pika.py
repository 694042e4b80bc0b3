"""The session of aio-pika, with modules that stand for it and for aiormq."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

import pytest
from consumer_fakes import Said, aiormq_module, fresh, install, module

from python_consumer import requests
from python_consumer.delivery import PROPERTIES


class Callbacks(list[Any]):
    def add(self, callback: Any) -> None:
        self.append(callback)


class FakeQueue:
    def __init__(self, channel: FakeChannel) -> None:
        self.channel = channel

    async def consume(self, callback: Any, **asked: Any) -> None:
        self.channel.callback = callback
        self.channel.calls.append(("consume", asked))

    async def cancel(self, tag: str) -> None:
        self.channel.calls.append(("cancel", tag))

    async def get(self, *, fail: bool) -> Any:
        if self.channel.raises is not None:
            raise self.channel.raises
        return None


class FakeChannel:
    def __init__(self) -> None:
        self.close_callbacks = Callbacks()
        self.calls: list[tuple[Any, ...]] = []
        self.callback: Any = None
        self.raises: BaseException | None = None

    async def declare_queue(self, name: str, *, passive: bool) -> FakeQueue:
        assert passive
        return FakeQueue(self)

    async def set_qos(self, *, prefetch_count: int) -> None:
        self.calls.append(("qos", prefetch_count))


class FakeMessage(SimpleNamespace):
    def __init__(self, tag: int, log: list[str], **properties: Any) -> None:
        absent: dict[str, Any] = dict.fromkeys(PROPERTIES)
        super().__init__(
            delivery_tag=tag,
            redelivered=False,
            exchange="",
            routing_key="q",
            body=b"x",
            **{**absent, **properties},
        )
        self._log = log

    async def ack(self, *, multiple: bool) -> None:
        self._log.append(f"ack {self.delivery_tag} {multiple}")


class Rig:
    def __init__(self, rim: Any) -> None:
        self.said = Said().expect(*range(1, 9))
        self.connection = SimpleNamespace(close_callbacks=Callbacks())
        self.channel = FakeChannel()
        self.session = rim.Session(self.connection, self.channel, self.said.answers)
        self.raised = importlib.import_module("aiormq.exceptions")
        self.log: list[str] = []

    async def consume(self, no_ack: bool = False) -> None:
        await self.session.take(requests.Consume(1, "q", 5, no_ack, True, {"x-priority": 1}))


@pytest.fixture
def rim(monkeypatch: pytest.MonkeyPatch) -> Any:
    install(monkeypatch, *aiormq_module(), module("aio_pika"))
    fresh(monkeypatch, "aio_pika_losses", "aio_pika_rim")
    return importlib.import_module("python_consumer.aio_pika_rim")


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


def test_how_to_consume_is_asked_of_the_library_and_cancelled_by_its_tag(rim: Any) -> None:
    async def test() -> None:
        rig = Rig(rim)
        await rig.consume(no_ack=True)
        await rig.session.take(requests.Cancel(2, "q"))
        await rig.session.take(requests.Cancel(3, "q"))
        asked = {"no_ack": True, "exclusive": True, "arguments": {"x-priority": 1}, "consumer_tag": "1"}
        assert rig.channel.calls == [("qos", 5), ("consume", asked), ("cancel", "1")]
        assert [line.get("kind", line["type"]) for line in rig.said.lines] == ["ok", "ok", "bug"]

    run(test())


def test_a_message_is_settled_by_itself_once(rim: Any) -> None:
    async def test() -> None:
        rig = Rig(rim)
        await rig.consume()
        for tag in (1, 2, 3):
            await rig.channel.callback(FakeMessage(tag, rig.log))
        await rig.session.take(requests.Ack(2, 2, True))
        await rig.session.take(requests.Ack(3, 1, False))
        await rig.session.take(requests.Ack(4, 3, False))
        assert rig.log == ["ack 2 True", "ack 3 False"]
        replies = [line.get("kind", line["type"]) for line in rig.said.lines if "id" in line]
        assert replies == ["ok", "ok", "refused", "ok"]

    run(test())


def test_messages_that_need_no_ack_are_not_kept(rim: Any) -> None:
    async def test() -> None:
        rig = Rig(rim)
        await rig.consume(no_ack=True)
        await rig.channel.callback(FakeMessage(1, rig.log))
        await rig.session.take(requests.Ack(2, 1, False))
        assert (rig.log, rig.said.lines[-1]["kind"]) == ([], "refused")

    run(test())


def test_a_property_that_the_library_has_a_value_for_is_reported_with_it(rim: Any) -> None:
    async def test() -> None:
        rig = Rig(rim)
        await rig.consume()
        await rig.channel.callback(FakeMessage(1, rig.log, headers={}, priority=0, expiration=60.0))
        properties = rig.said.lines[-1]["properties"]
        assert list(properties) == ["headers", "priority", "expiration"]
        assert properties["expiration"]["type"] == "native-float"

    run(test())


def test_a_call_that_is_cancelled_because_its_channel_is_gone_is_answered_with_the_loss(rim: Any) -> None:
    async def test() -> None:
        rig = Rig(rim)
        rig.channel.raises = asyncio.CancelledError()
        await rig.session.take(requests.Get(1, "q"))
        await rig.session.take(requests.Get(2, "q"))
        assert [(line["kind"], line["scope"]) for line in rig.said.lines] == [("disconnected", "channel")] * 2

    run(test())


def test_a_channel_that_closes_over_a_request_is_told_once(rim: Any) -> None:
    async def test() -> None:
        rig = Rig(rim)
        rig.channel.raises = rig.raised.ChannelNotFoundEntity("NOT_FOUND")
        await rig.session.take(requests.Get(1, "q"))
        rig.channel.close_callbacks[0](rig.channel, rig.channel.raises)
        assert [(line["type"], line.get("code")) for line in rig.said.lines] == [("error", 404)]

    run(test())


@pytest.mark.parametrize("told", ["exception", "future", "sender and exception"])
def test_the_end_of_a_connection_is_one_event_however_the_release_tells(rim: Any, told: str) -> None:
    async def test() -> None:
        rig = Rig(rim)
        error = rig.raised.ConnectionClosed(320, "forced")
        future = asyncio.get_running_loop().create_future()
        future.set_exception(error)
        arguments = {"exception": (error,), "future": (future,)}.get(told, (rig.connection, error))
        rig.channel.close_callbacks[0](*arguments)
        rig.connection.close_callbacks[0](*arguments)
        assert future.exception() is error
        assert [(line["type"], line["scope"], line["code"]) for line in rig.said.lines] == [
            ("closed", "connection", 320)
        ]

    run(test())


def test_a_connection_lost_to_a_frame_that_was_not_understood_is_undecodable_too(rim: Any) -> None:
    async def test() -> None:
        rig = Rig(rim)
        await rig.consume()
        rig.connection.close_callbacks[0](rig.connection, rig.raised.InvalidFrameError("year 10000"))
        assert rig.said.types() == ["ok", "undecodable", "closed"]
        assert rig.said.lines[1]["queue"] == "q"

    run(test())


def test_that_nobody_hears_of_a_cancelled_consumer_is_declared(rim: Any) -> None:
    assert rim.UNSUPPORTED == ("event:cancelled",)
