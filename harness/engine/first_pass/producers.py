"""Driving producers: publish without waiting, as much at a time as there is room for, and to the very end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from harness.amqp.values import Text
from harness.engine.first_pass.connect import connected
from harness.engine.first_pass.count import Count
from harness.engine.first_pass.publication import Lane, Publication
from harness.engine.first_pass.recognition import END
from harness.engine.plan import sentinel
from harness.engine.station import Listener, Station
from harness.peers.process import PeerBroken, PeerGone
from harness.peers.protocol import Describe, Failed, Publish, Reply

MOST_ROUNDS = 12
"""Connections that a producer may use up; what is unpublished then runs alone."""


class Producers:
    """All of a pass. ``most``: publishes that are on their way at a time.

    ``stall``: seconds without a sign after which something counts as stuck; a producer gets more of them.
    """

    def __init__(self, count: Count, listener: Listener, token: str, most: int, stall: float) -> None:
        self._count, self._listener, self._token = count, listener, token
        self._most, self._stall = most, stall
        self._room = asyncio.Event()
        self._cut_off: set[Station] = set()
        self._turn = asyncio.Event()

    def has_room(self) -> None:
        """Something that was on its way has arrived, or a process is gone."""
        self._room.set()

    def turn(self) -> None:
        """A consumer has come to the end of a producer."""
        self._turn.set()

    def cut(self, producer: Station) -> None:
        """Its channel, its connection or itself is gone: what it sent last may be lost."""
        self._cut_off.add(producer)
        self._turn.set()

    async def produce(self, producer: Station, publications: Sequence[Publication], exchange: Text) -> None:
        """Publish, and again on a new connection what a lost one kept from being published."""
        producer.listener = self._listener
        again: list[Publication] = list(publications)
        for _ in range(MOST_ROUNDS):
            todo, again = again, []
            if not todo or not await self._connect(producer):
                again = todo
                break
            for publication in todo:
                if await self._has_room(producer):
                    self.publish(publication, again)
                else:
                    again.append(publication)
            await self._answered(producer)
            if again:
                # the loss may be its own doing, and each round must end nearer
                self._count.drop(again.pop(0))
        for publication in again:
            self._count.drop(publication)
        await self._finish(producer, exchange)

    def publish(self, publication: Publication, again: list[Publication]) -> None:
        """Have it published; it is put to ``again`` if that does not come about."""
        lanes = self._count.owe(publication)
        if lanes:
            producer, route = publication.producer, publication.route
            request = Publish(producer.next_id(), route.exchange, route.routing_key, publication.case.message)
            producer.send(request).add_done_callback(partial(self._replied, publication, lanes, again))

    def _replied(
        self,
        publication: Publication,
        lanes: list[Lane],
        again: list[Publication],
        future: asyncio.Future[Reply],
    ) -> None:
        reply = None if future.exception() is not None else future.result()
        if not self._count.answered(publication, lanes, reply):
            again.append(publication)

    async def _has_room(self, producer: Station) -> bool:
        """Wait until something that is on its way has arrived; False if the producer is gone or stuck."""
        while len(self._count.on_way) >= self._most and producer.running:
            self._room.clear()
            try:
                async with asyncio.timeout(self._stall * 2):
                    await self._room.wait()
            except TimeoutError:
                if not await self._answered(producer):
                    return False
                self._count.leave_unsent(producer)
        return producer.running

    async def _answered(self, producer: Station) -> bool:
        """Whether it has answered all so far, as replies come in order. One that does not answer is ended."""
        if not producer.running:
            return False
        try:
            reply = await producer.ask(Describe(producer.next_id()), self._stall * 4)
        except (PeerGone, PeerBroken):
            return False  # each of its open requests was told
        if reply is None:
            producer.kill()
            await asyncio.sleep(0)  # in this turn of the loop each of its open requests is told
        return reply is not None

    # --- the message after the last --------------------------------------------------------------------

    async def _finish(self, producer: Station, exchange: Text) -> None:
        """Send the message after the last until it is through: what closes a channel takes along what is sent
        after it, and a refusal that is still under way is not known yet when that is said to be sent."""
        for _ in range(MOST_ROUNDS):
            if await self._send_end(producer, exchange):
                self._count.published.add(producer)
                if await self._went_through(producer):
                    return
            if not await self._connect(producer):
                break
        self._count.ended_without(producer)

    async def _send_end(self, producer: Station, exchange: Text) -> bool:
        """The message after the last; False if the producer could not publish it."""
        if not producer.running:
            return False
        end = Publish(producer.next_id(), exchange, END, sentinel(self._token))
        try:
            reply = await producer.ask(end, self._stall * 4)
        except (PeerGone, PeerBroken):
            return False
        return reply is not None and not isinstance(reply, Failed)

    async def _went_through(self, producer: Station) -> bool:
        """Wait until every consumer has come to the end of it; False if its channel is closed before."""
        while any(producer not in lane.ends and not lane.given_up for lane in self._count.lanes):
            if producer in self._cut_off:
                return False
            self._turn.clear()
            await self._turn.wait()
        return True

    async def _connect(self, producer: Station) -> bool:
        self._cut_off.discard(producer)
        return await connected(producer)
