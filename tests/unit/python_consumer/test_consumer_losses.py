"""What the libraries raise is told apart: refused, a channel lost, a connection lost, undecodable.

The libraries are not installed here; modules of their shape stand in for them. What they really raise was
seen with each release: the exception classes and arguments below are those.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from python_consumer.lines import Loss


def module(name: str, **members: Any) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(members)
    return made


@pytest.fixture
def rabbitpy_losses(monkeypatch: pytest.MonkeyPatch) -> Any:
    root = type("RabbitpyException", (Exception,), {})
    connection = type("ConnectionException", (root,), {})
    names = (
        "ChannelClosedException",
        "RemoteClosedChannelException",
        "RemoteCancellationException",
        "NotConsumingError",
        "RemoteClosedException",
        "AMQPNotFound",
        "AMQPConnectionForced",
    )
    made = {name: type(name, (root,), {}) for name in names}
    exceptions = module(
        "rabbitpy.exceptions",
        RabbitpyException=root,
        ConnectionException=connection,
        AMQP={404: made["AMQPNotFound"], 320: made["AMQPConnectionForced"]},
        **made,
    )
    monkeypatch.setitem(
        sys.modules, "rabbitpy", module("rabbitpy", exceptions=exceptions, Queue=object, AMQP=object)
    )
    monkeypatch.setitem(sys.modules, "rabbitpy.exceptions", exceptions)
    monkeypatch.delitem(sys.modules, "python_consumer.rabbitpy_losses", raising=False)
    yield importlib.import_module("python_consumer.rabbitpy_losses")
    sys.modules.pop("python_consumer.rabbitpy_losses")


def raised(rim: Any, name: str, *arguments: Any) -> Exception:
    error = getattr(rim.rabbitpy.exceptions, name)(*arguments)
    assert isinstance(error, Exception)
    return error


def test_a_channel_close_frame_tells_code_and_channel(rabbitpy_losses: Any) -> None:
    error = raised(rabbitpy_losses, "AMQPNotFound", SimpleNamespace(reply_code=404, reply_text="no queue"))
    assert rabbitpy_losses.loss_of(error) == Loss("channel", "AMQPNotFound: no queue", 404)
    assert rabbitpy_losses.is_loss(error)


@pytest.mark.parametrize("arguments", [(320, "forced"), ("forced",)], ids=["3.0.2", "2.0.1"])
def test_a_connection_close_is_told_by_its_class(rabbitpy_losses: Any, arguments: tuple[Any, ...]) -> None:
    error = raised(rabbitpy_losses, "AMQPConnectionForced", *arguments)
    loss = rabbitpy_losses.loss_of(error)
    assert (loss.scope, loss.code) == ("connection", 320)


def test_a_close_with_an_unknown_code_keeps_it(rabbitpy_losses: Any) -> None:
    channel = raised(rabbitpy_losses, "RemoteClosedChannelException", 1, 999, "odd")
    connection = raised(rabbitpy_losses, "RemoteClosedException", 998, "odd")
    assert rabbitpy_losses.loss_of(channel)[::2] == ("channel", 999)
    assert rabbitpy_losses.loss_of(connection)[::2] == ("connection", 998)


def test_a_reset_is_a_lost_connection_without_a_code(rabbitpy_losses: Any) -> None:
    error = raised(rabbitpy_losses, "ConnectionException", "reset")
    assert rabbitpy_losses.is_loss(error)
    assert rabbitpy_losses.loss_of(error)[::2] == ("connection", None)


def test_an_exception_of_encoding_is_no_loss(rabbitpy_losses: Any) -> None:
    assert not rabbitpy_losses.is_loss(TypeError("cannot encode"))


def test_an_answer_that_two_want_to_give_is_given_once(
    rabbitpy_losses: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "python_consumer.rabbitpy_queue", raising=False)
    queue = importlib.import_module("python_consumer.rabbitpy_queue")
    monkeypatch.delitem(sys.modules, "python_consumer.rabbitpy_queue")
    asked = queue.Once(7)
    assert (asked.id, asked.take(), asked.take()) == (7, True, False)


@pytest.fixture
def pika_losses(monkeypatch: pytest.MonkeyPatch) -> Any:
    lost = type("StreamLostError", (Exception,), {})
    exceptions = module(
        "pika.exceptions", StreamLostError=lost, AMQPError=type("AMQPError", (Exception,), {})
    )
    select = module("pika.adapters.select_connection", IOLoop=object)
    spec = module("pika.spec")
    monkeypatch.setitem(sys.modules, "pika", module("pika", exceptions=exceptions, spec=spec))
    monkeypatch.setitem(sys.modules, "pika.exceptions", exceptions)
    monkeypatch.setitem(sys.modules, "pika.adapters", module("pika.adapters", select_connection=select))
    monkeypatch.setitem(sys.modules, "pika.adapters.select_connection", select)
    monkeypatch.delitem(sys.modules, "python_consumer.pika_losses", raising=False)
    yield importlib.import_module("python_consumer.pika_losses")
    sys.modules.pop("python_consumer.pika_losses")


@pytest.mark.parametrize(
    ("text", "decoding"),
    [
        ("Stream connection lost: OverflowError('timestamp out of range')", True),
        ("Stream connection lost: InvalidFieldTypeException(b'U')", True),
        ("Stream connection lost: error('unpack_from requires a buffer')", True),
        ("Stream connection lost: ConnectionResetError(104, 'Connection reset by peer')", False),
        ("Stream connection lost: BrokenPipeError(32, 'Broken pipe')", False),
        ("Transport indicated EOF", False),
    ],
)
def test_a_stream_lost_to_decoding_is_told_from_one_lost_to_the_socket(
    pika_losses: Any, text: str, decoding: bool
) -> None:
    assert pika_losses.while_decoding(pika_losses.pika.exceptions.StreamLostError(text)) is decoding


def test_only_a_lost_stream_can_be_a_failure_to_decode(pika_losses: Any) -> None:
    assert not pika_losses.while_decoding(ValueError("Stream connection lost: OverflowError()"))


def test_the_code_of_a_close_stands_in_its_attribute_or_in_the_guess_at_its_reason(pika_losses: Any) -> None:
    closed = type("ConnectionClosedByBroker", (Exception,), {"reply_code": 320})("forced")
    guess = type("ProbableAuthenticationError", (Exception,), {})
    refused = guess("ConnectionClosedByBroker: (403) 'ACCESS_REFUSED'")
    assert pika_losses.loss_of("connection", closed).code == 320
    assert pika_losses.loss_of("connection", refused).code == 403
    assert pika_losses.loss_of("connection", ValueError("(403)")).code is None
