"""A consumed queue of rabbitpy, and how its iteration ends, with a module that stands for the library."""

from __future__ import annotations

import importlib
import queue
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from consumer_fakes import Said, fresh, install, module

from python_consumer import requests

SECONDS = 5


class FakeQueue:
    """Iterates over what ``channel.script`` gives: messages, an exception to raise, or None for the end."""

    def __init__(self, channel: Any, name: str) -> None:
        self.channel, self.consuming = channel, False

    def consume(self, **asked: Any) -> Iterator[Any]:
        self.channel.asked.append(("Queue", asked))
        self.consuming = True
        yield from self.channel.messages()


class FakeAmqp:
    def __init__(self, channel: Any) -> None:
        self.channel, self._consuming = channel, False

    def basic_qos(self, *, prefetch_count: int) -> None:
        self.channel.asked.append(("qos", prefetch_count))

    def basic_consume(self, name: str, **asked: Any) -> Iterator[Any]:
        self.channel.asked.append(("AMQP", asked))
        self._consuming = True
        yield from self.channel.messages()


class FakeChannel:
    def __init__(self) -> None:
        self.script: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.asked: list[tuple[str, Any]] = []

    def messages(self) -> Iterator[Any]:
        while (item := self.script.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item


class Rig:
    def __init__(self, consumer: Any, **options: Any) -> None:
        self.lines: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.said = Said().expect(*range(1, 9))
        self.said.lines = SimpleNamespace(append=self.lines.put)  # type: ignore[assignment]
        self.channel = FakeChannel()
        self.lane = consumer.Lane(self.channel, 0)
        self.ends: list[Any] = []
        self.raised = importlib.import_module("rabbitpy.exceptions")
        asked: dict[str, Any] = {"prefetch": 0, "no_ack": False, "exclusive": False, "arguments": {}}
        request = requests.Consume(1, "q", **{**asked, **options})
        self.consumer = consumer.Consumer(request, self.lane, self.said.answers, self._ended)
        assert self.next() == {"type": "ok", "id": 1}

    def _ended(self, _consumer: Any, loss: Any) -> bool:
        self.ends.append(loss)
        return True

    def next(self) -> Any:
        return self.lines.get(timeout=SECONDS)


@pytest.fixture
def consumer(monkeypatch: pytest.MonkeyPatch) -> Any:
    root = type("RabbitpyException", (Exception,), {})
    names = (
        "ConnectionException",
        "ChannelClosedException",
        "RemoteClosedChannelException",
        "RemoteCancellationException",
        "NotConsumingError",
        "RemoteClosedException",
    )
    made = {name: type(name, (root,), {}) for name in names}
    exceptions = module("rabbitpy.exceptions", RabbitpyException=root, AMQP={}, **made)
    install(
        monkeypatch, module("rabbitpy", exceptions=exceptions, Queue=FakeQueue, AMQP=FakeAmqp), exceptions
    )
    fresh(monkeypatch, "rabbitpy_losses", "rabbitpy_queue", "rabbitpy_consumer")
    return importlib.import_module("python_consumer.rabbitpy_consumer")


def test_a_queue_is_iterated_over_as_an_application_does(consumer: Any) -> None:
    rig = Rig(consumer, no_ack=True)
    assert rig.channel.asked == [("Queue", {"no_ack": True, "prefetch": None})]
    rig.channel.script.put(None)
    rig.next()


def test_what_queue_cannot_ask_for_is_asked_by_the_lower_interface(consumer: Any) -> None:
    rig = Rig(consumer, prefetch=3, exclusive=True, arguments={"x-priority": 1})
    asked = {"no_ack": False, "exclusive": True, "arguments": {"x-priority": 1}}
    assert rig.channel.asked == [("qos", 3), ("AMQP", asked)]
    rig.channel.script.put(None)
    rig.next()


def test_a_consumer_that_the_broker_ended_is_an_event_and_its_channel_is_not_lost(consumer: Any) -> None:
    rig = Rig(consumer)
    rig.channel.script.put(rig.raised.RemoteCancellationException("tag"))
    assert rig.next() == {"type": "cancelled", "queue": "q"}
    assert (rig.ends, rig.lane.loss) == ([None], None)


def test_an_iteration_that_ends_though_nobody_asked_is_a_lost_channel(consumer: Any) -> None:
    rig = Rig(consumer)
    rig.channel.script.put(None)
    closed = rig.next()
    assert (closed["type"], closed["scope"]) == ("closed", "channel")
    assert rig.lane.loss is not None
