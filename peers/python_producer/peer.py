"""Peer mode: the pipe, the schema and one library, put together."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import jsonschema_rs
import orjson

from peers.python_producer.library import Library
from peers.python_producer.pipe import Pipe
from python_consumer import threads
from python_consumer.loop import BrokenInput
from python_consumer.output import Answers, Output
from python_consumer.schema import Schema
from python_consumer.values import Json

CHUNK = 1 << 16
USAGE = 2


def run(name: str, schemas: Path) -> None:
    """Serve until close, then end the process: libraries leave threads that a plain return would wait for.

    Exit status 0; 2 for input that is no request at all; 70 if the adapter itself failed. SchemaProblem
    before anything starts.
    """
    threads.watch()
    incoming = Schema(schemas / "peer-request.schema.json", "op", jsonschema_rs.Draft202012Validator)
    outgoing = Schema(schemas / "peer-line.schema.json", "type", jsonschema_rs.Draft202012Validator)
    pipe = _own_stdout()
    answers = Answers(Output(lambda data: _write(pipe, data), _encode, outgoing.check), threads.OURS)
    status = 0
    try:
        Pipe(lambda: os.read(0, CHUNK), orjson.loads, incoming.check, library(name), answers).run()
    except BrokenInput as error:
        print(f"python_producer: standard input: {error}", file=sys.stderr)
        status = USAGE
    sys.stderr.flush()
    os._exit(status)


def library(name: str) -> Library:
    """The library of that name. Each lives in an environment of its own, without the others."""
    module = importlib.import_module(f"peers.python_producer.{name.replace('-', '_')}_library")
    made: Library = module.LIBRARY
    return made


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
