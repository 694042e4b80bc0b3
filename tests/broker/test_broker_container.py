"""A broker in a container, with a real engine."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import NotFound
from docker.models.containers import Container

from harness.broker import Broker, NotReady, container, control, parse_spec, running
from harness.broker.config import MEMORY_LIMIT
from harness.broker.engine import client, engine
from harness.broker.image import REPOSITORY, Ready, debian_image, find
from harness.broker.owner import LABEL_PID, Owner, place, this_process
from harness.broker.probe import greet
from harness.broker.spec import Release
from harness.errors import SetupError
from harness.raw.url import parse_url


def quiet(line: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def docker_engine() -> Iterator[docker.DockerClient]:
    asked = engine(quiet)
    yield asked
    asked.close()


@pytest.fixture(scope="module")
def image(docker_engine: docker.DockerClient) -> Ready:
    return debian_image(Release.BOOKWORM, docker_engine, quiet)


@pytest.fixture(scope="module")
def broker(image: Ready) -> Iterator[Broker]:
    """One broker for all the tests that only look at it."""
    with running(parse_spec("debian:bookworm"), say=quiet) as started:
        yield started


@pytest.fixture(scope="module")
def found(broker: Broker, docker_engine: docker.DockerClient) -> Container:
    """The container of ``broker``, by its address."""
    (one,) = (
        one
        for one in docker_engine.containers.list(filters={"label": f"{LABEL_PID}={os.getpid()}"})
        if broker_password(broker) in config_of(one)
    )
    return one


def broker_password(broker: Broker) -> str:
    return parse_url(broker.url).password


def config_of(one: Container) -> str:
    return str(one.exec_run(["cat", container.CONFIG_FILE]).output)


def names(docker_engine: docker.DockerClient) -> set[str]:
    return {str(one["Names"][0]).lstrip("/") for one in docker_engine.api.containers(all=True)}


# --- what a running one is like ----------------------------------------------------------------------


def test_it_says_what_it_is(broker: Broker) -> None:
    assert broker.info.spec == "debian:bookworm"
    assert (broker.info.product, broker.info.version) == ("RabbitMQ", "3.10.8")
    assert broker.info.platform.startswith("Erlang/OTP")
    assert broker.info.build.startswith("rabbitmq-server 3.10.8-")
    assert broker.info.url == broker.url.replace(broker_password(broker), "***")


def test_it_listens_on_loopback_only(found: Container) -> None:
    (binding,) = found.attrs["NetworkSettings"]["Ports"]["5672/tcp"]
    assert binding["HostIp"] == "127.0.0.1"
    assert list(found.attrs["HostConfig"]["PortBindings"]) == ["5672/tcp"]


def test_its_published_port_works_too(found: Container, broker: Broker) -> None:
    (binding,) = found.attrs["NetworkSettings"]["Ports"]["5672/tcp"]
    address = parse_url(broker.url)
    url = f"amqp://{address.user}:{address.password}@127.0.0.1:{binding['HostPort']}/"
    assert greet(url).version == "3.10.8"


def test_it_is_labelled_with_its_owner(found: Container) -> None:
    owner = this_process(found.labels["amqp-interop.run"])
    assert owner.labels().items() <= found.labels.items()


def test_its_memory_and_its_open_files_are_limited(found: Container) -> None:
    assert found.attrs["HostConfig"]["Memory"] == MEMORY_LIMIT
    limits = Path(f"/proc/{found.attrs['State']['Pid']}/limits").read_text()
    (line,) = (line for line in limits.splitlines() if line.startswith("Max open files"))
    own = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert int(line.split()[3]) in container.nofile_attempts(own)


def test_its_password_is_in_no_inspection_log_or_process(found: Container, broker: Broker) -> None:
    password = broker_password(broker)
    assert password in config_of(found)
    assert password not in json.dumps(found.attrs)
    assert password not in found.logs().decode()
    assert password not in processes("cmdline") + processes("environ")


def processes(part: str) -> str:
    """That file of every process on this machine that this user may read."""
    texts = []
    for path in Path("/proc").glob(f"[0-9]*/{part}"):
        try:
            texts.append(path.read_bytes().decode("utf-8", "replace"))
        except OSError:
            continue  # it ended, or is another user's
    assert texts
    return "\n".join(texts)


def test_wrong_credentials_are_told_from_an_unreachable_broker(broker: Broker) -> None:
    address = parse_url(broker.url)
    with pytest.raises(NotReady, match="refused the user or the password") as caught:
        greet(f"amqp://{address.user}:wr0ng@{address.host}/")
    assert "wr0ng" not in str(caught.value)
    assert address.user in caught.value.next_step


def test_a_missing_virtual_host_is_told_from_wrong_credentials(broker: Broker) -> None:
    address = parse_url(broker.url)
    with pytest.raises(NotReady, match="no such virtual host") as caught:
        greet(f"amqp://{address.user}:{address.password}@{address.host}/nowhere")
    assert address.password not in str(caught.value)


def test_its_tool_is_heard_only_once_it_is_started(found: Container, broker: Broker) -> None:
    assert broker.container is not None
    control.ask(broker.container, "stop_app")
    found.exec_run(["rabbitmqctl", "start_app"], detach=True)
    flags = control.ask(broker.container, "list_feature_flags", "name")
    assert "quorum_queue" in flags.split()


def test_attaching_to_it_by_its_url_leaves_it_running_and_nothing_behind(broker: Broker) -> None:
    with running(parse_spec(broker.url), say=quiet) as attached:
        assert attached.info.version == broker.info.version
        assert attached.info.build == ""
        assert broker_password(broker) not in repr(attached)
    assert greet(broker.url)


def test_a_probe_leaves_no_queue(found: Container, broker: Broker) -> None:
    greet(broker.url)
    listed = found.exec_run(["rabbitmqctl", "--quiet", "--no-table-headers", "list_queues", "name"])
    assert (listed.exit_code, str(listed.output)) == (0, str(b""))


# --- start and end -----------------------------------------------------------------------------------


def derived(docker_engine: docker.DockerClient, image: Ready, command: list[str]) -> Iterator[str]:
    """An image of another start command, as a reference."""
    base = docker_engine.containers.create(image.id)
    try:
        name = f"amqp-interop-test/{base.name}"
        base.commit(repository=name, tag="1", conf={"Cmd": command, "Labels": {}})
    finally:
        base.remove()
    yield f"{name}:1"
    docker_engine.images.remove(f"{name}:1")


@pytest.fixture
def dying(docker_engine: docker.DockerClient, image: Ready) -> Iterator[str]:
    yield from derived(docker_engine, image, ["sh", "-c", "echo the disk is full; exit 1"])


@pytest.fixture
def silent(docker_engine: docker.DockerClient, image: Ready) -> Iterator[str]:
    yield from derived(docker_engine, image, ["sh", "-c", "echo thinking; exec sleep 600"])


@pytest.fixture
def unstartable(docker_engine: docker.DockerClient, image: Ready) -> Iterator[str]:
    yield from derived(docker_engine, image, ["/no/such/program"])


@pytest.fixture
def other_image(docker_engine: docker.DockerClient, image: Ready) -> Iterator[str]:
    yield from derived(docker_engine, image, ["/usr/lib/rabbitmq/bin/rabbitmq-server"])


def ours(docker_engine: docker.DockerClient) -> set[str]:
    """The containers of this process."""
    mine = docker_engine.api.containers(all=True, filters={"label": f"{LABEL_PID}={os.getpid()}"})
    return {str(one["Id"]) for one in mine}


def test_any_image_reference_that_is_there_is_started_and_removed_after_an_exception_too(
    other_image: str, docker_engine: docker.DockerClient
) -> None:
    before = ours(docker_engine)
    with pytest.raises(ZeroDivisionError), running(parse_spec(other_image), say=quiet) as started:
        assert started.info.spec == other_image
        assert started.info.build.startswith("sha256:")
        assert len(ours(docker_engine) - before) == 1
        raise ZeroDivisionError
    assert ours(docker_engine) == before


def test_an_image_that_cannot_be_had_is_an_error_with_a_way_out() -> None:
    spec = parse_spec("amqp-interop-test.invalid/nothing:1")
    with (
        pytest.raises(SetupError, match="is not here and cannot be pulled") as caught,
        running(spec, say=quiet),
    ):
        pass
    assert "--broker debian:trixie" in caught.value.next_step


def test_a_broker_that_dies_is_an_error_with_the_end_of_its_log(
    dying: str, docker_engine: docker.DockerClient
) -> None:
    before = ours(docker_engine)
    with pytest.raises(SetupError, match="the disk is full"), running(parse_spec(dying), say=quiet):
        pass
    assert ours(docker_engine) == before


def test_a_broker_that_does_not_get_ready_is_an_error_with_the_end_of_its_log(
    silent: str, docker_engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "READY_SECONDS", 1.0)
    before = ours(docker_engine)
    with pytest.raises(SetupError, match="thinking") as caught, running(parse_spec(silent), say=quiet):
        pass
    assert "not within 1 s" in caught.value.problem
    assert ours(docker_engine) == before


def test_a_limit_of_open_files_that_the_engine_refuses_is_lowered(
    dying: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "NOFILE", 2**30)  # over fs.nr_open of any usual kernel
    with pytest.raises(SetupError, match="the disk is full"), running(parse_spec(dying), say=quiet):
        pass


def test_an_image_that_the_engine_cannot_start_is_an_error_and_leaves_nothing(
    unstartable: str, docker_engine: docker.DockerClient
) -> None:
    before = ours(docker_engine)
    with pytest.raises(SetupError, match="/no/such/program"), running(parse_spec(unstartable), say=quiet):
        pass
    assert ours(docker_engine) == before


def child(body: str) -> subprocess.Popen[str]:
    """A process that runs ``body`` with a broker's door at hand."""
    head = """
        import os, sys, time
        from harness.broker import parse_spec, running
        def say(line): print(line, flush=True)
    """
    program = textwrap.dedent(head) + textwrap.dedent(body)
    return subprocess.Popen((sys.executable, "-c", program), stdout=subprocess.PIPE, text=True)


