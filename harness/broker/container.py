"""A broker in a container, for as long as a with statement lasts.

It is started through testcontainers, listens on 127.0.0.1 and on the container's own address only, has a
user and a password of its own, and carries labels that name its owner. Its removal goes by its name, which is
known before the engine hears of it, so that an interrupt at any point of the start leaves nothing.
"""

from __future__ import annotations

import resource
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import cast

import docker
from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container
from docker.types import Ulimit
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from harness.broker.config import MEMORY_LIMIT, Credentials, Setup, configuration
from harness.broker.engine import NO_ENGINE, client
from harness.broker.image import Ready
from harness.broker.machine import Say, tail
from harness.broker.owner import LABEL_RUN, Found, place, stale, this_process
from harness.broker.probe import Hello, NotReady, greet
from harness.errors import SetupError

READY_SECONDS = 90.0
"""How long a broker may take from its start until a message goes round. It takes 4 to 8 s on two cores."""
OWN_SECONDS = 1.0
"""How long a step of the probe may take at a container's own address, which may lead nowhere."""
NOFILE = 65536
"""Open files wanted, more than a run needs. Unlimited would cost Erlang minutes at its start."""
HOST_NAME = "interop"
"""A node's name and its data folder hang on it; fixed, so that an upgrade in place finds its data."""
CONFIG_FILE = "/etc/rabbitmq/rabbitmq.conf"
DATA_FOLDER = "/var/lib/rabbitmq/mnesia"
PORT = "5672/tcp"
CONFLICT = 409
"""The engine's answer where a container is being removed already (Docker Engine API, DELETE)."""


@dataclass(frozen=True, slots=True)
class Contained:
    """A broker that is ready in the container ``name``."""

    name: str
    url: str = field(repr=False)
    hello: Hello


@contextmanager
def running_container(image: Ready, run: str, say: Say, setup: Setup) -> Iterator[Contained]:
    """Start ``image`` and yield where it is once a message goes round; remove it in any case."""
    name = f"amqp-interop-{secrets.token_hex(4)}"
    start = time.monotonic()
    try:
        with _started(image, name, run, setup) as container:
            url, hello = await_ready(container, setup.credentials)
        seconds = time.monotonic() - start
        say(f"started {hello.product} {hello.version} in container {name} in {seconds:.1f} s")
        yield Contained(name, url, hello)
    finally:
        if name not in _kept:
            remove(name)


_kept: set[str] = set()


def keep(name: str) -> None:
    """Don't remove the container ``name`` at its end. The next run here does, once its owner is gone."""
    _kept.add(name)


def remove(name: str) -> None:
    """Remove the container ``name`` and its data, if it is there. SetupError if the engine will not."""
    try:
        engine = client()
        try:
            _remove(engine, name)
        finally:
            engine.close()
    except DockerException as error:
        command = f"docker rm --force --volumes {name}"
        raise SetupError(f"cannot remove container {name}: {error}", f"by hand: {command}") from error


def _remove(engine: docker.DockerClient, name: str) -> bool:
    """Whether this call removed it: it may be gone already, or about to go by another's hand."""
    try:
        engine.api.remove_container(name, v=True, force=True)
    except NotFound:
        return False
    except APIError as error:
        if error.status_code != CONFLICT:
            raise
        return False
    return True


def sweep(engine: docker.DockerClient, say: Say) -> None:
    """Remove the containers whose owner was killed before it could, and no other."""
    found = [
        Found(str(one["Id"]), str(one["Names"][0]).lstrip("/"), one["State"] == "running", one["Labels"])
        for one in engine.api.containers(all=True, filters={"label": LABEL_RUN})
    ]
    for one in stale(found, place()):
        if _remove(engine, one.id):
            say(f"removed container {one.name}, left behind by a run that was killed")


# --- start -------------------------------------------------------------------------------------------


@contextmanager
def _started(image: Ready, name: str, run: str, setup: Setup) -> Iterator[Container]:
    """The started container, with the engine's client that testcontainers made for it: closed at the end."""
    with ExitStack() as clients:
        yield _start(image, name, run, setup, clients)


