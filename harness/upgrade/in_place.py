"""One broker exchanged for another on the same data, with messages in its queues.

The old one is filled, asked to enable its feature flags, and stopped cleanly; the new one is started on its
volume under the same name and user. What is taken out of it is held against what the old one gave out of a
second set of the same queues, and against the same messages fresh through the new one.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias

import msgspec

from harness.broker import RUN, Broker, Setup, Spec, running
from harness.broker.config import fresh_credentials
from harness.engine.plan import Plan
from harness.engine.session import Say, Session, session
from harness.errors import SetupError
from harness.peers.build import Launch
from harness.peers.manifest import PeerSpec
from harness.raw.errors import RawError
from harness.upgrade.findings import Finding, Stay, findings
from harness.upgrade.inn import Inn, Shelves
from harness.upgrade.lodgers import Lodger, QueueKind

KEPT, CONTROL, FRESH = "kept", "control", "fresh"
Meddle: TypeAlias = Callable[[Broker, Inn], Coroutine[Any, Any, None]]
"""What a test does to the messages between the exchange and their delivery."""


class Moved(msgspec.Struct, frozen=True):
    """What an exchange came to: every message's fate; in words what could not be tried, and which messages
    the new broker no longer takes into a kind of queue."""

    findings: tuple[Finding, ...]
    kinds: tuple[QueueKind, ...]
    unable: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def fails(self) -> bool:
        """Whether anything became of a message that may not."""
        return bool(self.refused) or any(one.fate.fails for one in self.findings)


@contextmanager
def keeping(spec: Spec | None, *, say: Say) -> Iterator[tuple[Broker, Setup]]:
    """A broker whose data outlives it, and how to start another one on it."""
    from harness.broker import control

    with control.volume(f"amqp-interop-{secrets.token_hex(4)}", RUN) as volume:
        setup = Setup(fresh_credentials(), volume=volume)
        with running(spec, say=say, setup=setup) as broker:
            yield broker, setup


def move(
    old: Broker,
    setup: Setup,
    new: Spec | None,
    plan: Plan,
    ready: Mapping[PeerSpec, Launch],
    lodgers: Sequence[Lodger],
    say: Say,
    meddle: Meddle | None = None,
) -> Moved:
    """Exchange ``old`` for ``new`` under the messages. ``plan`` has the peers. SetupError if the new one does
    not start on the data, with the end of its log."""
    consumers = tuple(spec.label for spec in plan.consumers)
    if not lodgers:
        raise SetupError("no message came through on both brokers, so none can be left in a queue")
    from harness.broker import control

    assert old.container is not None, "only a broker in a container keeps its data in a volume"
    inn = Inn(secrets.token_hex(8), consumers, (KEPT, CONTROL))
    before = asyncio.run(_move_in(inn, old, plan, ready, lodgers))
    say(f"left {len(lodgers)} messages each in durable queues: {', '.join(inn.kinds)}")
    control.enable_feature_flags(old.container)
    control.stop(old.container)
    with running(new, say=say, setup=setup) as broker:
        say(f"exchanged {old.info.version} for {broker.info.version} on the same data")
        if meddle is not None:
            asyncio.run(meddle(broker, inn))
        after, fresh, refused = asyncio.run(_move_out(inn, broker, plan, ready, lodgers, before))
    stays = [
        Stay(
            consumer,
            kind,
            tuple(one for one in lodgers if one.consumer == consumer and one.fits(kind)),
            shelf,
            after.get((consumer, kind), {}),
            fresh.get((consumer, kind), {}),
        )
        for (consumer, kind), shelf in before.items()
    ]
    return Moved(tuple(findings(stays)), inn.kinds, tuple(_unable(consumers, inn.kinds, before)), refused)


def _unable(consumers: Sequence[str], kinds: Sequence[QueueKind], before: Shelves) -> Iterator[str]:
    for consumer in consumers:
        for kind in kinds:
            if (consumer, kind) not in before:
                yield f"not tried: {consumer} takes nothing from a {kind} queue on the old broker either"


async def _move_in(
    inn: Inn, broker: Broker, plan: Plan, ready: Mapping[PeerSpec, Launch], lodgers: Sequence[Lodger]
) -> Shelves:
    """Fill both sets on the old broker, and take one of them empty again."""
    async with _session(plan, broker, ready) as started:
        await inn.open(broker.url)
        await inn.try_out(broker.url, lodgers)
        await inn.fill(broker.url, started.producers, lodgers)
        return await inn.empty(started.consumers, CONTROL)


async def _move_out(
    inn: Inn,
    broker: Broker,
    plan: Plan,
    ready: Mapping[PeerSpec, Launch],
    lodgers: Sequence[Lodger],
    before: Shelves,
) -> tuple[Shelves, Shelves, tuple[str, ...]]:
    """Take the kept set empty on the new broker; then the same messages again, fresh. Of what gave out
    something on the old one, ``before``. Third: what the new one alone won't take, in words."""
    again = Inn(secrets.token_hex(8), [spec.label for spec in plan.consumers], (FRESH,))
    async with _session(plan, broker, ready) as started:
        await inn.awake(broker.url)
        after = await inn.empty(started.consumers, KEPT, before)
        again.kinds = tuple(kind for kind in await again.open(broker.url) if kind in inn.kinds)
        await again.try_out(broker.url, lodgers)
        await again.fill(broker.url, started.producers, lodgers)
        return after, await again.empty(started.consumers, FRESH, before), tuple(_newly(inn, again))


def _newly(old: Inn, new: Inn) -> Iterator[str]:
    for (case, kind), said in new.refused.items():
        if (case, kind) not in old.refused:
            yield f"{case} into a {kind} queue: {said}"


@asynccontextmanager
async def _session(plan: Plan, broker: Broker, ready: Mapping[PeerSpec, Launch]) -> AsyncIterator[Session]:
    """The plan's peers, started; a broker that is lost is the machine's fault, not a result."""
    try:
        async with session(plan, broker, ready) as started:
            yield started
    except RawError as error:
        raise SetupError(f"lost {broker.info} while messages were moved: {error}") from error
