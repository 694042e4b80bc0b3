"""What is done to a broker in a container while it runs: ask it, stop it, kill it, freeze it, bring it back.

Every function takes the container's name. SetupError says what the engine or the broker's own tool said.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import cast

from docker.errors import DockerException, NotFound
from docker.models.containers import Container

from harness.broker.config import Credentials
from harness.broker.container import DATA_FOLDER, await_ready
from harness.broker.engine import client
from harness.broker.image import Ready
from harness.broker.machine import tail
from harness.broker.owner import this_process
from harness.broker.probe import Hello
from harness.errors import SetupError

STOP_SECONDS = 60
"""How long a clean stop may take. It takes 2 to 8 s."""
STARTING = b"requires the 'rabbit' app to be running"
"""What the tool says of a broker that has not started yet."""
OWNER = "rabbitmq:rabbitmq"
"""Whom the data must belong to, by name: its number differs from image to image."""


def ask(name: str, *words: str) -> str:
    """What ``rabbitmqctl`` prints for ``words``, inside the container.

    RabbitMQ 3.8 serves clients a moment before its own tool finds it started: then that is waited for.
    """
    status, output = _run(name, *words)
    if status and STARTING in output:
        _run(name, "await_startup")
        status, output = _run(name, *words)
    if status:
        raise SetupError(f"rabbitmqctl {' '.join(words)} failed in {name}:\n{tail(output)}")
    return output.decode("utf-8", "replace")


def put_file(name: str, path: str, octets: bytes) -> None:
    """A file that everybody in the container may read."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo(PurePosixPath(path).name)
        entry.size, entry.mode = len(octets), 0o644
        tar.addfile(entry, io.BytesIO(octets))
    with _container(name) as container:
        container.put_archive(str(PurePosixPath(path).parent), archive.getvalue())


def enable_feature_flags(name: str) -> None:
    """All that are stable, as the upgrade guide demands before a new version is started on the data."""
    status, output = _run(name, "enable_feature_flag", "all")
    if status and b"not supported" not in output:
        raise SetupError(f"rabbitmqctl enable_feature_flag all failed in {name}:\n{tail(output)}")
    if status:  # RabbitMQ 3.8 knows no "all"
        for line in ask(name, "list_feature_flags", "name", "state").splitlines():
            flag, _, state = line.partition("\t")
            if state == "disabled":
                ask(name, "enable_feature_flag", flag)


def stop(name: str) -> None:
    """Cleanly: the broker ends by itself, having written what it holds, and the container with it."""
    _, output = _run(name, "shutdown")  # it ends with the container that it runs in: its status says nothing
    with _container(name) as container:
        status = container.wait(timeout=STOP_SECONDS)["StatusCode"]
    if status:
        raise SetupError(f"the broker in {name} ended with status {status} when stopped:\n{tail(output)}")


def kill(name: str) -> None:
    """SIGKILL."""
    with _container(name) as container:
        container.kill("SIGKILL")
        container.wait(timeout=STOP_SECONDS)


def freeze(name: str) -> None:
    """All its processes are held up; its sockets stay open. :func:`thaw` lets them go on."""
    with _container(name) as container:
        container.pause()


def thaw(name: str) -> None:
    """After :func:`freeze`."""
    with _container(name) as container:
        container.unpause()


def start_again(name: str, credentials: Credentials) -> tuple[str, Hello]:
    """After :func:`stop` or :func:`kill`, on its data: its new URL, once a message goes round."""
    with _container(name) as container:
        container.start()
        return await_ready(container, credentials)


@contextmanager
def volume(name: str, run: str) -> Iterator[str]:
    """A volume of that name, for as long as the with statement lasts."""
    with _engine("cannot make a volume"):
        engine = client()
        try:
            engine.volumes.create(name, labels=this_process(run).labels())
        finally:
            engine.close()
    try:
        yield name
    finally:
        remove_volume(name)


def remove_volume(name: str) -> None:
    """It may be gone already."""
    with _engine(f"cannot remove volume {name}"):
        engine = client()
        try:
            engine.volumes.get(name).remove()
        except NotFound:
            return
        finally:
            engine.close()


def hand_over(image: Ready, name: str) -> None:
    """Make the data in the volume the broker's own user's of ``image``."""
    command = ["chown", "-R", OWNER, DATA_FOLDER]
    with _engine(f"cannot hand the data in volume {name} over"):
        engine = client()
        try:
            mounts = {name: {"bind": DATA_FOLDER, "mode": "rw"}}
            engine.containers.run(image.id, command, remove=True, user="root", volumes=mounts)
        finally:
            engine.close()


def _run(name: str, *words: str) -> tuple[int | None, bytes]:
    with _container(name) as container:
        done = container.exec_run(["rabbitmqctl", "--quiet", *words])
    return done.exit_code, cast("bytes", done.output)


@contextmanager
def _container(name: str) -> Iterator[Container]:
    with _engine(f"container {name}"):
        engine = client()
        try:
            yield engine.containers.get(name)
        finally:
            engine.close()


@contextmanager
def _engine(what: str) -> Iterator[None]:
    try:
        yield
    except DockerException as error:
        raise SetupError(f"{what}: {error}") from error
