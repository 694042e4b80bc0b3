"""The session of AMQPStorm, with a module that stands for it."""

from __future__ import annotations

import importlib
import queue
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from consumer_fakes import Said, amqpstorm_module, fresh, install

from python_consumer import requests

SECONDS = 5


class FakeChannel:
    """``rounds`` are what a round does; ``done`` hears of each."""

    def __init__(self, storm: Any) -> None:
        self.storm, self.is_open = storm, True
        self.consumer_tags: list[Any] = []
        self.rounds: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.callback: Any = None
        self.asked: dict[str, Any] = {}
        self.basic = SimpleNamespace(consume=self._consume, cancel=self._cancel, get=self._get, qos=print)
        self.refuses: Exception | None = None

    def _consume(self, callback: Any, queue: str, **asked: Any) -> Any:
        self.callback, self.asked = callback, {"queue": queue, **asked}
        self.consumer_tags.append(b"tag")
        return b"tag"

    def _cancel(self, tag: Any) -> None:
        self.consumer_tags.remove(tag)

    def _get(self, name: str) -> Any:
        if self.refuses is not None:
            raise self.refuses

    def process_data_events(self) -> None:
        if not self.rounds.empty():
            self.rounds.get()()

    check_for_errors = process_data_events


class Rig:
    def __init__(self, rim: Any) -> None:
        self.lines: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.said = Said().expect(*range(1, 9))
        self.said.lines = SimpleNamespace(append=self.lines.put)  # type: ignore[assignment]
        self.storm = importlib.import_module("amqpstorm")
        self.channel = FakeChannel(self.storm)
        self.connection = SimpleNamespace(close=lambda: None)
        self.session = rim.Session(self.connection, self.channel, self.said.answers)

    def next(self) -> Any:
        return self.lines.get(timeout=SECONDS)

    def consume(self) -> None:
        self.session.take(requests.Consume(1, "q", 0, True, True, {"x-priority": 1}))
        assert self.next()["type"] == "ok"


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    install(monkeypatch, amqpstorm_module())
    fresh(monkeypatch, "amqpstorm_losses", "amqpstorm_rim")
    made = Rig(importlib.import_module("python_consumer.amqpstorm_rim"))
    yield made
    assert made.session.close(SECONDS)


def raising(error: Exception) -> Callable[[], None]:
    def event() -> None:
        raise error

    return event


def test_how_to_consume_is_asked_of_the_library_and_cancelled_by_the_tag_that_it_gave(rig: Rig) -> None:
    rig.consume()
    assert rig.channel.asked == {
        "queue": "q",
        "no_ack": True,
        "exclusive": True,
        "arguments": {"x-priority": 1},
    }
    rig.session.take(requests.Cancel(2, "q"))
    rig.session.take(requests.Cancel(3, "q"))
    assert [rig.next().get("kind") for _ in range(2)] == [None, "bug"]
    assert rig.channel.consumer_tags == []


def test_a_consumer_that_the_broker_ended_is_seen_between_the_rounds(rig: Rig) -> None:
    rig.consume()
    rig.channel.rounds.put(rig.channel.consumer_tags.clear)
    assert rig.next() == {"type": "cancelled", "queue": "q"}


def test_a_channel_that_ends_loses_its_consumers_and_none_of_them_was_cancelled(rig: Rig) -> None:
    rig.consume()

    def ends() -> None:
        rig.channel.is_open = False
        rig.channel.consumer_tags.clear()
        rig.channel.rounds.put(raising(rig.storm.AMQPChannelError("closed", reply_code=406)))

    rig.channel.rounds.put(ends)
    assert [rig.next()[key] for key in ("code",)] == [406]


def test_a_lost_connection_is_an_event_though_nobody_asked(rig: Rig) -> None:
    rig.channel.rounds.put(raising(rig.storm.AMQPConnectionError("forced", reply_code=320)))
    closed = rig.next()
    assert (closed["type"], closed["scope"], closed["code"]) == ("closed", "connection", 320)
    rig.session.take(requests.Get(1, "q"))
    assert rig.next()["kind"] == "disconnected"


def test_what_its_decoder_raised_is_undecodable_and_the_end(rig: Rig) -> None:
    rig.consume()
    rig.channel.rounds.put(raising(rig.storm.AMQPConnectionError(ValueError("Unknown type"))))
    assert [rig.next()["type"] for _ in range(2)] == ["undecodable", "closed"]


def test_a_refusal_leaves_the_channel_in_use(rig: Rig) -> None:
    rig.channel.refuses = rig.storm.AMQPChannelError("Cannot call 'get' when channel is set to consume")
    rig.session.take(requests.Get(1, "q"))
    rig.channel.refuses = None
    rig.session.take(requests.Get(2, "q"))
    assert [rig.next().get("kind") for _ in range(2)] == ["refused", None]


def test_a_message_is_reported_with_the_names_of_amqp_and_none_is_absent(rig: Rig) -> None:
    rig.consume()
    message = SimpleNamespace(
        properties={"message_type": "t", "priority": None, "cluster_id": ""},
        method={"exchange": "e", "routing_key": "r"},
        delivery_tag=1,
        redelivered=False,
        body="x",
    )
    rig.channel.rounds.put(lambda: rig.channel.callback(message))
    delivery = rig.next()
    assert list(delivery["properties"]) == ["type", "cluster_id"]
    assert (delivery["queue"], delivery["body"]["native"]) == ("q", "str")
