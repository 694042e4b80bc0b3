"""The sessions of py-amqp and kombu, with modules that stand for the libraries."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from consumer_fakes import Said, amqp_module, fresh, install, kombu_module

from python_consumer import requests

INFO = {"delivery_tag": 1, "redelivered": False, "exchange": "", "routing_key": "q"}


class FakeConnection:
    """``events`` are what drain_events does, one a call."""

    def __init__(self) -> None:
        self.connected, self.sock = True, object()
        self.events: list[Callable[[], None]] = []

    def drain_events(self) -> None:
        self.events.pop(0)()

    def close(self) -> None:
        self.connected = False

    collect = close


class FakeChannel:
    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.callback: Callable[[Any], None] | None = None
        self.on_cancel: Callable[[str], None] | None = None
        self.raises: Exception | None = None

    def basic_consume(self, queue: str, **asked: Any) -> None:
        if self.raises is not None:
            raise self.raises
        self.callback, self.on_cancel = asked.pop("callback"), asked.pop("on_cancel")
        self.calls.append(("consume", queue, asked))

    def basic_qos(self, size: int, count: int, everywhere: bool) -> None:
        self.calls.append(("qos", size, count, everywhere))

    def basic_cancel(self, tag: str) -> None:
        self.calls.append(("cancel", tag))

    def basic_get(self, queue: str) -> Any:
        return None


class Rig:
    def __init__(self, rim: Any) -> None:
        self.said = Said().expect(*range(1, 9))
        self.connection, self.channel = FakeConnection(), FakeChannel()
        self.session = rim.PyAmqpSession(self.connection, self.channel, self.said.answers)
        self.raised = importlib.import_module("amqp.exceptions")

    def consume(self, **options: Any) -> None:
        asked: dict[str, Any] = {"prefetch": 0, "no_ack": False, "exclusive": False, "arguments": {}}
        self.session.take(requests.Consume(1, "q", **{**asked, **options}))

    def drain(self, *events: Callable[[], None]) -> None:
        self.connection.events += events
        for _ in events:
            self.session.read()


def raising(error: Exception) -> Callable[[], None]:
    def event() -> None:
        raise error

    return event


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    install(monkeypatch, *amqp_module(), *kombu_module())
    fresh(monkeypatch, "amqp_losses", "amqp_session", "pyamqp_rim", "kombu_rim")
    return monkeypatch


@pytest.fixture
def rig(modules: pytest.MonkeyPatch) -> Rig:
    return Rig(importlib.import_module("python_consumer.pyamqp_rim"))


def test_how_to_consume_is_asked_of_the_library(rig: Rig) -> None:
    rig.consume(prefetch=7, no_ack=True, exclusive=True, arguments={"x-priority": 3})
    asked = {"consumer_tag": "1", "no_ack": True, "exclusive": True, "arguments": {"x-priority": 3}}
    assert rig.channel.calls == [("qos", 0, 7, False), ("consume", "q", asked)]
    assert rig.said.types() == ["ok"]


def test_a_prefetch_of_0_asks_for_nothing(rig: Rig) -> None:
    rig.consume()
    assert [call[0] for call in rig.channel.calls] == ["consume"]


def test_a_message_is_reported_with_the_names_of_amqp_and_what_is_not_there_is_absent(rig: Rig) -> None:
    rig.consume()
    properties = {"application_headers": {"k": 1}, "timestamp": 9}
    message = SimpleNamespace(properties=properties, delivery_info=INFO, body="")
    assert rig.channel.callback is not None
    rig.channel.callback(message)
    (delivery,) = rig.said.lines[1:]
    assert list(delivery["properties"]) == ["headers", "timestamp"]
    assert delivery["properties"]["timestamp"] == {"type": "native-int", "value": "9"}
    assert delivery["body"] == {"type": "inline", "value": "", "native": "str"}


def test_cancel_ends_the_consumer_of_that_queue_and_no_other_is_a_bug(rig: Rig) -> None:
    rig.consume()
    rig.session.take(requests.Cancel(2, "q"))
    rig.session.take(requests.Cancel(3, "q"))
    assert rig.channel.calls[-1] == ("cancel", "1")
    assert [(line["type"], line.get("kind")) for line in rig.said.lines[1:]] == [
        ("ok", None),
        ("error", "bug"),
    ]


def test_a_consumer_that_the_broker_ended_is_an_event_whichever_way_the_library_tells(rig: Rig) -> None:
    rig.consume()
    assert rig.channel.on_cancel is not None
    rig.channel.on_cancel("1")
    rig.session.take(requests.Consume(2, "p", 0, False, False, {}))
    rig.drain(raising(rig.raised.ConsumerCancelled("2")))
    told = [line for line in rig.said.lines if line["type"] == "cancelled"]
    assert [line["queue"] for line in told] == ["q", "p"]
    assert rig.session.socket is rig.connection.sock


def test_what_the_library_raised_first_is_kept_when_it_loses_its_connection_by_it(rig: Rig) -> None:
    rig.consume()
    rig.drain(raising(ValueError("year 10000")), raising(rig.raised.UnexpectedFrame("Received frame 3")))
    undecodable, closed = rig.said.lines[1:]
    assert undecodable == {"type": "undecodable", "queue": "q", "message": "ValueError: year 10000"}
    assert closed["message"].startswith("ValueError: year 10000, then UnexpectedFrame: ")
    assert ("code" in closed, rig.connection.connected, rig.session.socket) == (False, False, None)


def test_a_close_by_the_broker_is_no_failure_to_decode(rig: Rig) -> None:
    rig.consume()
    rig.drain(raising(rig.raised.NotFound("NOT_FOUND", reply_code=404)))
    assert [(line["type"], line["scope"], line["code"]) for line in rig.said.lines[1:]] == [
        ("closed", "channel", 404)
    ]


def test_a_channel_that_closes_over_a_request_is_its_answer_and_no_event(rig: Rig) -> None:
    rig.channel.raises = rig.raised.NotFound("NOT_FOUND", reply_code=404)
    rig.consume()
    rig.session.take(requests.Get(2, "q"))
    assert [(line["kind"], line["scope"], line["code"]) for line in rig.said.lines] == [
        ("disconnected", "channel", 404)
    ] * 2


def test_what_the_library_cannot_say_is_unsupported_and_declared(
    rig: Rig, modules: pytest.MonkeyPatch
) -> None:
    rim = importlib.import_module("python_consumer.kombu_rim")
    rig.session.take(requests.Nack(1, 1, False, True))
    kombu = rim.KombuSession(rig.connection, rig.channel, rig.said.answers)
    kombu.take(requests.Consume(2, "q", 0, False, True, {}))
    assert (
        [line["what"] for line in rig.said.lines] == list(rim.UNSUPPORTED) == ["op:nack", "consume:exclusive"]
    )


@pytest.mark.parametrize(
    ("body", "reported"),
    [("text", {"value": "text", "native": "str"}), ({"an": "object"}, {"value": "raw", "native": "bytes"})],
    ids=["text", "what a serializer made"],
)
def test_kombu_s_body_is_that_of_the_callback_unless_it_is_an_object(
    rig: Rig, body: object, reported: dict[str, str]
) -> None:
    rim = importlib.import_module("python_consumer.kombu_rim")
    kombu = rim.KombuSession(rig.connection, rig.channel, rig.said.answers)
    kombu._handed("q", body, SimpleNamespace(properties={}, headers={}, delivery_info=INFO, body=b"raw"))
    (delivery,) = rig.said.lines
    assert delivery["body"] == {"type": "inline", **reported}
    assert delivery["properties"] == {"headers": {"type": "native-map", "value": []}}


def test_what_kombu_raises_while_it_decodes_is_undecodable_and_consuming_goes_on(rig: Rig) -> None:
    rim = importlib.import_module("python_consumer.kombu_rim")
    kombu = rim.KombuSession(rig.connection, rig.channel, rig.said.answers)
    kombu._queues["1"] = "q"
    rig.connection.events.append(raising(rim.kombu.exceptions.DecodeError("unknown encoding: gzip")))
    kombu.read()
    assert rig.said.types() == ["undecodable"]
    assert kombu.socket is rig.connection.sock


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("amqp://h", {"host": "h:5672", "ssl": False}),
        (
            "amqp://u%40x:p%2Fw@h:1/%2f",
            {"host": "h:1", "ssl": False, "userid": "u@x", "password": "p/w", "virtual_host": "/"},
        ),
        ("amqps://[::1]/v%20h", {"host": "[::1]:5671", "ssl": True, "virtual_host": "v h"}),
    ],
)
def test_the_parts_of_a_url_are_handed_over_decoded(
    modules: pytest.MonkeyPatch, url: str, expected: dict[str, Any]
) -> None:
    assert importlib.import_module("python_consumer.pyamqp_rim").parts(url) == expected
