"""The command line run to its end, and a virtual host of one's own."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit, urlunsplit

import docker

from harness.broker import Broker
from harness.peers.manifest import ROOT

DEADLINE = 60.0
PROGRAM = (sys.executable, "-m", "harness.cli")


def amqp_interop(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


@contextmanager
def own_vhost(broker: Broker) -> Iterator[tuple[str, Callable[[], list[str]]]]:
    """A URL of a new virtual host, and what lists its queues: by the broker's own command line."""
    address, name = urlsplit(broker.url), f"interrupted-{secrets.token_hex(4)}"
    client = docker.from_env()
    (container,) = (
        each
        for each in client.containers.list()
        for network in each.attrs["NetworkSettings"]["Networks"].values()
        if network["IPAddress"] == address.hostname
    )

    def rabbitmqctl(*words: str) -> list[str]:
        said = container.exec_run(["rabbitmqctl", "-q", *words], user="rabbitmq")
        assert said.exit_code == 0, said.output
        assert isinstance(said.output, bytes)
        return said.output.decode().split()

    rabbitmqctl("add_vhost", name)
    rabbitmqctl("set_permissions", "-p", name, unquote(address.username or ""), ".*", ".*", ".*")
    try:
        yield (
            urlunsplit(address._replace(path=f"/{name}")),
            lambda: rabbitmqctl("list_queues", "-p", name, "--no-table-headers", "name"),
        )
    finally:
        rabbitmqctl("delete_vhost", name)
        client.close()
