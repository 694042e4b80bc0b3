"""Modules of the shape of py-amqp, kombu, aio-pika and AMQPStorm, which are not installed here, and a pipe.

Exception classes and arguments are those that were seen with the releases. What is not used is not there.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from types import ModuleType
from typing import Any

import pytest

from python_consumer.output import Answers, Output
from python_consumer.values import Json


class Said:
    """Answers, and the lines that were given to them."""

    def __init__(self) -> None:
        self.lines: list[Json] = []
        self.answers = Answers(Output(lambda data: None, self._encode, lambda line: None), nullcontext())

    def expect(self, *ids: int) -> Said:
        for request in ids:
            assert self.answers.expect(request)
        return self

    def _encode(self, line: Json) -> bytes:
        self.lines.append(line)
        return b"\n"

    def types(self) -> list[str]:
        return [line["type"] for line in self.lines]


def module(name: str, **members: Any) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(members)
    return made


def install(monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
    for each in modules:
        monkeypatch.setitem(sys.modules, each.__name__, each)


def fresh(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Forget our own modules that were made with other fakes, now and afterwards."""
    for name in names:
        monkeypatch.delitem(sys.modules, f"python_consumer.{name}", raising=False)
        monkeypatch.setitem(sys.modules, f"python_consumer.{name}", None)
        monkeypatch.delitem(sys.modules, f"python_consumer.{name}")


class AMQPError(Exception):
    """py-amqp's: the code is the first argument, where the broker gave one."""

    code = 0

    def __init__(self, reply_text: str | None = None, reply_code: int | None = None) -> None:
        self.reply_text, self.reply_code = reply_text, reply_code or self.code
        super().__init__(reply_code, reply_text)


def amqp_module() -> tuple[ModuleType, ModuleType]:
    connection = type("ConnectionError", (AMQPError,), {})
    channel = type("ChannelError", (AMQPError,), {})
    exceptions = module(
        "amqp.exceptions",
        AMQPError=AMQPError,
        ConnectionError=connection,
        ChannelError=channel,
        ConsumerCancelled=type("ConsumerCancelled", (connection,), {}),
        FrameSyntaxError=type("FrameSyntaxError", (connection,), {"code": 502}),
        UnexpectedFrame=type("UnexpectedFrame", (connection,), {"code": 505}),
        NotFound=type("NotFound", (channel,), {"code": 404}),
    )
    return module("amqp", exceptions=exceptions, Connection=object), exceptions


def kombu_module() -> tuple[ModuleType, ModuleType]:
    root = type("KombuError", (Exception,), {})
    exceptions = module(
        "kombu.exceptions",
        KombuError=root,
        OperationalError=type("OperationalError", (root,), {}),
        DecodeError=type("DecodeError", (root,), {}),
    )
    return module("kombu", exceptions=exceptions), exceptions


def aiormq_module() -> tuple[ModuleType, ModuleType]:
    root = type("AMQPError", (Exception,), {})
    connection = type("AMQPConnectionError", (root, ConnectionError), {})
    channel = type("AMQPChannelError", (root,), {})
    exceptions = module(
        "aiormq.exceptions",
        AMQPError=root,
        AMQPConnectionError=connection,
        AMQPChannelError=channel,
        ConnectionClosed=type("ConnectionClosed", (connection,), {}),
        ChannelNotFoundEntity=type("ChannelNotFoundEntity", (channel,), {}),
        InvalidFrameError=type("InvalidFrameError", (root,), {}),
    )
    return module("aiormq", exceptions=exceptions), exceptions


class StormError(IOError):
    """AMQPStorm's: an IOError with the broker's code as ``error_code``."""

    def __init__(self, *arguments: object, reply_code: int | None = None) -> None:
        self.error_code = reply_code
        super().__init__(*arguments)


def amqpstorm_module() -> ModuleType:
    channel = type("AMQPChannelError", (StormError,), {})
    return module(
        "amqpstorm",
        AMQPError=StormError,
        AMQPConnectionError=type("AMQPConnectionError", (StormError,), {}),
        AMQPChannelError=channel,
        AMQPMessageError=type("AMQPMessageError", (channel,), {}),
        AMQPInvalidArgument=type("AMQPInvalidArgument", (StormError,), {}),
    )
