"""What the article's programs need and leave on a broker, by the names that stand in them.

The programs take a queue that they find for one that they made, so a name that is taken already is refused:
what is deleted in the end is the demo's own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

from harness.broker import Broker
from harness.errors import SetupError
from harness.raw import ChannelClosed, Connection, RawError, connect

EXCHANGE = "test_exchange"
QUEUES = ("example", "routingkey")
"""The consumer's, then the producer's: it publishes with its queue's name as routing key."""
NOT_FOUND, RESOURCE_LOCKED = 404, 405
"""Reply codes (AMQP 0-9-1, 1.2): no such queue or exchange; another connection's exclusive queue."""


@asynccontextmanager
async def stage(broker: Broker) -> AsyncIterator[None]:
    """The exchange, declared as fanout, which neither program does. All three names are gone afterwards.

    SetupError if one of them was there before, and then nothing is touched; or if the broker is lost.
    """
    async with _speaking(broker) as connection:
        taken = await _taken(connection)
        if taken:
            raise SetupError(
                f"{broker.info.url} has {' and '.join(taken)} already: the demo would use and then delete it",
                "name another broker or virtual host with --broker, or delete it there if nobody needs it",
            )
    try:
        async with _speaking(broker) as connection:
            await connection.declare_exchange(EXCHANGE, "fanout")
        yield
    finally:
        async with _speaking(broker) as connection:
            await _delete_queues(connection)
            await connection.delete_exchange(EXCHANGE)


async def clear_queues(broker: Broker) -> None:
    """Delete the programs' queues, for the next pair to begin as the first did."""
    async with _speaking(broker) as connection:
        await _delete_queues(connection)


async def _delete_queues(connection: Connection) -> None:
    for queue in QUEUES:
        await connection.delete_queue(queue)


@asynccontextmanager
async def _speaking(broker: Broker) -> AsyncIterator[Connection]:
    """A connection of the suite's own client; what goes wrong with it is a SetupError."""
    try:
        async with await connect(broker.url) as connection:
            yield connection
    except RawError as error:
        raise SetupError(f"the demo on {broker.info.url}: {error}") from error


async def _taken(connection: Connection) -> list[str]:
    taken = []
    if await _is_there(connection, connection.declare_exchange(EXCHANGE, "fanout", passive=True)):
        taken.append(f"the exchange {EXCHANGE}")
    for name in QUEUES:
        if await _is_there(connection, connection.declare_queue(name, passive=True)):
            taken.append(f"the queue {name}")
    return taken


async def _is_there(connection: Connection, look: Awaitable[object]) -> bool:
    """Whether a passive declare is answered with what it asks for (AMQP 0-9-1, 1.7.2.1)."""
    try:
        await look
    except ChannelClosed as error:
        await connection.reopen()
        if error.code == NOT_FOUND:
            return False
        if error.code == RESOURCE_LOCKED:
            return True
        raise
    return True
