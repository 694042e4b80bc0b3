"""A library that does as it is told, and a pipe to a peer on it, with both ends in memory."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import jsonschema
from pamqp import encode

from harness.peers import protocol
from peers.python_producer.library import Library, Outcome, Taken
from peers.python_producer.publication import Form, Publication
from peers.python_producer.values import dialect
from python_consumer.lines import Loss
from python_consumer.output import Answers, Output
from python_consumer.raising import LIBRARY_RAISES
from python_consumer.schema import Schema

CONTRACT = Path(__file__).parents[3] / "contract" / "schema"
FAKE = "packaging"
"""An installed package, so that its version can be asked for."""


class Problem:
    """jsonschema's error under the names of jsonschema-rs."""

    def __init__(self, error: jsonschema.ValidationError) -> None:
        self.message, self.instance_path = error.message, list(error.absolute_path)


class Compiled:
    """jsonschema, slow and installed here, in place of jsonschema-rs."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._validator = jsonschema.Draft202012Validator(schema)

    def is_valid(self, instance: Any) -> bool:
        return bool(self._validator.is_valid(instance))

    def iter_errors(self, instance: Any) -> Iterator[Problem]:
        return map(Problem, self._validator.iter_errors(instance))


INCOMING = Schema(CONTRACT / "peer-request.schema.json", "op", Compiled)
OUTGOING = Schema(CONTRACT / "peer-line.schema.json", "type", Compiled)


class Gone(Exception):
    """What the fake library raises when its channel is closed."""


def pamqp_takes(table: dict[Any, Any]) -> bool:
    try:
        encode.field_table(table)
    except LIBRARY_RAISES:
        return False
    return True


PAMQP = Form(dialect(pamqp_takes), lambda text: int(text), False, False, False)


class FakeSession:
    """Notes what it is asked; ``act`` decides what becomes of a publication."""

    def __init__(self, act: Callable[[Publication], Outcome]) -> None:
        self.done: list[Any] = []
        self.looked = threading.Event()
        self.news: list[BaseException] = []
        self.closed = 0
        self._act = act

    def declare_exchange(self, request: Any) -> None:
        self.done.append(request)

    def declare_queue(self, request: Any) -> None:
        self.done.append(request)

    def bind(self, request: Any) -> None:
        self.done.append(request)

    def publish(self, publication: Publication) -> Outcome:
        self.done.append(publication)
        return self._act(publication)

    def look(self) -> None:
        if self.news:
            raise self.news.pop()
        self.looked.set()

    def close(self) -> None:
        self.closed += 1


def take(_publication: Publication) -> Outcome:
    return Taken()


class Ends:
    """Lines out of a peer, as they were written."""

    def __init__(self, act: Callable[[Publication], Outcome] = take) -> None:
        self.written: list[bytes] = []
        self.arrived = threading.Condition()
        self.sessions: list[FakeSession] = []
        self.refusal: BaseException | None = None
        self._act = act
        self.answers = Answers(
            Output(self._write, lambda line: json.dumps(line).encode() + b"\n", OUTGOING.check),
            nullcontext(),
        )
        self.library = Library(FAKE, FAKE, PAMQP, self._connect, (*LIBRARY_RAISES, Gone), _loss_of)

    def _write(self, data: bytes) -> None:
        with self.arrived:
            self.written.append(data)
            self.arrived.notify_all()

    def _connect(self, _url: str) -> FakeSession:
        if self.refusal is not None:
            raise self.refusal
        self.sessions.append(FakeSession(self._act))
        return self.sessions[-1]

    @property
    def lines(self) -> list[protocol.Line]:
        """All that was written."""
        return [protocol.decode_line(line) for line in b"".join(self.written).splitlines()]

    def wait(self, count: int) -> list[protocol.Line]:
        """The first ``count`` lines, once they are there."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.lines) >= count, 10), self.lines
        return self.lines[:count]


def _loss_of(error: BaseException) -> Loss | None:
    return Loss("channel", str(error), 404) if isinstance(error, Gone) else None
