"""Users and virtual hosts that scenarios need, made on a broker that is the run's own.

They are imported as definitions in one go, by the broker's own tool; they go when the container does.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from typing import Any

from harness.broker.info import Broker
from harness.entry import Guest
from harness.raw.url import parse_url

FOLDER = "/var/lib/rabbitmq"
"""Where definitions stand inside the container, a file each time: several processes may share a broker."""


def closed_to(broker: Broker) -> str | None:
    """Why nobody can be made there; None if it can be done."""
    if broker.container is None or broker.info.product != "RabbitMQ":
        return "users and virtual hosts are made only on a RabbitMQ in a container of the run's own"
    return None


def welcome(broker: Broker, guests: Iterable[Guest]) -> None:
    """Make all of them on a broker that is not :func:`closed_to` it. SetupError says what its tool said."""
    from harness.broker import control  # the engine's client takes a third of a second to import

    assert broker.container is not None
    text = json.dumps(definitions(guests, parse_url(broker.url).user))
    path = f"{FOLDER}/interop-{secrets.token_hex(8)}.json"
    control.put_file(broker.container, path, text.encode())
    control.ask(broker.container, "import_definitions", path)


def definitions(guests: Iterable[Guest], own: str) -> dict[str, Any]:
    """RabbitMQ's definitions of ``guests``; ``own`` is the user of the run, who is there already."""
    guests = list(guests)
    users = {guest.user: guest.password or "" for guest in guests if guest.user is not None}
    allowed = {(guest.user or own, guest.vhost) for guest in guests if guest.permitted}
    return {
        "users": [{"name": user, "password": password, "tags": ""} for user, password in users.items()],
        "vhosts": [{"name": name} for name in sorted({guest.vhost for guest in guests})],
        "permissions": [
            {"user": user, "vhost": vhost, "configure": ".*", "write": ".*", "read": ".*"}
            for user, vhost in sorted(allowed)
        ],
    }