def of_process(docker_engine: docker.DockerClient, pid: int) -> list[dict[str, Any]]:
    return list(docker_engine.api.containers(all=True, filters={"label": f"{LABEL_PID}={pid}"}))


def test_an_interrupt_while_it_starts_leaves_nothing(
    image: Ready, docker_engine: docker.DockerClient
) -> None:
    process = child("with running(parse_spec('debian:bookworm'), say=say): raise SystemExit('it got ready')")
    while not of_process(docker_engine, process.pid):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert of_process(docker_engine, process.pid) == []


def test_what_a_killed_run_left_is_removed_at_the_next_start_and_nothing_else(
    image: Ready, silent: str, docker_engine: docker.DockerClient, broker: Broker
) -> None:
    process = child(f"with running(parse_spec({silent!r}), say=say): pass")
    while not (left := [one for one in of_process(docker_engine, process.pid) if one["State"] == "running"]):
        assert process.poll() is None
    process.kill()
    process.communicate()
    elsewhere = Owner("run", process.pid, "1", f"{place()}-another")
    bystanders = [
        docker_engine.containers.create(image.id, command=["true"], labels=labels)
        for labels in ({}, {"amqp-interop.run": "x"}, elsewhere.labels(), this_process("x").labels())
    ]
    try:
        container.sweep(docker_engine, quiet)
        assert str(left[0]["Names"][0]).lstrip("/") not in names(docker_engine)
        assert {str(one.name) for one in bystanders} <= names(docker_engine)
        assert greet(broker.url)
    finally:
        for one in bystanders:
            one.remove()


