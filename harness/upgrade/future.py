"""The release after the next, as far as it can be had today: all that the new broker deprecates is denied.

What RabbitMQ calls a deprecated feature is permitted, then denied unless one asks for it, then gone; the
configuration can deny each of them now (RabbitMQ's documentation, "Deprecated Features").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.broker import Broker
from harness.broker.describe import deprecated
from harness.diff import Diff, Direction
from harness.errors import SetupError
from harness.results import CellLine
from harness.scenarios import Scenario

PERMITTED = ("permitted", "permitted_by_default")
"""As a state, and as a phase where RabbitMQ tells no states."""


def denials(broker: Broker) -> tuple[str, ...]:
    """Lines of rabbitmq.conf that deny each feature that ``broker`` deprecates and still permits."""
    return tuple(denial(name) for name, state in states(broker).items() if state in PERMITTED)


def denial(feature: str) -> str:
    """The line that denies one."""
    return f"deprecated_features.permit.{feature} = false"


def states(broker: Broker) -> Mapping[str, str]:
    """The features that the broker deprecates, and the state of each. SetupError if it does not tell."""
    if broker.container is None:
        raise SetupError(
            f"{broker.info.spec} can't be asked what it deprecates: it runs in no container of ours"
        )
    found = deprecated(broker.container)
    if found is None:
        raise SetupError(f"{broker.info.product} {broker.info.version} has no list of deprecated features")
    return found


def casualties(
    diff: Diff, scenarios: Mapping[str, Scenario]
) -> Iterator[tuple[str, str, tuple[CellLine, ...]]]:
    """What won't survive: each scenario, why it exists, and its cells that got worse."""
    worse: dict[str, list[CellLine]] = {}
    for change in diff.changes:
        if change.direction is Direction.WORSE and change.after is not None:
            worse.setdefault(change.after.case, []).append(change.after)
    for case, cells in worse.items():
        why = scenarios[case].why if case in scenarios else ""
        yield case, why, tuple(cells)
