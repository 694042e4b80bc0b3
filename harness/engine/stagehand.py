"""The suite's own client in a scenario: it does what is ``by: broker``, looks at queues, clears away."""

from __future__ import annotations

import asyncio
from typing import TypeAlias

from harness.amqp.message import Inline
from harness.amqp.values import Text, text_of
from harness.engine.acts import publications
from harness.engine.deliveries import Otherwise, Seen, compare, seen_on_wire
from harness.engine.topology import delete_exchange
from harness.judge.difference import Kind
from harness.judge.verdict import Step
from harness.raw.client import Connection, connect
from harness.raw.errors import ChannelClosed, ConnectionClosed
from harness.raw.outcomes import Received
from harness.scenarios import Names, Scenario
from harness.steps import (
    Bind,
    BindExchange,
    Cancel,
    Consume,
    DeclareExchange,
    DeclareQueue,
    DeleteQueue,
    Gone,
    Holds,
    Publish,
    Receive,
    Transact,
)

POLL = 0.02
"""Seconds between two looks at a queue: the broker tells nobody how many messages it holds."""
Act: TypeAlias = (
    DeclareQueue | DeclareExchange | Bind | BindExchange | DeleteQueue | Publish | Consume | Cancel | Transact
)


class Stagehand:
    """One scenario's. ``deadline``: seconds that a look may take. RawError if the broker is gone."""

    def __init__(self, url: str, names: Names, deadline: float) -> None:
        self._url, self._names, self._deadline = url, names, deadline
        self._connection: Connection | None = None
        self._tags: dict[str, Text] = {}
        self._received: list[Received] = []
        self._taken = 0
        self._news = asyncio.Event()

    async def connection(self) -> Connection:
        """Open, and its channel too: made anew where the broker closed it over a step."""
        try:
            if self._connection is not None:
                await self._connection.reopen()
                self._connection.check()
                return self._connection
        except ConnectionClosed:
            pass  # a step was to cost it
        self._connection = await connect(self._url)
        return self._connection

    async def act(self, step: Act) -> None:
        """Do it. ChannelClosed or ConnectionClosed say that the broker refused."""
        client, of, table = await self.connection(), self._names.of, self._names.table
        match step:
            case DeclareQueue(_, queue, durable, exclusive, auto_delete, passive, arguments):
                await client.declare_queue(
                    of(queue),
                    durable=durable,
                    exclusive=exclusive,
                    auto_delete=auto_delete,
                    passive=passive,
                    arguments=table(arguments),
                )
            case DeclareExchange(_, name, kind, durable, auto_delete, passive, arguments):
                await client.declare_exchange(
                    of(name),
                    kind,
                    durable=durable,
                    auto_delete=auto_delete,
                    passive=passive,
                    arguments=table(arguments),
                )
            case Bind(_, queue, exchange, key, arguments):
                await client.bind(of(queue), of(exchange), key, arguments=table(arguments))
            case BindExchange(destination, source, key, arguments):
                await client.bind_exchange(of(destination), of(source), key, arguments=table(arguments))
            case DeleteQueue(queue):
                await client.delete_queue(of(queue))
            case Consume():
                self._tags[step.queue] = await client.consume(
                    of(step.queue),
                    self._take,
                    prefetch=step.prefetch,
                    whole_channel=step.prefetch_of == "channel",
                    no_ack=step.no_ack,
                    exclusive=step.exclusive,
                    arguments=table(step.arguments),
                )
            case Cancel(queue):
                await client.cancel(self._tags.pop(queue))
            case Transact(doing):
                ways = {
                    "select": client.tx_select,
                    "commit": client.tx_commit,
                    "rollback": client.tx_rollback,
                }
                await ways[doing]()
            case Publish():
                await self._publish(client, step)

    async def _publish(self, client: Connection, step: Publish) -> None:
        """Without confirms, which a channel in transactions can't have."""
        for exchange, key, message in publications(step, self._names):
            await client.publish(exchange, key, message, mandatory=step.mandatory)

    def _take(self, received: Received) -> None:
        self._received.append(received)
        self._news.set()

    async def receive(self, step: Receive) -> None:
        """Look at the next deliveries. Otherwise, unless they are those that the step wants."""
        start, self._taken = self._taken, self._taken + len(step.messages)
        try:
            async with asyncio.timeout(self._deadline):
                while len(self._received) < self._taken:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pass  # what is missing is told below
        got = [_seen(one) for one in self._received[start : self._taken]]
        compare(step, got, got, self._names)

    def nothing_more(self) -> None:
        """Otherwise, if it was given something that nobody wanted."""
        if len(self._received) > self._taken:
            extra = _seen(self._received[self._taken]).body
            raise Otherwise(Kind.ADDED, Step.BROKER, "deliveries", None, extra)

    async def holds(self, step: Holds) -> None:
        """Wait until the queue is as the step says. Otherwise after the deadline."""
        client, end = await self.connection(), asyncio.get_running_loop().time() + self._deadline
        while True:
            state = await client.declare_queue(self._names.of(step.queue), passive=True)
            ready = state.message_count == step.ready
            if ready and step.consumers in (None, state.consumer_count):
                return
            if asyncio.get_running_loop().time() > end:
                break
            await asyncio.sleep(POLL)
        if not ready:
            raise Otherwise(Kind.ALTERED, Step.BROKER, "ready", str(step.ready), str(state.message_count))
        wanted, got = str(step.consumers), str(state.consumer_count)
        raise Otherwise(Kind.ALTERED, Step.BROKER, "consumers", wanted, got)

    async def gone(self, step: Gone) -> None:
        """Wait until there is no such queue. Otherwise after the deadline.

        Asking for it would keep a queue that expires alive, so that each wait is longer than the one before.
        """
        end, wait = asyncio.get_running_loop().time() + self._deadline, POLL
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(wait)
            wait *= 2
            try:
                client = await self.connection()
                await client.declare_queue(self._names.of(step.queue), passive=True)
            except ChannelClosed as error:
                if error.code == 404:
                    return
                raise
        raise Otherwise(Kind.ALTERED, Step.BROKER, "", "gone", "there")

    async def leave(self, scenario: Scenario) -> None:
        """Take away what was declared, and close."""
        client = await self.connection()
        for queue in scenario.queues:
            try:
                await client.delete_queue(self._names.of(queue))
            except ChannelClosed:  # an exclusive queue of a peer, which goes with its connection
                await client.reopen()
        for exchange in scenario.exchanges:
            if not exchange.startswith("amq."):
                await delete_exchange(client, self._names.of(exchange))
        await client.close()


def _seen(one: Received) -> Seen:
    body = Inline(text_of(one.body))
    return seen_on_wire(one.header_payload, body, one.redelivered, one.exchange, one.routing_key)