def test_removing_what_is_gone_is_no_error(docker_engine: docker.DockerClient) -> None:
    container.remove("amqp-interop-never-was")
    with pytest.raises(NotFound):
        docker_engine.containers.get("amqp-interop-never-was")


# --- images ------------------------------------------------------------------------------------------


def test_an_image_that_somebody_derives_is_not_taken_for_the_release(
    other_image: str, image: Ready, docker_engine: docker.DockerClient
) -> None:
    derived_from = docker_engine.images.get(other_image)
    assert derived_from.labels["amqp-interop.release"] == "bookworm"
    assert find(Release.BOOKWORM, docker_engine) == image


def test_an_image_is_made_once(image: Ready, docker_engine: docker.DockerClient) -> None:
    said = list[str]()
    assert debian_image(Release.BOOKWORM, docker_engine, said.append) == image
    assert said == []


def test_an_image_carries_its_release_and_package(image: Ready, docker_engine: docker.DockerClient) -> None:
    found = docker_engine.images.get(image.id)
    assert found.labels["amqp-interop.release"] == "bookworm"
    assert found.labels["amqp-interop.package"] == image.build.removeprefix("rabbitmq-server ")
    assert any(tag.startswith(f"{REPOSITORY}:bookworm-3.10.8") for tag in found.tags)


def test_a_build_that_fails_leaves_no_image_and_no_folder(
    docker_engine: docker.DockerClient,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    bin_folder, cache = tmp_path / "bin", tmp_path / "cache"
    bin_folder.mkdir()
    broken = bin_folder / "mmdebstrap"
    broken.write_text("#!/bin/sh\necho E: the mirror is on fire\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}:{os.environ['PATH']}")
    monkeypatch.setenv("INTEROP_CACHE", str(cache))
    monkeypatch.setattr("harness.broker.image.RECIPE", "of a test")
    before = {str(one.id) for one in docker_engine.images.list()}
    with pytest.raises(SetupError, match="the mirror is on fire"):
        debian_image(Release.BULLSEYE, docker_engine, quiet)
    assert {str(one.id) for one in docker_engine.images.list()} == before
    assert [path.name for path in cache.iterdir()] == ["image-bullseye.lock"]


def test_a_client_can_be_had_where_an_engine_answers(docker_engine: docker.DockerClient) -> None:
    another = client()
    try:
        assert another.ping()
    finally:
        another.close()
