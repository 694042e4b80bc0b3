"""A broker that is stopped, killed, frozen or cut off: what was confirmed comes, and everyone is heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from harness import matrix
from harness.broker import Broker, parse_spec, running
from harness.engine.plan import Plan
from harness.engine.session import launches
from harness.faults import ENOUGH, LEDGER, SILENCE, Fault, Ordeal, suffer
from harness.peers.build import Launch
from harness.peers.manifest import PeerSpec

PRODUCERS, CONSUMERS = ("streadway", "amqp091-go"), ("rabbitpy", "pika")


def quiet(line: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return matrix.choose(PRODUCERS, CONSUMERS, ("article/*",), None).plan


@pytest.fixture(scope="module")
def ready(plan: Plan) -> dict[PeerSpec, Launch]:
    return launches(plan, quiet)


@pytest.fixture(scope="module", params=list(Fault))
def ordeal(request: pytest.FixtureRequest, plan: Plan, ready: dict[PeerSpec, Launch]) -> Iterator[Ordeal]:
    fault: Fault = request.param
    with running(parse_spec("debian:bookworm"), say=quiet) as broker:
        yield told(broker, plan, ready, fault)


def told(broker: Broker, plan: Plan, ready: dict[PeerSpec, Launch], fault: Fault) -> Ordeal:
    found, _ = suffer(broker, plan, ready, fault)
    for witness in found.witnesses:
        print(f"{fault}: the {witness.role} {witness.peer} saw {witness.saw}")
    return found


def test_what_was_confirmed_and_persistent_is_delivered_at_least_once(ordeal: Ordeal) -> None:
    assert set(ordeal.confirmed) == set(PRODUCERS)
    assert all(count >= ENOUGH for count in ordeal.confirmed.values())
    assert ordeal.lost == {LEDGER: (), **dict.fromkeys(CONSUMERS, ())}


def test_what_every_application_saw_is_recorded(
    ordeal: Ordeal, record_property: Callable[[str, object], None]
) -> None:
    for witness in ordeal.witnesses:
        record_property(f"{ordeal.fault}: {witness.role} {witness.peer}", witness.saw)
    assert sorted((one.peer, one.role) for one in ordeal.witnesses) == sorted(
        [(peer, "producer") for peer in PRODUCERS] + [(peer, "consumer") for peer in CONSUMERS]
    )
    silent = {one.peer for one in ordeal.witnesses if one.saw == SILENCE}
    if ordeal.fault in (Fault.FROZEN, Fault.CUT_OFF):
        assert silent == {*PRODUCERS, *CONSUMERS}, "no library has a way to know before its heartbeat is due"
    else:
        assert not silent & set(PRODUCERS), "a socket that closes is an error to whoever waits for a confirm"
