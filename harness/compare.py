"""Two peers in the same place: all cells of the one held against all cells of the other."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import msgspec

from harness import matrix
from harness.broker import Spec, running
from harness.diff import Diff, Keyed, diff
from harness.engine.plan import Plan
from harness.engine.session import plain_tap
from harness.errors import UsageError
from harness.peers.manifest import find_peers
from harness.peers.protocol import Role
from harness.results import CellLine, Head, Line


@dataclass(frozen=True, slots=True)
class Match:
    """Two peers, by their labels, and a plan for each role in which they are compared."""

    old: str
    new: str
    plans: tuple[tuple[Role, Plan], ...]
    spec: Spec | None
    left_out: tuple[tuple[str, str], ...]


def choose(
    pair: tuple[str, str],
    producers: Sequence[str],
    consumers: Sequence[str],
    cases: Sequence[str],
    broker: str | None,
) -> Match:
    """Check every name. Who is named as producer or consumer is the other side: the pair has the other role.

    UsageError for a pair that has no role in common, or not the one that is asked for.
    """
    wanted: list[Role] = ["consumer"] if producers else []
    wanted += ["producer"] if consumers else []
    roles = wanted or [role for role in _roles() if all(_has(name, role) for name in pair)]
    if not roles:
        raise UsageError(
            f"{' and '.join(pair)} have no role in common", "amqp-interop list peers shows roles"
        )
    made = [(role, _chosen(role, pair, producers, consumers, cases, broker)) for role in roles]
    plans = tuple((role, one.plan if wanted else _without_the_pair(role, one.plan)) for role, one in made)
    labels = _labels(*plans[0])
    if len(labels) != 2:
        raise UsageError(f"{' and '.join(pair)} are the same peer")
    left = {spec.label: why for _, one in made for spec, why in one.left_out}
    return Match(*labels, plans, made[0][1].spec, tuple(left.items()))


def _roles() -> tuple[Role, ...]:
    return ("producer", "consumer")


def _has(name: str, role: Role) -> bool:
    known = {spec.name for spec in find_peers() if role in spec.roles}
    return name.partition("@")[0].partition("[")[0] in known


def _chosen(
    role: Role,
    pair: tuple[str, str],
    producers: Sequence[str],
    consumers: Sequence[str],
    cases: Sequence[str],
    broker: str | None,
) -> matrix.Chosen:
    if role == "producer":
        return matrix.choose(pair, consumers, cases, broker)
    return matrix.choose(producers, pair, cases, broker)


def _without_the_pair(role: Role, plan: Plan) -> Plan:
    """The plan without the two on the other side, where they are only because nobody was named."""
    pair = _labels(role, plan)
    if role == "producer":
        others = tuple(spec for spec in plan.consumers if spec.label not in pair)
        return msgspec.structs.replace(plan, consumers=others, full=False)
    others = tuple(spec for spec in plan.producers if spec.label not in pair)
    return msgspec.structs.replace(plan, producers=others, full=False)


def _labels(role: Role, plan: Plan) -> tuple[str, ...]:
    return tuple(spec.label for spec in (plan.producers if role == "producer" else plan.consumers))


class Played(msgspec.Struct, frozen=True):
    """What became of a match: a head and the differences; the cells of each side are ``cells`` many."""

    head: Head
    diff: Diff
    cells: int


def play(match: Match, say: matrix.Say) -> Played:
    """Run all plans on one broker and hold the cells of the two against each other."""
    from harness.report.progress import Progress

    for label, why in match.left_out:
        say(f"left out: {label} ({why})")
    heads: list[Head] = []
    sides: dict[str, list[Keyed]] = {match.old: [], match.new: []}
    with running(match.spec, say=say) as broker:
        for role, plan in match.plans:
            with closing(Progress(plan.size)) as progress:

                def tell(line: Line, role: Role = role, progress: Progress = progress) -> None:
                    if isinstance(line, Head):
                        heads.append(line)
                    elif isinstance(line, CellLine):
                        progress.cell(line)
                        label = line.producer if role == "producer" else line.consumer
                        sides[label].append((_place(role, line), line))

                matrix.carry_out(broker, plan, plain_tap, say, tell)
    cells = len(sides[match.old])
    return Played(_joined(heads), diff(sides[match.old], sides[match.new]), cells)


def _place(role: Role, cell: CellLine) -> tuple[str, str, str]:
    """Where in the match a cell is, whoever of the two plays there."""
    return role, cell.case, cell.consumer if role == "producer" else cell.producer


def _joined(heads: Sequence[Head]) -> Head:
    """One head that knows the peers of all."""
    peers = tuple(dict.fromkeys(peer for head in heads for peer in head.peers))
    return msgspec.structs.replace(heads[0], peers=peers)
