"""What a broker is beyond its version: its feature flags and deprecated features, asked of its own tool."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from harness.broker.info import Broker, BrokerInfo
from harness.errors import SetupError

UNKNOWN_COMMAND = "not found"
"""What rabbitmqctl says of a command that this version does not have."""


def described(broker: Broker) -> BrokerInfo:
    """What is known of ``broker``, and what it can be asked: only one in a container of ours can be."""
    name = broker.container
    if name is None or broker.info.product != "RabbitMQ":
        return broker.info
    with ThreadPoolExecutor(max_workers=2) as pool:
        flags = pool.submit(listed, name, "list_feature_flags", "name", "state")
        features = pool.submit(deprecated, name)
        return replace(
            broker.info, feature_flags=flags.result() or {}, deprecated_features=features.result() or {}
        )


def deprecated(name: str) -> Mapping[str, str] | None:
    """The deprecated features and the state of each, or only its phase before RabbitMQ told states (4.3)."""
    return listed(name, "list_deprecated_features")


def listed(name: str, *words: str) -> Mapping[str, str] | None:
    """The names and states that one of rabbitmqctl's lists has; None if this version has no such list."""
    from harness.broker import control  # the engine's client takes a third of a second to import

    try:
        text = control.ask(name, "--formatter", "json", *words)
    except SetupError as error:
        if UNKNOWN_COMMAND in error.problem:
            return None
        raise
    return {str(row["name"]): str(row.get("state", row.get("deprecation_phase"))) for row in json.loads(text)}
