"""A user's session with the plugin: its options, what it costs when unused, workers, what is missing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import docker
import pytest

from harness.broker.container import remove

pytestmark = pytest.mark.timeout(240)

USES_A_BROKER = """
import os
def test_one(amqp_broker): print("BROKER", amqp_broker.url)
def test_two(amqp_broker): print("BROKER", amqp_broker.url)
"""
NO_ENGINE = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}


def session(folder: Path, text: str, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A test suite of one file, run in a process of its own as somebody else's would be."""
    (folder / "test_it.py").write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env=kept | variables,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_a_suite_that_uses_none_of_it_imports_none_of_it(tmp_path: Path) -> None:
    text = """
import sys
def test_it():
    assert [name for name in sys.modules if name.split(".")[0] in ("harness", "docker", "msgspec")] == [
        "harness", "harness.pytest_plugin"]
"""
    done = session(tmp_path, text, **NO_ENGINE)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "with workers"])
def test_a_missing_engine_ends_the_session_at_its_start_with_4(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    done = session(tmp_path, USES_A_BROKER, *workers, **NO_ENGINE)
    assert done.returncode == 4, done.stdout
    assert "no container engine answers" in done.stderr
    assert "--amqp-url amqp://user:pass@host:port/vhost" in done.stderr
    assert "passed" not in done.stdout
    assert "skipped" not in done.stdout


def test_a_test_that_uses_no_broker_runs_without_an_engine(tmp_path: Path) -> None:
    done = session(tmp_path, USES_A_BROKER + "def test_other(): pass\n", "-k", "other", **NO_ENGINE)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--amqp-broker", "rabbitmq:latest"), "is refused"),
        (("--amqp-broker", "local", "--amqp-url", "amqp://localhost"), "exclude each other"),
        (("--amqp-url", "amqp://guest:guest@127.0.0.1:1/%2f"), "127.0.0.1"),
    ],
)
def test_what_is_wrong_with_an_option_is_said_at_the_start(
    tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    done = session(tmp_path, USES_A_BROKER, *options)
    assert done.returncode == 4, done.stdout
    assert words in done.stderr


def test_a_virtual_host_on_a_broker_that_is_not_ours_is_refused_at_the_start(
    tmp_path: Path, amqp_broker: object
) -> None:
    url = amqp_broker.url  # type: ignore[attr-defined]
    done = session(tmp_path, "def test_it(amqp_vhost): pass", "--amqp-url", url)
    assert done.returncode == 4, done.stdout
    assert "runs in no container of ours" in done.stderr


def test_several_brokers_make_a_test_on_each(tmp_path: Path) -> None:
    options = ("--amqp-broker", "debian:bookworm", "--amqp-broker", "local", "--collect-only", "-q")
    done = session(tmp_path, USES_A_BROKER, *options)
    assert re.findall(r"test_it\.py::(\S+)", done.stdout) == [
        *("test_one[debian:bookworm]", "test_two[debian:bookworm]"),
        *("test_one[local]", "test_two[local]"),
    ]


def test_workers_share_one_broker_which_is_kept_on_failure_if_that_is_asked_for(tmp_path: Path) -> None:
    options = ("-n", "2", "--dist", "each", "-rA", "--amqp-broker", "debian:bookworm", "--amqp-keep")
    done = session(tmp_path, USES_A_BROKER + "def test_bad(amqp_broker): assert False\n", *options)
    assert done.returncode == 1, done.stdout + done.stderr
    urls = re.findall(r"^BROKER (\S+)", done.stdout, re.MULTILINE)
    assert len(urls) == 4
    assert len(set(urls)) == 1
    (name,) = re.findall(r"docker rm --force --volumes (\S+)", done.stdout)
    client = docker.from_env()
    try:
        assert client.containers.get(name).status == "running"
    finally:
        client.close()
        remove(name)
