"""The command line: the article's program, and ``peer``.

Exit status: 0 ended as told, 2 usage, 3 environment (no broker, no library, no schema).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from python_consumer import urls

URL_VARIABLE = "AMQP_URL"
"""Where the broker is, if no argument says it: unlike an argument, no list of processes shows it."""
LIBRARIES = ("rabbitpy", "pika")
"""Those of the article's program."""
PEERS = (*LIBRARIES, "py-amqp", "kombu", "aio-pika", "amqpstorm")
MODULES = (*LIBRARIES, "amqp", "kombu", "aio_pika", "amqpstorm", "orjson", "jsonschema_rs")
"""What may be missing where it should be installed: a library, or what the adapter needs."""
ENVIRONMENT = 3


def main(argv: Sequence[str]) -> int:
    """Run what ``argv`` says."""
    try:
        return _peer(argv[1:]) if argv[:1] == ["peer"] else _article(argv)
    except ModuleNotFoundError as error:
        if error.name not in MODULES:
            raise
        print(
            f"python_consumer: {error.name} is not installed for {sys.executable}; install it there",
            file=sys.stderr,
        )
        return ENVIRONMENT


def _article(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m python_consumer",
        description="Print and acknowledge every message of a queue, until Ctrl-C.",
        epilog="'peer --library NAME --schema DIR' as arguments instead: speak the suite's protocol.",
    )
    parser.add_argument(
        "url",
        nargs="?",
        help=f"amqp://user:password@host:port/vhost, %%2f being the default vhost (default: ${URL_VARIABLE})",
    )
    parser.add_argument("--library", choices=LIBRARIES, default="rabbitpy")
    parser.add_argument("--queue", default="example", help="declared if it is not there (default: example)")
    parser.add_argument("--exchange", default="test_exchange", help="must be there (default: test_exchange)")
    asked = parser.parse_args(argv)
    try:
        url = urls.checked(_url(asked.url))
    except urls.BadUrl as error:
        parser.error(f"url: {error}")
    from python_consumer import article

    status = article.run(asked.library, url, asked.queue, asked.exchange)
    sys.stdout.flush()
    # Libraries leave threads behind, which a plain return would wait for.
    os._exit(status)


def _url(given: str | None) -> str:
    """The argument, else the environment's. BadUrl if there is neither."""
    if given is not None:
        return given
    if named := os.environ.get(URL_VARIABLE):
        return named
    raise urls.BadUrl(f"missing; give it as an argument, or in the environment as {URL_VARIABLE}")


def _peer(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m python_consumer peer")
    parser.add_argument("--library", choices=PEERS, required=True)
    parser.add_argument("--schema", type=Path, required=True, help="the folder contract/schema")
    asked = parser.parse_args(argv)
    from python_consumer import peer
    from python_consumer.schema import SchemaProblem

    try:
        peer.run(asked.library, asked.schema)
    except SchemaProblem as error:
        print(f"python_consumer: --schema: {error}", file=sys.stderr)
    except peer.Unusable as error:
        print(f"python_consumer: {error}", file=sys.stderr)
    return ENVIRONMENT
