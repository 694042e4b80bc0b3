"""The command line: ``peer --library NAME --schema DIR``.

Exit status: 0 ended as told, 2 usage, 3 environment (no library, no schema).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

MODULES = {
    "aio-pika": "aio_pika",
    "amqpstorm": "amqpstorm",
    "kombu": "kombu",
    "pika": "pika",
    "py-amqp": "amqp",
    "rabbitpy": "rabbitpy",
}
"""The libraries, by the names of the manifest, and what Python imports for each."""
ENVIRONMENT = 3


def main(argv: Sequence[str]) -> int:
    """Run what ``argv`` says."""
    parser = argparse.ArgumentParser(prog="python -m peers.python_producer")
    commands = parser.add_subparsers(dest="command", required=True)
    peer = commands.add_parser("peer", help="speak the suite's protocol on standard input and output")
    peer.add_argument("--library", choices=sorted(MODULES), required=True)
    peer.add_argument("--schema", type=Path, required=True, help="the folder contract/schema")
    asked = parser.parse_args(argv)
    try:
        return _peer(asked.library, asked.schema)
    except ModuleNotFoundError as error:
        if error.name not in (*MODULES.values(), "orjson", "jsonschema_rs"):
            raise
        print(
            f"python_producer: {error.name} is not installed for {sys.executable}; install it there",
            file=sys.stderr,
        )
        return ENVIRONMENT


def _peer(library: str, schemas: Path) -> int:
    from peers.python_producer import peer
    from python_consumer.schema import SchemaProblem

    try:
        peer.run(library, schemas)
    except SchemaProblem as error:
        print(f"python_producer: --schema: {error}", file=sys.stderr)
    return ENVIRONMENT
