"""The suite's own client in a scenario: it does what is ``by: broker``, looks at queues, clears away."""

from __future__ import annotations

import asyncio

from harness.amqp.message import Inline
from harness.amqp.values import Text, text_of
from harness.engine.acts import publications
from harness.engine.answers import answer_words
from harness.engine.arrange import arrange, told
from harness.engine.deliveries import Otherwise, Seen, compare, seen_on_wire
from harness.engine.topology import delete_exchange
from harness.judge import verdict
from harness.judge.difference import Kind
from harness.raw.client import Connection, connect
from harness.raw.errors import ChannelClosed, ConnectionClosed
from harness.raw.outcomes import Acked, Nacked, Outcome, Received, Returned
from harness.scenarios import Names, Scenario
from harness.steps import (
    Ack,
    Cancel,
    Consume,
    Flow,
    Get,
    Gone,
    Holds,
    Nack,
    Publish,
    Receive,
    Recover,
    Reject,
    Step,
    Transact,
)

POLL = 0.02
"""Seconds between two looks at a queue: the broker tells nobody how many messages it holds."""


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

    async def act(self, step: Step) -> str:
        """Do it: the broker's answer, in words. ChannelClosed or ConnectionClosed say that it refused.

        Otherwise where a number or a name that it told is not the one that the step wants; TimedOut if it
        told nothing.
        """
        client, of = await self.connection(), self._names.of
        match step:
            case Publish():
                return await self._publish(client, step)
            case Consume():
                self._tags[step.queue] = await client.consume(
                    of(step.queue),
                    self._take,
                    prefetch=step.prefetch,
                    whole_channel=step.prefetch_of == "channel",
                    no_ack=step.no_ack,
                    exclusive=step.exclusive,
                    arguments=self._names.table(step.arguments),
                    tag=step.tag,
                )
            case Cancel(queue):
                await client.cancel(self._tags.pop(queue))
            case Get(queue):
                got = await client.get(of(queue))
                if got is None:
                    return "empty"
                self._take(got)
                told("left", step.left, got.left)
            case Ack() | Nack() | Reject():
                self._settle(client, step)
                await client.flow(active=True)  # changes nothing, and is answered: a refusal comes before
            case Recover(requeue):
                await client.recover(requeue=requeue)
            case Flow(active):
                await client.flow(active=active)
            case Transact(doing):
                ways = {
                    "select": client.tx_select,
                    "commit": client.tx_commit,
                    "rollback": client.tx_rollback,
                }
                await ways[doing]()
            case _:
                await arrange(client, step, self._names)
        return "ok"

    async def _publish(self, client: Connection, step: Publish) -> str:
        """The first answer that is not as wanted, if there is one. Waits for none without ``confirm``."""
        wanted = answer_words(step.gets)
        for exchange, key, message in publications(step, self._names):
            flags = {"mandatory": step.mandatory, "immediate": step.immediate}
            if not step.confirm:
                await client.publish(exchange, key, message, **flags)
            elif (got := _word(await client.publish_confirmed(exchange, key, message, **flags))) != wanted:
                return got
        return wanted if step.confirm else "ok"

    def _settle(self, client: Connection, step: Ack | Nack | Reject) -> None:
        index = (step.message or self._taken) - 1
        tag = self._received[index].delivery_tag if step.tag is None else step.tag
        match step:
            case Ack(multiple=multiple):
                client.ack(tag, multiple=multiple)
            case Nack(multiple=multiple, requeue=requeue):
                client.nack(tag, multiple=multiple, requeue=requeue)
            case Reject(requeue=requeue):
                client.reject(tag, requeue=requeue)

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
            raise Otherwise(Kind.ADDED, verdict.Step.BROKER, "deliveries", None, extra)

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
        told("ready", step.ready, state.message_count)
        told("consumers", step.consumers, state.consumer_count)

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
        raise Otherwise(Kind.ALTERED, verdict.Step.BROKER, "", "gone", "there")

    async def leave(self, scenario: Scenario) -> None:
        """Take away what was declared, and close."""
        for queue in scenario.queues:
            client = await self.connection()
            try:
                await client.delete_queue(self._names.of(queue))
            except (ChannelClosed, ConnectionClosed):
                continue  # an exclusive queue of a peer, which goes with its connection
        client = await self.connection()
        for exchange in scenario.exchanges:
            if not exchange.startswith("amq."):
                await delete_exchange(client, self._names.of(exchange))
        await client.close()


def _seen(one: Received) -> Seen:
    body = Inline(text_of(one.body))
    return seen_on_wire(one.header_payload, body, one.redelivered, one.exchange, one.routing_key)


def _word(outcome: Outcome) -> str:
    match outcome:
        case Acked():
            return "confirmed"
        case Nacked():
            return "nacked"
        case Returned():
            return "returned"
