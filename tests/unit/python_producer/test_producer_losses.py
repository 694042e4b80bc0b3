"""What the libraries raise is told apart: refused, a channel lost, a connection lost.

The libraries are not installed here; modules of their shape stand in for them. What they really raise was
seen with each release: the classes and arguments below are those.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from python_consumer.lines import Loss

Standing = Callable[[str, str, dict[str, ModuleType]], Any]


def module(name: str, **members: Any) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(members)
    return made


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Standing]:
    """Import a module of the producer with other modules standing in."""
    imported: list[str] = []

    def load(name: str, _for: str, modules: dict[str, ModuleType]) -> Any:
        for path, made in modules.items():
            monkeypatch.setitem(sys.modules, path, made)
        full = f"peers.python_producer.{name}"
        sys.modules.pop(full, None)
        imported.append(full)
        return importlib.import_module(full)

    yield load
    for full in imported:
        sys.modules.pop(full, None)


def amqp_modules(*, nack: bool) -> dict[str, ModuleType]:
    class AMQPError(Exception):
        def __init__(self, text: str, method_sig: Any = None, reply_code: int = 0) -> None:
            super().__init__(text)
            self.method_sig, self.reply_code = method_sig, reply_code

    kinds = {name: type(name, (AMQPError,), {}) for name in ("ChannelError", "ConnectionError")}
    kinds["FrameSyntaxError"] = type("FrameSyntaxError", (kinds["ConnectionError"],), {})
    if nack:
        kinds["MessageNacked"] = type("MessageNacked", (Exception,), {})
    exceptions = module("amqp.exceptions", AMQPError=AMQPError, **kinds)

    def dumps(_format: str, values: tuple[dict[Any, Any]]) -> bytes:
        if any(isinstance(value, bytearray) for value in values[0].values()):
            raise exceptions.FrameSyntaxError("no table type")
        return b""

    serialization = module("amqp.serialization", dumps=dumps)
    package = module("amqp", exceptions=exceptions, serialization=serialization)
    return {"amqp": package, "amqp.exceptions": exceptions, "amqp.serialization": serialization}


def test_py_amqp_tells_code_and_scope_by_the_class(standing: Standing) -> None:
    modules = amqp_modules(nack=True)
    errors = standing("amqp_errors", "py-amqp", modules)
    raised = modules["amqp.exceptions"]
    closed = raised.ChannelError("no exchange", (60, 40), 404)
    assert errors.loss_of(closed) == Loss("channel", "ChannelError: no exchange", 404)
    forced = raised.ConnectionError("forced", (0, 0), 320)
    assert errors.loss_of(forced) == Loss("connection", "ConnectionError: forced", 320)
    assert errors.loss_of(BrokenPipeError("gone")) == Loss("connection", "BrokenPipeError: gone")
    assert errors.loss_of(raised.FrameSyntaxError("a set is no table type")) is None
    assert errors.loss_of(ValueError("x")) is None
    assert (raised.MessageNacked,) == errors.NACKED
    assert "type:binary" not in errors.FORM.unsupported  # bytes are taken where a bytearray is not


def test_a_py_amqp_that_knows_no_nack_has_none_to_catch(standing: Standing) -> None:
    assert standing("amqp_errors", "py-amqp", amqp_modules(nack=False)).NACKED == ()


def aio_pika_modules(*, state: bool) -> dict[str, ModuleType]:
    root = type("AMQPError", (Exception,), {})
    kinds: dict[str, Any] = {"AMQPError": root}
    for name, parent in (
        ("AMQPConnectionError", "AMQPError"),
        ("AMQPChannelError", "AMQPError"),
        ("ConnectionClosed", "AMQPConnectionError"),
        ("ConnectionInternalError", "ConnectionClosed"),
        ("ChannelClosed", "AMQPChannelError"),
        ("ChannelPreconditionFailed", "ChannelClosed"),
        ("DeliveryError", "AMQPError"),
    ):
        kinds[name] = type(name, (kinds[parent],), {})
    if state:
        kinds["ChannelInvalidStateError"] = type("ChannelInvalidStateError", (RuntimeError,), {})
    exceptions = module("aiormq.exceptions", **kinds)

    class Message:
        def __init__(self, _body: bytes, headers: Any = None, **properties: Any) -> None:
            self.headers = headers
            if "cluster_id" in properties:
                raise TypeError("unexpected keyword")

        @property
        def properties(self) -> Any:
            return self

        def marshal(self) -> bytes:
            return b""

    return {
        "aio_pika": module("aio_pika", Message=Message),
        "aiormq": module("aiormq", exceptions=exceptions),
        "aiormq.exceptions": exceptions,
    }


def test_aio_pika_tells_the_code_by_arguments_or_by_the_class(standing: Standing) -> None:
    modules = aio_pika_modules(state=True)
    library = standing("aio_pika_library", "aio-pika", modules).LIBRARY
    raised = modules["aiormq.exceptions"]
    cases = {
        raised.ChannelClosed(404, "no queue"): ("channel", 404),
        raised.ChannelPreconditionFailed("bad expiration"): ("channel", 406),
        raised.ConnectionInternalError("INTERNAL_ERROR"): ("connection", 541),
        raised.ConnectionClosed(320, "forced"): ("connection", 320),
        raised.ConnectionClosed(0, "lost"): ("connection", None),
        raised.AMQPConnectionError("reset"): ("connection", None),
        raised.ChannelInvalidStateError("closed"): ("channel", None),
        ConnectionResetError(104, "reset"): ("connection", None),
    }
    for error, expected in cases.items():
        loss = library.loss_of(error)
        assert (loss.scope, loss.code) == expected, error
    assert library.loss_of(OverflowError("float too large")) is None
    assert library.form.unsupported[-2:] == ("property:cluster_id", "expiration:not-milliseconds")


def test_an_aio_pika_without_a_class_for_closed_channels_is_understood(standing: Standing) -> None:
    library = standing("aio_pika_library", "aio-pika", aio_pika_modules(state=False)).LIBRARY
    assert library.loss_of(RuntimeError("closed")) is None


def test_amqpstorm_tells_a_message_from_a_channel(standing: Standing) -> None:
    class AMQPError(OSError):
        def __init__(self, text: str, code: int | None = None) -> None:
            super().__init__(text)
            self.error_code = code

    channel = type("AMQPChannelError", (AMQPError,), {})
    kinds: dict[str, Any] = {
        "AMQPError": AMQPError,
        "AMQPChannelError": channel,
        "AMQPMessageError": type("AMQPMessageError", (channel,), {}),
        "AMQPConnectionError": type("AMQPConnectionError", (AMQPError,), {}),
        "AMQPInvalidArgument": type("AMQPInvalidArgument", (AMQPError,), {}),
    }
    library = standing("amqpstorm_library", "amqpstorm", {"amqpstorm": module("amqpstorm", **kinds)}).LIBRARY
    assert library.loss_of(kinds["AMQPChannelError"]("closed", 404)) == Loss(
        "channel", "AMQPChannelError: closed", 404
    )
    assert library.loss_of(kinds["AMQPConnectionError"]("closed", 541)).scope == "connection"
    assert library.loss_of(kinds["AMQPMessageError"]("returned", 312)) is None
    assert library.loss_of(kinds["AMQPInvalidArgument"]("no string")) is None
    assert {"property:cluster_id", "shortstr:non-utf8"} <= set(library.form.unsupported)  # pamqp 4
