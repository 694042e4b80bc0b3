"""Whether the broker lives. A cell may end it, and then nothing is told by those that run beside that cell.

One connection asks, as no peer does: it is lost when the broker is, and not because of what a cell sends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from harness.raw.client import Connection, connect
from harness.raw.errors import ChannelClosed, ConnectFailed, ConnectionClosed, RawError

BACK = 60.0
"""Seconds in which a broker that ended has to be there again: something starts it anew, or nothing does."""
POLL = 0.05
"""Seconds between two attempts to connect: nobody tells that a port is served again."""
ANSWER = 60.0
"""Seconds that the broker may take for an answer: it may have gigabytes to pass on before."""
Came = TypeVar("Came")


class Watch:
    """Over the broker at ``url``. Cells run :meth:`beside` others, or with no other: :meth:`alone`."""

    def __init__(self, url: str, on_death: Callable[[], None]) -> None:
        """``on_death`` is called once for each time that it ended, before anybody hears of it."""
        self._url, self._on_death = url, on_death
        self._connection: Connection | None = None
        self._asking = asyncio.Lock()
        self._turn = asyncio.Condition()
        self._inside = 0
        self._waiting = 0
        self.deaths = 0
        """How often it ended, so far as is known without asking."""

    async def start(self) -> None:
        """Begin to watch. RawError if it is not there."""
        self._connection = await connect(self._url, timeout=ANSWER)

    async def close(self) -> None:
        """Watch no more."""
        if self._connection is not None:
            await self._connection.close()

    async def ended_since(self, deaths: int) -> bool:
        """Ask whether it ended since :attr:`deaths` was this, and wait until it is back.

        RawError if it does not come back, or does not answer: one that is slow has not ended.
        """
        async with self._asking:
            assert self._connection is not None
            try:
                await self._connection.flow(active=True)  # changes nothing, and is answered
            except ChannelClosed:
                await self._connection.reopen()
            except ConnectionClosed:
                self.deaths += 1
                self._on_death()
                self._connection = await self._again()
        return self.deaths != deaths

    async def _again(self) -> Connection:
        end = asyncio.get_running_loop().time() + BACK
        while True:
            try:
                return await connect(self._url, timeout=ANSWER)
            except ConnectFailed:  # for any reason: it may listen before it can do more
                if asyncio.get_running_loop().time() > end:
                    raise
            await asyncio.sleep(POLL)

    async def outlived(
        self, attempt: Callable[[], Awaitable[Came]], clean: Callable[[Came], bool], ends: bool
    ) -> Came | None:
        """What an attempt at a cell comes to; None if the broker ends over it while nothing else runs.

        The broker may have ended over a cell beside it: then nothing is known, and the cell runs again alone.
        One that is expected to end the broker, ``ends``, does not run beside others in the first place. Where
        an attempt came out ``clean`` the broker is not asked. RawError if it is not what the watch sees.
        """
        for way in (self.alone,) if ends else (self.beside, self.alone):
            async with way():
                deaths = self.deaths
                try:
                    came = await attempt()
                except RawError:
                    if not await self.ended_since(deaths):
                        raise
                    continue
                if clean(came) or not await self.ended_since(deaths):
                    return came
        return None

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """Others may run at the same time, as long as none of them wants to be alone."""
        async with self._turn:
            await self._turn.wait_for(lambda: not self._waiting)
            self._inside += 1
        try:
            yield
        finally:
            async with self._turn:
                self._inside -= 1
                self._turn.notify_all()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Nobody else runs; others that want the same come after."""
        async with self._turn:
            self._waiting += 1
        try:
            async with self._turn:
                await self._turn.wait_for(lambda: not self._inside)
                self._inside = 1
            try:
                yield
            finally:
                self._inside = 0
        finally:
            async with self._turn:
                self._waiting -= 1
                self._turn.notify_all()
