"""One broker for all tests that ask for one, under pytest-xdist too.

``--broker``, or else ``INTEROP_TEST_BROKER``, names it by a broker spec. It is started when the first test
asks for it and is gone when the session ends. xdist's workers ask the controller for it, over a
socket in a folder of its own.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.broker import Broker, parse_spec, running
from harness.errors import InteropError, SetupError

DEFAULT = "debian:bookworm"


class Answer(msgspec.Struct, frozen=True):
    """What a worker is told: the broker, or why there is none."""

    broker: Broker | None = None
    problem: str = ""


class Offer:
    """The controller's side: starts a broker when the first worker asks, and tells every worker of it."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._stack = ExitStack()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="interop-tests-"))
        self.address, self.key = str(Path(folder) / "socket"), secrets.token_hex(16)
        self._listener = Listener(self.address, authkey=self.key.encode())
        self._answer: bytes | None = None
        self._thread = threading.Thread(target=self._serve, name="broker for xdist's workers")
        self._thread.start()

    def _serve(self) -> None:
        while True:
            with self._listener.accept() as worker:
                if worker.recv_bytes() == b"end":
                    return
                if self._answer is None:
                    self._answer = msgspec.json.encode(self._start())
                worker.send_bytes(self._answer)

    def _start(self) -> Answer:
        try:
            return Answer(started(self._stack, self._config))
        except InteropError as error:
            return Answer(problem=str(error))

    def end(self) -> None:
        """No more answers; the broker is stopped."""
        with Client(self.address, authkey=self.key.encode()) as own:
            own.send_bytes(b"end")
        self._thread.join()
        self._listener.close()
        self._stack.close()


OFFER = pytest.StashKey[Offer]()


def started(stack: ExitStack, config: pytest.Config) -> Broker:
    """The broker, until ``stack`` is closed. SetupError says what is missing."""
    spec = parse_spec(config.getoption("--broker") or os.environ.get("INTEROP_TEST_BROKER", DEFAULT))
    return stack.enter_context(running(spec, say=say_of(config)))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist's: once a worker, in the controller, before the worker starts."""
    config: pytest.Config = node.config
    if OFFER not in config.stash:
        config.stash[OFFER] = Offer(config)
    offer = config.stash[OFFER]
    node.workerinput["interop_broker"] = [offer.address, offer.key]


def pytest_unconfigure(config: pytest.Config) -> None:
    if OFFER in config.stash:
        config.stash[OFFER].end()
        del config.stash[OFFER]


def say_of(config: pytest.Config) -> Callable[[str], None]:
    """Words for people, between the tests' dots."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return lambda line: reporter.write_line(line) if reporter is not None else None


@pytest.fixture(scope="session")
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """A broker that is ready, the same for all tests. What a test declares on it, it deletes."""
    workerinput = getattr(request.config, "workerinput", None)
    if workerinput is None:
        with ExitStack() as stack:
            yield started(stack, request.config)
        return
    address, key = workerinput["interop_broker"]
    with Client(address, authkey=key.encode()) as controller:
        controller.send_bytes(b"broker")
        answer = msgspec.json.decode(controller.recv_bytes(), type=Answer)
    if answer.broker is None:
        raise SetupError(answer.problem)
    yield answer.broker
