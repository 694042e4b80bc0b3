"""Peer mode: the pipe, the schema and one library, put together."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import jsonschema_rs
import orjson

from python_consumer import threads
from python_consumer.loop import BrokenInput, Loop
from python_consumer.output import Answers, Output
from python_consumer.rim import Rim
from python_consumer.schema import Schema
from python_consumer.values import Json

CHUNK = 1 << 16
USAGE = 2


def run(library: str, schemas: Path) -> None:
    """Serve until close, then end the process: libraries leave threads that a plain return would wait for.

    Exit status 0; 2 for input that is no request at all; 70 if the adapter itself failed. SchemaProblem
    before anything starts.
    """
    threads.watch()
    incoming = Schema(schemas / "peer-request.schema.json", "op", jsonschema_rs.Draft202012Validator)
    outgoing = Schema(schemas / "peer-line.schema.json", "type", jsonschema_rs.Draft202012Validator)
    pipe = _own_stdout()
    answers = Answers(Output(lambda data: _write(pipe, data), _encode, outgoing.check), threads.OURS)
    loop = Loop(lambda: os.read(0, CHUNK), incoming.check, _rim(library, answers), answers)
    status = 0
    try:
        loop.run()
    except BrokenInput as error:
        print(f"python_consumer: standard input: {error}", file=sys.stderr)
        status = USAGE
    sys.stderr.flush()
    os._exit(status)


def _own_stdout() -> int:
    """Standard output for the protocol alone: whatever else prints goes to standard error."""
    pipe = os.dup(1)
    os.dup2(2, 1)
    return pipe


def _write(pipe: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(pipe, view) :]


def _encode(line: Json) -> bytes:
    data: bytes = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
    return data


def _rim(library: str, answers: Answers) -> Rim:
    # Imported here: each library lives in an environment of its own, without the other.
    if library == "pika":
        from python_consumer.pika_rim import PikaRim

        return PikaRim(answers)
    from python_consumer.rabbitpy_rim import RabbitpyRim

    return RabbitpyRim(answers)
