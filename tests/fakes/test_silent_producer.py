"""A producer that says ok to everything and sends nothing: the harness must not wait for what never comes.

Not even for the message after the last, and no honest consumer may be ended because of it.
"""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from fake_runs import CASES, Fake, carry_out

from harness.broker import Broker
from harness.engine import alone, run
from harness.engine.first_pass import FirstPass

RUN_DEADLINE = 20.0


def test_a_producer_that_never_sends_hangs_its_own_cells_and_no_others(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two at a time: it must not wait for ever for them to arrive before it goes on with the third.
    monkeypatch.setattr(run, "FirstPass", partial(FirstPass, in_flight=2, stall=0.5))
    monkeypatch.setattr(alone, "CELL_DEADLINE", 0.6)
    fake = Fake("never_sends", "producer")

    async def in_time() -> None:
        async with asyncio.timeout(RUN_DEADLINE):
            outcome = await carry_out(broker, CASES, (fake,))
        lines = [outcome.lines[case.id, fake.label, "raw"] for case in CASES]
        assert [(line.verdict, line.step, line.outcome) for line in lines] == [
            ("hung", "producer", "fail")
        ] * len(CASES)
        assert outcome.red("raw", "raw") == set()
        assert outcome.starts == {"raw": 1}

    asyncio.run(in_time())
