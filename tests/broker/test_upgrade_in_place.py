"""An exchange of brokers under their messages: what comes through, and that what is done to one is found."""

from __future__ import annotations

import msgspec
import pytest

from harness import matrix
from harness.amqp.message import Inline, Message
from harness.amqp.values import Longstr, Octet, Table
from harness.broker import Broker, parse_spec
from harness.engine.plan import sentinel
from harness.engine.session import launches
from harness.raw.client import connect
from harness.raw.outcomes import Received
from harness.upgrade.findings import Fate, Finding
from harness.upgrade.in_place import KEPT, Moved, keeping, move
from harness.upgrade.inn import LAST, Inn
from harness.upgrade.lodgers import Lodger, QueueKind

SPEC = "debian:bookworm"
LOST, DOUBLED, ALTERED, WHOLE = (f"upgrade/{name}" for name in ("lost", "doubled", "altered", "whole"))
HEADERS = Table((("k", Longstr("v")),))


def quiet(line: str) -> None:
    """Say nothing."""


def lodger(case: str) -> Lodger:
    return Lodger(
        case, "raw", "raw", Message({"headers": HEADERS, "delivery_mode": Octet("2")}, Inline(case))
    )


async def meddle(broker: Broker, inn: Inn) -> None:
    """Lose one message, double another, alter a third, in the classic and in the quorum queue."""
    async with await connect(broker.url) as client:
        for kind in (QueueKind.CLASSIC, QueueKind.QUORUM):
            queue = inn.queue("raw", kind, KEPT)
            taken: list[Received] = []
            while (received := await client.get(queue, no_ack=True)) is not None:
                taken.append(received)
            assert taken[-1].routing_key == LAST
            for each in taken:
                for again in changed(str(each.routing_key), inn):
                    await client.publish_confirmed(inn.exchange("raw", kind), each.routing_key, again)


def changed(key: str, inn: Inn) -> list[Message]:
    """What is put back in place of the message with that routing key."""
    if key == LAST:
        return [sentinel(inn.token)]
    case = key.removeprefix("raw/")
    message = lodger(case).message
    if case == LOST:
        return []
    if case == ALTERED:
        return [msgspec.structs.replace(message, body=Inline("another body"))]
    return [message, message] if case == DOUBLED else [message]


@pytest.fixture(scope="module")
def moved() -> Moved:
    chosen = matrix.choose(("raw",), ("raw",), ("headers/longstr",), None)
    lodgers = tuple(lodger(case) for case in (LOST, DOUBLED, ALTERED, WHOLE))
    ready = launches(chosen.plan, quiet)
    with keeping(parse_spec(SPEC), say=quiet) as (old, setup):
        return move(old, setup, parse_spec(SPEC), chosen.plan, ready, lodgers, quiet, meddle)


def of(moved: Moved, kind: QueueKind) -> dict[str, Finding]:
    return {one.lodger.case: one for one in moved.findings if one.kind is kind}


@pytest.mark.parametrize("kind", [QueueKind.CLASSIC, QueueKind.QUORUM])
def test_a_message_that_is_lost_doubled_or_altered_on_the_way_is_found(moved: Moved, kind: QueueKind) -> None:
    found = of(moved, kind)
    assert {case: one.fate for case, one in found.items()} == {
        LOST: Fate.LOST,
        DOUBLED: Fate.DOUBLED,
        ALTERED: Fate.ALTERED,
        WHOLE: Fate.SAME,
    }
    difference = found[ALTERED].difference
    assert difference is not None
    assert difference.path == "body"


def test_what_lay_in_a_stream_comes_through_as_it_was(moved: Moved) -> None:
    assert {one.fate for one in of(moved, QueueKind.STREAM).values()} == {Fate.SAME}
    assert len(of(moved, QueueKind.STREAM)) == 4
