"""From names to a run: peers made ready, started behind their taps, and the plan carried out on a broker."""

from __future__ import annotations

import asyncio
import secrets
import sysconfig
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import msgspec

from harness.broker import Broker
from harness.engine.connecting import Premises, premises
from harness.engine.plan import Plan
from harness.engine.run import Run, Summary
from harness.engine.station import Station, TapMaker
from harness.engine.topology import Topology
from harness.errors import SetupError
from harness.judge.expect import Expectations
from harness.judge.listed import Party, broker_party
from harness.peers.build import Launch, make_ready
from harness.peers.manifest import PeerSpec
from harness.peers.protocol import Role
from harness.raw.errors import RawError
from harness.results import CellLine, PeerInfo
from harness.tap.events import Event as WireEvent
from harness.tap.tap import Tap

Say = Callable[[str], None]


def plain_tap(spec: PeerSpec, role: Role, host: str, port: int, observer: Callable[[WireEvent], None]) -> Tap:
    """A tap that only relays and reads along."""
    return Tap(host, port, observer, name=f"{spec.label} ({role})")


class Session:
    """Stations for all peers of a plan, started; carries out the plan. Made by :func:`session`."""

    def __init__(
        self,
        plan: Plan,
        broker: Broker,
        producers: Mapping[str, Station],
        consumers: Mapping[str, Station],
        topology: Topology,
        premises: Premises,
    ) -> None:
        self.plan, self.broker = plan, broker
        self.producers, self.consumers = producers, consumers
        self.topology, self.premises = topology, premises
        self.token = secrets.token_hex(8)

    @property
    def party(self) -> Party:
        """The broker, as expectations name it."""
        info = self.broker.info
        return broker_party(info.product, info.version, info.settings)

    async def run(self, expectations: Expectations, tell: Callable[[CellLine], None]) -> Summary:
        """Every cell of the plan. SetupError if the broker is lost on the way."""
        run = Run(
            self.plan,
            self.producers,
            self.consumers,
            self.topology,
            self.party,
            expectations,
            self.token,
            tell,
            self.premises,
        )
        try:
            return await run.run()
        except* RawError as errors:
            raise SetupError(f"lost the broker during the run: {errors.exceptions[0]}") from errors

    def peers(self) -> tuple[PeerInfo, ...]:
        """What is known of the peers, once they are started."""
        return tuple(_info(station) for station in (*self.producers.values(), *self.consumers.values()))


def _info(station: Station) -> PeerInfo:
    spec, described = station.spec, station.described
    return PeerInfo(
        label=spec.label,
        name=spec.name,
        release=spec.release,
        language=spec.language,
        runtime=described.runtime if described else "",
        roles=(station.role,),
        unsupported=described.unsupported if described else (),
        stated=station.stated,
    )


def launches(plan: Plan, say: Say) -> dict[PeerSpec, Launch]:
    """Every peer of the plan made ready, side by side. SetupError from the first that can't be."""
    specs = list(dict.fromkeys((*plan.producers, *plan.consumers)))
    sysconfig.get_config_vars()  # the first call, uv's otherwise, is not safe in several threads (3.11)
    with ThreadPoolExecutor(max_workers=4) as pool:
        return dict(zip(specs, pool.map(lambda spec: make_ready(spec, say), specs), strict=True))


def _released(spec: PeerSpec, launch: Launch) -> PeerSpec:
    """The peer with its release as it was found: a checkout's is known once it is made ready."""
    return msgspec.structs.replace(spec, release=launch.release)


@asynccontextmanager
async def session(
    plan: Plan,
    broker: Broker,
    ready: Mapping[PeerSpec, Launch],
    make_tap: TapMaker | None = plain_tap,
) -> AsyncIterator[Session]:
    """Started stations; all of them are ended, and all that was declared is deleted, however it ends."""

    def stations(specs: tuple[PeerSpec, ...], role: Role) -> dict[str, Station]:
        made = ((_released(spec, ready[spec]), ready[spec]) for spec in specs)
        return {spec.label: Station(spec, role, launch, broker.url, make_tap) for spec, launch in made}

    producers, consumers = stations(plan.producers, "producer"), stations(plan.consumers, "consumer")
    plan = msgspec.structs.replace(
        plan,
        producers=tuple(station.spec for station in producers.values()),
        consumers=tuple(station.spec for station in consumers.values()),
    )
    topology = Topology(broker.url)
    everyone = (*producers.values(), *consumers.values())
    lost: SetupError | None = None
    try:
        starting = asyncio.gather(*(station.start_quietly() for station in everyone))
        made, _ = await asyncio.gather(premises(broker, plan.cases), starting)
        yield Session(plan, broker, producers, consumers, topology, made)
    except SetupError as error:
        lost = error
        raise
    finally:
        await asyncio.gather(*(station.close() for station in everyone))
        try:
            await topology.close()
        except RawError as error:
            if lost is None:  # else the first reason is the one to tell
                raise SetupError(f"could not clean up on {broker.info.url}: {error}") from error


__all__ = ["Session", "launches", "plain_tap", "session"]
