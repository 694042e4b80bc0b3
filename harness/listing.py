"""What there is, for people: a line each."""

from __future__ import annotations

from collections.abc import Iterator

from harness.broker import FORMS
from harness.matrix import Chosen
from harness.peers.build import missing_toolchain
from harness.peers.manifest import find_peers
from harness.peers.protocol import Role


def peer_lines(chosen: Chosen) -> Iterator[str]:
    """Every peer: label, release, language, roles, and why it can't run here if it can't."""
    roles: dict[str, list[Role]] = {}
    specs = {spec.label: spec for spec in find_peers()}
    for spec in find_peers():
        roles.setdefault(spec.label, []).extend(spec.roles)
    for label, spec in specs.items():
        lacking = missing_toolchain(spec)
        can = "can run here" if lacking is None else f"can't run here: {lacking}"
        yield f"{label:16} {spec.release:8} {spec.language:8} {', '.join(roles[label]):20} {can}"


def case_lines(chosen: Chosen) -> Iterator[str]:
    """Every case, and why it exists."""
    width = max(len(case.id) for case in chosen.plan.cases)
    return (f"{case.id:{width}}  {case.why}" for case in chosen.plan.cases)


def broker_lines(chosen: Chosen) -> Iterator[str]:
    """The forms of a broker's spec."""
    return (f"{form:40} {meaning}" for form, meaning in FORMS)


def cell_lines(chosen: Chosen) -> Iterator[str]:
    """Every cell's id, as the results of a run on these brokers have it."""
    several = len(chosen.specs) > 1
    for spec in chosen.specs:
        for cell in chosen.plan.cells():
            yield f"{cell.id}@{spec}" if several else cell.id