def _start(image: Ready, name: str, run: str, setup: Setup, clients: ExitStack) -> Container:
    attempts = nofile_attempts(resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    for nofile in attempts:
        try:
            prepared = _prepared(image, name, run, setup, nofile)
            clients.callback(prepared.get_docker_client().client.close)
            return prepared.start().get_wrapped_container()
        except (DockerException, OSError) as error:
            if nofile == attempts[-1] or not refuses_limit(str(error)):
                words = error.explanation if isinstance(error, APIError) and error.explanation else error
                raise SetupError(
                    f"the container engine cannot start {image.build}: {words}", NO_ENGINE
                ) from error
        remove(name)
    raise AssertionError("the last attempt returns or raises")


def nofile_attempts(own: int) -> tuple[int | None, ...]:
    """The limits of open files to ask for in turn: what is wanted; an engine with a lower limit of its own
    cannot give that, so this process's limit, which a local engine mostly shares; then whatever it gives.

    ``own``: the hard limit of this process. None asks for nothing.
    """
    return (NOFILE, own, None) if 0 < own < NOFILE else (NOFILE, None)


def refuses_limit(words: str) -> bool:
    """Whether the engine says that it may not give the limit asked for (runc's words; type 7 is nofile)."""
    return "setting rlimit" in words


def _prepared(image: Ready, name: str, run: str, setup: Setup, nofile: int | None) -> DockerContainer:
    # its reaper is an image that may not be had, and its environment variables would reach our children
    testcontainers_config.ryuk_disabled = True
    limits = [] if nofile is None else [Ulimit(name="nofile", soft=nofile, hard=nofile)]
    container = DockerContainer(image.id).with_name(name)
    # testcontainers' own with_bind_ports knows no address and so listens on all of them
    cast("dict[str, object]", container.ports)[PORT] = ("127.0.0.1", None)
    text = configuration(setup.credentials, "5672", setup.settings)
    container.with_copy_into_container(text.encode(), CONFIG_FILE)
    if setup.volume is not None:
        container.with_volume_mapping(setup.volume, DATA_FOLDER, "rw")
    return container.with_kwargs(
        labels=this_process(run).labels(), hostname=HOST_NAME, mem_limit=MEMORY_LIMIT, ulimits=limits
    )


# --- ready -------------------------------------------------------------------------------------------


def await_ready(container: Container, credentials: Credentials) -> tuple[str, Hello]:
    deadline, last = time.monotonic() + READY_SECONDS, "it was not asked yet"
    while time.monotonic() < deadline:
        container.reload()
        places = _places(container)
        if container.status != "running" or not places:
            raise _not_ready(container, credentials, f"the container is {container.status}")
        try:
            return reach(*(credentials.url(host, port) for host, port in places))
        except NotReady as error:
            last = error.problem
        time.sleep(0.05)
    raise _not_ready(container, credentials, f"not within {READY_SECONDS:g} s, the last time because {last}")


def reach(published: str, own: str | None = None) -> tuple[str, Hello]:
    """The better of two URLs of one broker that gets ready: its own address, for the engine's proxy is slow.

    Whether an own address can be reached shows only once the broker is ready (elsewhere than on Linux it
    cannot, and something else may answer there): by the published port, if by nothing else.
    """
    if own is None:
        return published, greet(published)
    try:
        return own, greet(own, OWN_SECONDS)
    except NotReady:
        hello = greet(published)
    try:
        return own, greet(own, OWN_SECONDS)  # it may have got ready between the two
    except NotReady:
        return published, hello


def _not_ready(container: Container, credentials: Credentials, why: str) -> SetupError:
    log = tail(container.logs(tail=30), 30).replace(credentials.password, "***")
    what = f"the broker in container {container.name} did not get ready"
    return SetupError(f"{what}: {why}; its log ends:\n{log}")


def _places(container: Container) -> list[tuple[str, int]]:
    """The published port, and the container's own address if it has one. Nothing if it does not run."""
    settings = container.attrs["NetworkSettings"]
    ports = [(str(one["HostIp"]), int(one["HostPort"])) for one in settings["Ports"].get(PORT) or []]
    own = [(str(one["IPAddress"]), 5672) for one in settings["Networks"].values() if one["IPAddress"]]
    return ports[:1] + own[:1] if ports else []
