"""The honest half of every fake: the peer ``raw``, which hears and says what the fake lets it.

A fake overrides one method of :class:`Fake` and calls :func:`serve`. Lines are plain JSON on both sides, so
that a fake can say what no type of the suite would let it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable
from typing import Any, NoReturn, TypeAlias

from harness.raw.peer import Peer
from harness.raw.pipes import LineReader, LineWriter

Json: TypeAlias = dict[str, Any]
SIN = "fakes/sin"
"""The routing key of the one message at which a fake goes wrong; it is an honest peer for all others."""


class Fake:
    """Honest, until a method is overridden."""

    def hear(self, request: Json) -> Iterable[Json]:
        """What the honest peer is told of a request."""
        return [request]

    def say(self, line: Json) -> Iterable[Json | bytes]:
        """What is written of a reply or event of the honest peer; bytes are written as they are."""
        return [line]


def is_sin(line: Json) -> bool:
    """Whether it is the publish, or the delivery, of the one message."""
    return line.get("routing_key") == SIN


def serve(fake: Fake) -> NoReturn:
    """Speak the protocol on standard input and output until close; exit status 0."""
    asyncio.run(_serve(fake))
    raise SystemExit(0)


async def _serve(fake: Fake) -> None:
    loop = asyncio.get_running_loop()
    out = LineWriter(lambda: None)

    def write(line: bytes) -> None:
        for said in fake.say(json.loads(line)):
            out.write(said if isinstance(said, bytes) else json.dumps(said).encode() + b"\n")

    def read(line: bytes) -> None:
        for heard in fake.hear(json.loads(line)):
            peer.take(json.dumps(heard).encode())

    peer = Peer(write)
    await loop.connect_write_pipe(lambda: out, sys.stdout.buffer)
    await loop.connect_read_pipe(lambda: LineReader(read, peer.end), sys.stdin.buffer)
    await peer.run()
    await out.close()
