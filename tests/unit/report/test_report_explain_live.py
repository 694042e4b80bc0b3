"""Cells of real libraries, explained on a real broker: the blame falls where the octets say."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from harness import matrix
from harness.broker import Broker
from harness.engine.session import launches, session
from harness.errors import UsageError
from harness.report.explain import explain_cell
from harness.report.lines import Look

PIPE = Look(None, False)
SECTION_HEADER = bytes.fromhex("0a0d0d0a")


def explained(cell: str, broker: Broker, pcapng: Path | None = None) -> str:
    case, producer, consumer = matrix.parse_cell(cell)
    plan = matrix.choose((producer,), (consumer,), (case,), None).plan
    ready = launches(plan, print)

    async def run() -> str:
        async with session(plan, broker, ready) as started:
            return await explain_cell(started, next(plan.cells()), pcapng, look=PIPE)

    return asyncio.run(run())


def test_pikas_double_is_blamed_on_the_consumer_with_the_octets_that_it_was_given(
    broker: Broker, tmp_path: Path
) -> None:
    path = tmp_path / "double.pcapng"
    text = explained("headers/double[amqp091-go->pika]", broker, path)
    assert "Verdict: narrowed at the consumer" in text
    assert "pika 1.4.4 read header k, sent and delivered as double 3.14, as int 3\n" in text
    assert "\n*  headers.k    double 3.14" in text
    for place in ("sent     ", "delivered"):
        assert f"  {place}  octets 20 to 28  64 40091eb851eb851f  double 3.14\n" in text
    capture = path.read_bytes()
    assert capture.startswith(SECTION_HEADER)
    assert capture.count(bytes.fromhex("6440091eb851eb851f")) == 2
    password = broker.url.split(":")[2].rpartition("@")[0].encode()
    assert b"PLAIN" in capture
    assert b"\0" + password not in capture


def test_streadways_octet_is_blamed_on_the_producer(broker: Broker) -> None:
    text = explained("headers/uint8-200[streadway->raw]", broker)
    assert "Verdict: altered at the producer" in text
    assert "streadway 1.1.0, asked for header k as uint8 200, sent int8 -56\n" in text
    assert "42 c8  uint8 200\n" in text
    assert "62 c8  int8 -56\n" in text


def test_a_clean_cell_is_explained_too(broker: Broker) -> None:
    text = explained("headers/int32[raw->raw]", broker)
    assert "Verdict: same (pass)" in text
    assert "unchanged\n" in text


def test_a_capture_that_cannot_be_written_is_the_users_error(broker: Broker, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write the capture to"):
        explained("headers/int32[raw->raw]", broker, tmp_path / "no" / "x.pcapng")
