"""The queues, exchanges and bindings of a run: made by the suite's own client, and taken away again.

Everything is durable or deletes itself: transient queues that are not exclusive are deprecated since
RabbitMQ 4.3. Queues also expire, should the suite be killed before it can delete them.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Coroutine, Iterable

from harness.amqp.values import Int32, Table, Text
from harness.broker.probe import hello
from harness.cases import Pairs
from harness.engine.plan import Route
from harness.raw.client import Connection, connect
from harness.raw.errors import ChannelClosed, ConnectionClosed, RawError
from harness.raw.outcomes import Received

EXPIRES = Table((("x-expires", Int32(str(15 * 60 * 1000))),))
"""After 15 minutes without a consumer the broker deletes the queue by itself."""
BUSY = 60.0
"""Seconds that the broker may take for an answer: it may have gigabytes to pass on before."""
AT_ONCE = 200
"""Requests that are made without waiting for the answer to the first."""
NOT_FOUND = 404
POLL = 0.02
"""Seconds between two looks at a queue; the broker tells nobody when a consumer is gone."""


def lifetime(properties: Table) -> Table:
    """The arguments of a queue that is not to stay for ever, by what a broker says of itself: ``x-expires``
    is RabbitMQ's own, and Qpid Broker-J closes the connection over it (542)."""
    return EXPIRES if hello(properties).product == "RabbitMQ" else Table(())


async def delete_queue(client: Connection, name: Text) -> None:
    """Delete it, or find it gone: RabbitMQ does not mind that, others close the channel (404)."""
    try:
        await client.delete_queue(name)
    except ChannelClosed as error:
        if error.code != NOT_FOUND:
            raise
        await client.reopen()


async def delete_exchange(client: Connection, name: Text) -> None:
    """The same of an exchange, which may have gone with its last binding."""
    try:
        await client.delete_exchange(name)
    except ChannelClosed as error:
        if error.code != NOT_FOUND:
            raise
        await client.reopen()


async def _declare(client: Connection, route: Route) -> None:
    """Declare an exchange that goes with its last binding."""
    assert route.declare is not None
    await client.declare_exchange(route.exchange, route.declare, durable=True, auto_delete=True)


async def _bind(client: Connection, queues: tuple[Text, ...], group: list[tuple[Route, Pairs]]) -> None:
    await _all(
        client.bind(queue, route.exchange, route.binding_key, arguments=Table(arguments))
        for route, arguments in group
        for queue in queues
    )


async def _all(requests: Iterable[Coroutine[None, None, None]]) -> None:
    """Make requests without waiting for the answer to the one before: a channel answers in order. But not all
    at once, for each must be answered in the client's time."""
    waiting = list(requests)
    for start in range(0, len(waiting), AT_ONCE):
        await asyncio.gather(*waiting[start : start + AT_ONCE])


class Topology:
    """What this run declared on the broker. One request at a time; a closed channel is opened again."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection: Connection | None = None
        self._lock = asyncio.Lock()
        self._queues: set[Text] = set()
        self._exchanges: set[Text] = set()

    async def _client(self) -> Connection:
        """Open, and its channel too: made anew where the broker ended and is back."""
        if self._connection is not None:
            try:
                await self._connection.reopen()
                self._connection.check()
            except ConnectionClosed:
                pass  # whoever waited for the answer that did not come was told
            else:
                return self._connection
        self._connection = await connect(self.url, timeout=BUSY)
        return self._connection

    async def queue(self, name: Text) -> None:
        """Declare a queue for this run."""
        async with self._lock:
            self._queues.add(name)
            client = await self._client()
            await client.declare_queue(name, durable=True, arguments=lifetime(client.server_properties))

    async def routes(self, routes: Iterable[tuple[Route, Pairs, tuple[Text, ...]]]) -> None:
        """The exchanges of cases that need one of their own, and their bindings to queues.

        Many exchanges for many queues meet in a fanout exchange between them, where the broker can bind
        exchanges: a delivery names the exchange and routing key that were published to all the same.
        """
        needed = [each for each in routes if each[0].declare is not None]
        async with self._lock:
            client = await self._client()
            self._exchanges.update(route.exchange for route, _, _ in needed)
            await _all(_declare(client, route) for route, _, _ in needed)
            groups: dict[tuple[Text, ...], list[tuple[Route, Pairs]]] = {}
            for route, arguments, queues in needed:
                groups.setdefault(queues, []).append((route, arguments))
            for queues, group in groups.items():
                between = min(len(queues), len(group)) > 1 and client.can("exchange_exchange_bindings")
                await (self._meet(client, queues, group) if between else _bind(client, queues, group))

    async def _meet(
        self, client: Connection, queues: tuple[Text, ...], group: list[tuple[Route, Pairs]]
    ) -> None:
        """Bind all of ``group`` to one exchange that all ``queues`` are bound to."""
        middle = f"interop.{secrets.token_hex(6)}.between"
        self._exchanges.add(middle)
        await client.declare_exchange(middle, "fanout", durable=True, auto_delete=True)
        await _all(client.bind(queue, middle) for queue in queues)
        await _all(
            client.bind_exchange(middle, route.exchange, route.binding_key, arguments=Table(arguments))
            for route, arguments in group
        )

    async def forget(self, queues: tuple[Text, ...], exchanges: tuple[Text, ...] = ()) -> None:
        """Delete them now."""
        async with self._lock:
            client = await self._client()
            for queue in queues:
                await delete_queue(client, queue)
                self._queues.discard(queue)
            for exchange in exchanges:
                await delete_exchange(client, exchange)
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
