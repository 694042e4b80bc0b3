"""The queues, exchanges and bindings of a run: made by the suite's own client, and taken away again.

Everything is durable or deletes itself: transient queues that are not exclusive are deprecated since
RabbitMQ 4.3. Queues also expire, should the suite be killed before it can delete them.
"""

from __future__ import annotations

import asyncio

from harness.amqp.values import Int32, Table, Text
from harness.cases import Pairs
from harness.engine.plan import Route
from harness.raw.client import Connection, connect
from harness.raw.errors import RawError
from harness.raw.outcomes import Received

EXPIRES = Table((("x-expires", Int32(str(15 * 60 * 1000))),))
"""After 15 minutes without a consumer the broker deletes the queue by itself."""
POLL = 0.02
"""Seconds between two looks at a queue; the broker tells nobody when a consumer is gone."""


class Topology:
    """What this run declared on the broker. One request at a time; a closed channel is opened again."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None
        self._lock = asyncio.Lock()
        self._queues: set[Text] = set()
        self._exchanges: set[Text] = set()

    async def _client(self) -> Connection:
        if self._connection is None:
            self._connection = await connect(self._url)
        await self._connection.reopen()
        return self._connection

    async def queue(self, name: Text) -> None:
        """Declare a queue for this run."""
        async with self._lock:
            self._queues.add(name)
            await (await self._client()).declare_queue(name, durable=True, arguments=EXPIRES)

    async def exchange(self, name: Text, kind: str) -> None:
        """Declare an exchange for this run; it goes with its last binding."""
        async with self._lock:
            self._exchanges.add(name)
            await (await self._client()).declare_exchange(name, kind, durable=True, auto_delete=True)

    async def bind(self, queue: Text, exchange: Text, routing_key: Text, arguments: Table) -> None:
        """Bind a queue of this run to an exchange of this run."""
        async with self._lock:
            await (await self._client()).bind(queue, exchange, routing_key, arguments=arguments)

    async def route(self, route: Route, arguments: Pairs, queues: tuple[Text, ...]) -> None:
        """The exchange of a case that needs one of its own, and its bindings to ``queues``."""
        if route.declare is not None:
            await self.exchange(route.exchange, route.declare)
            for queue in queues:
                await self.bind(queue, route.exchange, route.binding_key, Table(arguments))

    async def forget(self, queues: tuple[Text, ...], exchanges: tuple[Text, ...] = ()) -> None:
        """Delete them now."""
        async with self._lock:
            client = await self._client()
            for queue in queues:
                await client.delete_queue(queue)
                self._queues.discard(queue)
            for exchange in exchanges:
                await client.delete_exchange(exchange)
                self._exchanges.discard(exchange)

    async def until_unused(self, queue: Text, deadline: float) -> bool:
        """Wait until the broker has noticed that the queue's consumer is gone; False after ``deadline`` s."""
        try:
            async with asyncio.timeout(deadline):
                while True:
                    async with self._lock:
                        state = await (await self._client()).declare_queue(queue, passive=True)
                    if state.consumer_count == 0:
                        return True
                    await asyncio.sleep(POLL)
        except TimeoutError:
            return False

    async def take(self, queue: Text) -> Received | None:
        """The queue's first message, taken off it."""
        async with self._lock:
            return await (await self._client()).get(queue, no_ack=True)

    async def close(self) -> None:
        """Delete all that is left, and the connection. RawError if the broker is gone."""
        queues, exchanges = tuple(self._queues), tuple(self._exchanges)
        try:
            if queues or exchanges:
                await self.forget(queues, exchanges)
        finally:
            if self._connection is not None:
                await self._connection.close()
                self._connection = None


__all__ = ["RawError", "Topology"]
