"""The first and the last line of a results file, made from what was run and what it came to."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

import harness
from harness.broker import BrokerInfo
from harness.cases import digest
from harness.engine.plan import Plan
from harness.engine.run import Summary
from harness.results import FORMAT, Broker, Foot, Head, PeerInfo


def head_of(
    infos: Sequence[BrokerInfo], plan: Plan, peers: tuple[PeerInfo, ...], tapped: bool, listed: Path
) -> Head:
    """The first line of the results of ``plan`` on all these brokers; ``listed``: the expectations' file."""
    first, *others = map(broker_line, infos)
    shard = plan.shard
    return Head(
        format=FORMAT,
        suite=harness.__version__,
        date=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        broker=first,
        peers=peers,
        cases=len(plan.cases),
        cases_sha256=digest(plan.cases),
        cells=plan.size * len(infos),
        tap=tapped,
        full=plan.full,
        more_brokers=tuple(others),
        shard=shard and msgspec.structs.replace(shard, cells=shard.cells * len(infos)),
        expectations_sha256=digest_of(listed),
    )


def broker_line(info: BrokerInfo) -> Broker:
    """A broker as it stands in a results file."""
    return Broker(
        spec=info.spec,
        product=info.product,
        version=info.version,
        platform=info.platform,
        build=info.build,
        settings=info.settings,
        feature_flags=info.feature_flags,
        deprecated_features=info.deprecated_features,
    )


def digest_of(listed: Path) -> str:
    """SHA-256 of a list of expectations."""
    return hashlib.sha256(listed.read_bytes()).hexdigest()


def foot_of(infos: Sequence[BrokerInfo], summaries: Sequence[Summary]) -> Foot:
    """The last line: what the runs on all these brokers come to. They shared a list of expectations."""
    outcomes, verdicts = Counter[str](), Counter[str]()
    seconds: dict[str, float] = {}
    strays: list[str] = []
    for info, each in zip(infos, summaries, strict=True):
        outcomes.update(each.outcomes)
        verdicts.update(map(str, each.verdicts.elements()))
        for phase, time in each.seconds.items():
            seconds[phase] = seconds.get(phase, 0.0) + time
        strays += [f"{info.spec}: {stray}" if len(infos) > 1 else stray for stray in each.strays]
    return Foot(
        outcomes=dict(outcomes),
        verdicts=dict(verdicts),
        seconds={phase: round(time, 3) for phase, time in seconds.items()},
        first_pass_cells=sum(each.first_pass_cells for each in summaries),
        stale=summaries[-1].stale,
        strays=tuple(strays),
    )
