"""A broker that ends: whose doing it was, and that nobody else is told off for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from harness.engine import watch
from harness.engine.watch import Watch
from harness.raw.errors import ConnectFailed, ConnectionClosed, FailedBecause, TimedOut


class Line:
    """A connection to a broker that may have ended."""

    def __init__(self, broker: Broker) -> None:
        self._broker, self._life = broker, broker.lives

    async def flow(self, *, active: bool) -> None:
        assert active
        self._broker.asked += 1
        if self._broker.lives != self._life:
            raise ConnectionClosed(None, "the broker closed the socket")

    async def close(self) -> None:
        self._broker.left += 1


class Broker:
    """It takes some attempts to reach it again."""

    def __init__(self, away: int = 0) -> None:
        self.lives, self.left, self.asked, self._away, self._refusals = 1, 0, 0, away, 0

    def die(self) -> None:
        self.lives += 1
        self._refusals = self._away

    async def connect(self, url: str, *, timeout: float) -> Line:
        if self._refusals:
            self._refusals -= 1
            raise ConnectFailed(url, FailedBecause.UNREACHABLE)
        return Line(self)


def watched(
    monkeypatch: pytest.MonkeyPatch, broker: Broker, test: Callable[[Watch], Coroutine[Any, Any, None]]
) -> None:
    monkeypatch.setattr(watch, "connect", broker.connect)

    async def whole() -> None:
        told: list[int] = []
        over = Watch("amqp://nowhere/", lambda: told.append(broker.lives))
        await over.start()
        await test(over)
        await over.close()
        assert len(told) == over.deaths

    asyncio.run(whole())
    assert broker.left == 1


def test_a_broker_that_lives_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(over: Watch) -> None:
        assert not await over.ended_since(over.deaths)

    watched(monkeypatch, Broker(), test)


def test_one_that_ended_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker(away=2)

    async def test(over: Watch) -> None:
        broker.die()
        assert await over.ended_since(0)
        assert over.deaths == 1
        assert not await over.ended_since(over.deaths)

    watched(monkeypatch, broker, test)


def test_one_that_does_not_answer_has_not_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silence(line: Line, *, active: bool) -> None:
        raise TimedOut("channel.flow-ok", 60.0)

    async def test(over: Watch) -> None:
        monkeypatch.setattr(Line, "flow", silence)
        with pytest.raises(TimedOut):
            await over.ended_since(over.deaths)
        assert over.deaths == 0

    watched(monkeypatch, Broker(), test)


def test_one_that_does_not_come_back_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker(away=1000)
    monkeypatch.setattr(watch, "BACK", 0.0)

    async def test(over: Watch) -> None:
        broker.die()
        with pytest.raises(ConnectFailed):
            await over.ended_since(0)

    watched(monkeypatch, broker, test)


def test_only_the_cell_that_ends_the_broker_is_told_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    broker, tries = Broker(away=1), {"killer": 0, "victim": 0, "lucky": 0}
    came: dict[str, str | None] = {}
    death, running = asyncio.Event(), set[str]()

    async def test(over: Watch) -> None:
        async def killer() -> str:
            tries["killer"] += 1
            await asyncio.sleep(0)
            broker.die()
            death.set()
            raise ConnectionClosed(None, "the broker closed the socket")

        async def victim() -> str:
            tries["victim"] += 1
            if tries["victim"] == 1:
                await death.wait()
                return "disconnected"
            return "same"

        async def lucky() -> str:
            tries["lucky"] += 1
            return "same"

        async def run(name: str, attempt: Callable[[], Awaitable[str]]) -> None:
            async def seen() -> str:
                running.add(name)
                try:
                    if tries[name]:  # again, and so with no other
                        for _ in range(5):
                            await asyncio.sleep(0)
                            assert running == {name}
                    return await attempt()
                finally:
                    running.remove(name)

            came[name] = await over.outlived(seen, lambda words: words == "same", ends=False)

        await asyncio.gather(run("killer", killer), run("victim", victim), run("lucky", lucky))

    watched(monkeypatch, broker, test)
    assert came == {"killer": None, "victim": "same", "lucky": "same"}
    assert tries == {"killer": 2, "victim": 2, "lucky": 1}


def test_a_broker_is_not_asked_after_each_cell_that_comes_out_well(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker()

    async def test(over: Watch) -> None:
        async def same() -> str:
            return "same"

        assert await over.outlived(same, lambda words: words == "same", ends=False) == "same"
        assert broker.asked == 0

    watched(monkeypatch, broker, test)


def test_a_failure_that_the_broker_outlives_is_the_cells_own(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(over: Watch) -> None:
        async def hung() -> str:
            return "hung"

        async def refused() -> str:
            raise ConnectionClosed(541, "no")

        assert await over.outlived(hung, lambda words: words == "same", ends=False) == "hung"
        with pytest.raises(ConnectionClosed):
            await over.outlived(refused, lambda words: words == "same", ends=False)

    watched(monkeypatch, Broker(), test)


def test_alone_waits_for_who_is_inside_and_keeps_others_out(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[str] = []

    async def test(over: Watch) -> None:
        go = asyncio.Event()

        async def first() -> None:
            async with over.beside():
                log.append("first in")
                await go.wait()
                log.append("first out")

        async def alone(name: str) -> None:
            async with over.alone():
                log.append(f"{name} in")
                await asyncio.sleep(0)
                log.append(f"{name} out")

        async def last() -> None:
            async with over.beside():
                log.append("last")

        tasks = [
            asyncio.create_task(first()),
            asyncio.create_task(alone("a")),
            asyncio.create_task(alone("b")),
        ]
        for _ in range(5):
            await asyncio.sleep(0)
        tasks.append(asyncio.create_task(last()))
        for _ in range(5):
            await asyncio.sleep(0)
        go.set()
        await asyncio.gather(*tasks)

    watched(monkeypatch, Broker(), test)
    assert log == ["first in", "first out", "a in", "a out", "b in", "b out", "last"]
