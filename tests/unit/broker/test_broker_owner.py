"""Which containers were left behind."""

from __future__ import annotations

import os
import subprocess

import pytest

from harness.broker.owner import (
    Found,
    Owner,
    _start_by_ps,
    owner_of,
    place,
    stale,
    start_of,
    this_process,
)

HERE, ELSEWHERE, LAST_BOOT = "boot-2/pid:[1]", "boot-2/pid:[2]", "boot-1/pid:[1]"
LIVING = {100: "5000"}


def container(owner: Owner | None, running: bool = True) -> Found:
    return Found("id", "name", running, {} if owner is None else owner.labels())


def is_stale(one: Found) -> bool:
    return stale([one], HERE, LIVING.get) == (one,)


def test_the_container_of_a_living_run_is_kept() -> None:
    assert not is_stale(container(Owner("run", 100, "5000", HERE)))


def test_the_container_of_a_process_that_is_gone_is_stale() -> None:
    assert is_stale(container(Owner("run", 101, "5000", HERE)))


def test_a_process_id_that_was_given_to_another_process_does_not_keep_it() -> None:
    assert is_stale(container(Owner("run", 100, "4000", HERE)))


@pytest.mark.parametrize("running", [True, False])
def test_the_container_of_another_process_namespace_is_kept(running: bool) -> None:
    assert not is_stale(container(Owner("run", 101, "5000", ELSEWHERE), running))


def test_of_an_earlier_boot_only_what_does_not_run_is_stale() -> None:
    assert is_stale(container(Owner("run", 100, "5000", LAST_BOOT), running=False))
    assert not is_stale(container(Owner("run", 100, "5000", LAST_BOOT), running=True))


def test_a_container_that_is_not_ours_is_kept() -> None:
    assert not is_stale(container(None))
    assert not is_stale(Found("id", "name", False, {"amqp-interop.run": "x", "amqp-interop.pid": "101"}))


def test_an_owner_is_read_again_from_its_labels() -> None:
    owner = this_process("run")
    assert owner_of(owner.labels()) == owner
    assert owner_of(owner.labels() | {"amqp-interop.pid": "many"}) is None


def test_this_process_is_known_by_its_id_start_and_place() -> None:
    owner = this_process("run")
    assert (owner.pid, owner.started, owner.place) == (os.getpid(), start_of(os.getpid()), place())
    assert not stale([container(owner)], place())


def test_a_process_that_ended_has_no_start_even_before_it_is_reaped() -> None:
    process = subprocess.Popen(("sleep", "60"))
    assert start_of(process.pid) is not None
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert start_of(process.pid) is None
    process.wait()
    assert start_of(process.pid) is None


def test_where_there_is_no_proc_ps_tells_the_start() -> None:
    assert _start_by_ps(os.getpid())
    process = subprocess.Popen(("true",))
    process.wait()
    assert _start_by_ps(process.pid) is None
