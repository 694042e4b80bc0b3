"""What py-amqp, aio-pika and AMQPStorm raise is told apart, as with rabbitpy and pika."""

from __future__ import annotations

import asyncio
import importlib
import socket
from typing import Any

import pytest
from consumer_fakes import aiormq_module, amqp_module, amqpstorm_module, fresh, install

from python_consumer.lines import Loss


@pytest.fixture
def amqp_losses(monkeypatch: pytest.MonkeyPatch) -> Any:
    install(monkeypatch, *amqp_module())
    fresh(monkeypatch, "amqp_losses")
    return importlib.import_module("python_consumer.amqp_losses")


@pytest.fixture
def aio_pika_losses(monkeypatch: pytest.MonkeyPatch) -> Any:
    install(monkeypatch, *aiormq_module())
    fresh(monkeypatch, "aio_pika_losses")
    return importlib.import_module("python_consumer.aio_pika_losses")


@pytest.fixture
def amqpstorm_losses(monkeypatch: pytest.MonkeyPatch) -> Any:
    install(monkeypatch, amqpstorm_module())
    fresh(monkeypatch, "amqpstorm_losses")
    return importlib.import_module("python_consumer.amqpstorm_losses")


@pytest.mark.parametrize(("connected", "scope"), [(True, "channel"), (False, "connection")])
def test_a_404_is_of_the_channel_only_while_there_is_a_connection(
    amqp_losses: Any, connected: bool, scope: str
) -> None:
    error = amqp_losses.amqp.exceptions.NotFound("no queue", reply_code=404)
    loss = amqp_losses.loss_of(error, connected)
    assert (loss.scope, loss.code) == (scope, 404)


def test_what_py_amqp_found_out_by_itself_has_no_code_of_the_broker(amqp_losses: Any) -> None:
    error = amqp_losses.amqp.exceptions.UnexpectedFrame("Received frame 3")
    assert error.reply_code == 505
    assert amqp_losses.loss_of(error, True)[::2] == ("connection", None)


def test_a_reset_is_a_lost_connection_and_a_cancelled_consumer_or_a_timeout_is_none(amqp_losses: Any) -> None:
    assert amqp_losses.loss_of(ConnectionResetError(104, "reset"), False).scope == "connection"
    assert amqp_losses.loss_of(socket.timeout(), True) is None  # noqa: UP041
    assert amqp_losses.loss_of(amqp_losses.amqp.exceptions.ConsumerCancelled("5"), True) is None
    assert amqp_losses.loss_of(ValueError("year"), True) is None


def test_py_amqp_stumbling_over_a_frame_is_told_from_a_close(amqp_losses: Any) -> None:
    raised = amqp_losses.amqp.exceptions
    assert amqp_losses.while_decoding(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"))
    assert amqp_losses.while_decoding(raised.FrameSyntaxError("Unknown value in table"))
    assert not amqp_losses.while_decoding(raised.FrameSyntaxError("by the broker", reply_code=502))
    assert not amqp_losses.while_decoding(raised.UnexpectedFrame("Received frame 3"))
    assert not amqp_losses.while_decoding(ConnectionResetError())


def test_aiormq_says_a_code_by_its_argument_or_by_its_class(aio_pika_losses: Any) -> None:
    raised = aio_pika_losses.aiormq.exceptions
    assert aio_pika_losses.loss_of("connection", raised.ConnectionClosed(320, "forced")).code == 320
    assert aio_pika_losses.loss_of("channel", raised.ChannelNotFoundEntity("NOT_FOUND")).code == 404


def test_an_errno_is_no_reply_code(aio_pika_losses: Any) -> None:
    assert aio_pika_losses.loss_of("connection", ConnectionResetError(104, "reset")).code is None


def test_aiormq_says_what_is_gone_by_its_class(aio_pika_losses: Any) -> None:
    raised = aio_pika_losses.aiormq.exceptions
    assert aio_pika_losses.scope_of(raised.ChannelNotFoundEntity("x")) == "channel"
    assert aio_pika_losses.scope_of(raised.ConnectionClosed(320, "x")) == "connection"
    assert aio_pika_losses.scope_of(KeyError(3)) is None


def test_aiormq_stumbling_over_a_frame_is_told_from_a_close(aio_pika_losses: Any) -> None:
    raised = aio_pika_losses.aiormq.exceptions
    assert aio_pika_losses.while_decoding(raised.InvalidFrameError("year 10000 is out of range"))
    assert aio_pika_losses.while_decoding(ValueError("year 10000 is out of range"))
    assert not aio_pika_losses.while_decoding(raised.ConnectionClosed(320, "x"))
    assert not aio_pika_losses.while_decoding(asyncio.CancelledError())
    assert not aio_pika_losses.while_decoding(ConnectionResetError())


def test_an_error_of_amqpstorm_on_a_channel_that_is_open_is_a_refusal(amqpstorm_losses: Any) -> None:
    storm = amqpstorm_losses.amqpstorm
    busy = storm.AMQPChannelError("Cannot call 'get' when channel is set to consume")
    assert amqpstorm_losses.loss_of(busy, True) is None
    assert amqpstorm_losses.loss_of(storm.AMQPInvalidArgument("queue should be a string"), False) is None
    gone = storm.AMQPChannelError("closed", reply_code=404)
    assert amqpstorm_losses.loss_of(gone, False) == Loss("channel", "AMQPChannelError: closed", 404)


def test_a_connection_of_amqpstorm_is_gone_whatever_its_channel_says(amqpstorm_losses: Any) -> None:
    error = amqpstorm_losses.amqpstorm.AMQPConnectionError("closed", reply_code=320)
    assert amqpstorm_losses.loss_of(error, True)[::2] == ("connection", 320)


def test_amqpstorm_wraps_what_its_decoder_raised(amqpstorm_losses: Any) -> None:
    storm = amqpstorm_losses.amqpstorm
    assert amqpstorm_losses.while_decoding(storm.AMQPConnectionError(ValueError("Unknown type: b'u'")))
    assert not amqpstorm_losses.while_decoding(storm.AMQPConnectionError(OSError(104, "reset")))
    assert not amqpstorm_losses.while_decoding(storm.AMQPConnectionError("closed by remote server"))
