"""The floor: messages moved through the broker by the suite's own client, with nothing judged.

One publisher and one drainer on connections of their own, in this process, no tap between: what a first pass
could reach at the most if nobody else had any work with the messages.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence

from harness.amqp.frames import FrameType, encode_frame
from harness.amqp.message import Message
from harness.amqp.methods import encode_publish
from harness.engine.topology import lifetime
from harness.raw.client import Connection, connect
from harness.raw.content import encode_content
from harness.raw.outcomes import Received
from harness.raw.session import CHANNEL

IN_FLIGHT = 400
"""Publishes that are on their way at a time, and how many are acknowledged at a time."""
BATCH = 100
"""Publishes that are joined into one write."""
PREFETCH = 1000
ACK_EVERY = 200
DEADLINE = 120.0
"""Seconds for all of it."""


async def floor(url: str, messages: Sequence[Message], copies: int) -> float:
    """Seconds to publish ``messages`` into one exchange and drain them from ``copies`` queues on it.

    TimeoutError if they did not arrive within :data:`DEADLINE`; RawError if the broker is lost.
    """
    name = f"interop.floor.{secrets.token_hex(6)}"
    queues = tuple(f"{name}.{number}" for number in range(copies))
    async with asyncio.timeout(DEADLINE), await connect(url) as publisher, await connect(url) as drainer:
        await publisher.declare_exchange(name, "fanout", durable=True, auto_delete=True)
        for queue in queues:
            await publisher.declare_queue(
                queue, durable=True, arguments=lifetime(publisher.server_properties)
            )
            await publisher.bind(queue, name)
        try:
            return await _move(publisher, drainer, _octets(name, messages), queues)
        finally:
            for queue in queues:
                await publisher.delete_queue(queue)


def _octets(exchange: str, messages: Sequence[Message]) -> list[bytes]:
    """Every publish as it goes out: encoding them is no part of the floor."""
    return [
        encode_frame(FrameType.METHOD, CHANNEL, encode_publish(exchange, f"floor/message#{number}"))
        + encode_content(CHANNEL, message, 0).frames
        for number, message in enumerate(messages)
    ]


async def _move(
    publisher: Connection, drainer: Connection, publishes: Sequence[bytes], queues: Sequence[str]
) -> float:
    arrived = _Arrivals(drainer, len(queues))
    for queue in queues:
        await drainer.consume(queue, arrived.take, prefetch=PREFETCH)
    started = time.perf_counter()
    for at in range(0, len(publishes), BATCH):
        await arrived.reach((at + BATCH - IN_FLIGHT) * len(queues))
        publisher.send_raw(b"".join(publishes[at : at + BATCH]))
    await arrived.reach(len(publishes) * len(queues))
    return time.perf_counter() - started


class _Arrivals:
    """Counts deliveries, acknowledges them, and wakes who waits for a number of them."""

    def __init__(self, drainer: Connection, queues: int) -> None:
        self._drainer = drainer
        self._count, self._wanted = 0, 0
        self._reached = asyncio.Event()

    def take(self, received: Received) -> None:
        self._count += 1
        if self._count % ACK_EVERY == 0:
            self._drainer.ack(received.delivery_tag, multiple=True)
        if self._count >= self._wanted:
            self._reached.set()

    async def reach(self, count: int) -> None:
        """Wait until ``count`` deliveries have come."""
        self._wanted = count
        if self._count < count:
            self._reached.clear()
            await self._reached.wait()
