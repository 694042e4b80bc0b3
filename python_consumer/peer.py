"""Peer mode: the pipe, the schema and one library, put together."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import jsonschema_rs
import orjson

from python_consumer import threads
from python_consumer.cli import MODULES
from python_consumer.loop import BrokenInput, Loop
from python_consumer.output import Answers, Output
from python_consumer.rim import Rim
from python_consumer.schema import Schema
from python_consumer.values import Json

CHUNK = 1 << 16
USAGE = 2
RIMS = {
    "rabbitpy": ("rabbitpy_rim", "RabbitpyRim"),
    "pika": ("pika_rim", "PikaRim"),
    "py-amqp": ("pyamqp_rim", "PyAmqpRim"),
    "kombu": ("kombu_rim", "KombuRim"),
    "aio-pika": ("aio_pika_rim", "AioPikaRim"),
    "amqpstorm": ("amqpstorm_rim", "AmqpstormRim"),
}
"""Module and class of each library's rim."""


class Unusable(Exception):
    """The library is there and cannot be imported, as a release older than this interpreter."""


def run(library: str, schemas: Path) -> None:
    """Serve until close, then end the process: libraries leave threads that a plain return would wait for.

    Exit status 0; 2 for input that is no request at all; 70 if the adapter itself failed. SchemaProblem
    or Unusable before anything starts.
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
    # Imported here: each library lives in an environment of its own, without the others.
    module, name = RIMS[library]
    try:
        made = getattr(importlib.import_module(f"python_consumer.{module}"), name)
    except ModuleNotFoundError as error:
        if error.name in MODULES:
            raise
        raise Unusable(f"{library} does not run on {sys.executable}: {error}") from error
    except (ImportError, AttributeError, SyntaxError) as error:
        raise Unusable(f"{library} does not run on {sys.executable}: {error}") from error
    rim: Rim = made(answers)
    return rim
