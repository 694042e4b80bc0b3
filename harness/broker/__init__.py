"""Start, attach to, describe and stop a broker: one door, :func:`running`, for every kind of spec.

A broker of ours is gone when its with statement ends. A door (the command line, the pytest plugin) turns
SIGTERM into an exception, so that it does; :func:`stop_all` is for one that cannot, and runs at the
interpreter's exit. What needs the container engine's client is imported only where a spec asks for it: that
takes a third of a second.
"""

from __future__ import annotations

import atexit
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import assert_never

from harness.broker.attach import attach
from harness.broker.config import Setup, fresh_credentials
from harness.broker.info import Broker, BrokerInfo, redact
from harness.broker.local import installed_version, running_local
from harness.broker.machine import Say
from harness.broker.probe import Hello, NotReady
from harness.broker.qpid import SETTINGS, running_qpid
from harness.broker.spec import FORMS, Debian, Image, Local, Qpid, Release, Running, Spec, parse_spec

__all__ = [
    "FORMS",
    "Broker",
    "BrokerInfo",
    "Debian",
    "Image",
    "Local",
    "NotReady",
    "Qpid",
    "Release",
    "Running",
    "Say",
    "Setup",
    "Spec",
    "keep",
    "parse_spec",
    "redact",
    "running",
    "stop_all",
]

RUN = secrets.token_hex(8)
"""This run's name, a label of every container that it starts."""
_open: dict[int, tuple[int, ExitStack]] = {}


@contextmanager
def running(spec: Spec | None, *, say: Say, setup: Setup | None = None) -> Iterator[Broker]:
    """A broker that is ready, for as long as the with statement lasts; None takes the default and says which.

    ``setup``: other than as packaged, of a broker in a container only. ``say`` gets a line for each thing
    done, with its time. SetupError (exit status 3) says what is missing or went wrong and what to do; nothing
    is left behind then. Not to be entered from a coroutine.
    """
    stack = ExitStack()
    key = id(stack)
    _open[key] = (os.getpid(), stack)
    try:
        yield _enter(spec, stack, say, setup)
    finally:
        _open.pop(key, None)
        stack.close()


def keep(broker: Broker) -> str:
    """Leave ``broker`` running when its with statement ends.

    In words, with the password: where it then is and how to be rid of it, or why it cannot be kept.
    """
    if isinstance(parse_spec(broker.info.spec), Running):
        return f"{broker.info.url} was there before and stays"
    if broker.container is None:
        return f"{broker.info.spec} can't be kept: it is a child of this process"
    from harness.broker.container import keep as keep_container

    keep_container(broker.container)
    return (
        f"kept {broker.info.product} {broker.info.version} at {broker.url}\n"
        f"until the next run of the suite, or: docker rm --force --volumes {broker.container}"
    )


def stop_all() -> None:
    """Stop every broker that this process started and still has. A forked child stops nothing of it."""
    for key, (pid, stack) in list(_open.items()):
        if pid == os.getpid():
            _open.pop(key, None)
            stack.close()


atexit.register(stop_all)


def _enter(spec: Spec | None, stack: ExitStack, say: Say, setup: Setup | None) -> Broker:
    match spec:
        case Running():
            return attach(spec)
        case Local():
            url, hello = stack.enter_context(running_local(say))
            return _ours(spec, url, hello, installed_version())
        case Qpid(version):
            url, hello = stack.enter_context(running_qpid(version, say))
            broker = _ours(spec, url, hello, f"org.apache.qpid:qpid-broker:{version}")
            return replace(broker, info=replace(broker.info, settings=SETTINGS))
        case Debian() | Image() | None:
            return _contained(spec, stack, say, setup)
        case _:
            assert_never(spec)


def _contained(spec: Debian | Image | None, stack: ExitStack, say: Say, setup: Setup | None) -> Broker:
    from harness.broker import container, control, engine, image

    client = engine.engine(say)
    try:
        container.sweep(client, say)
        chosen = spec or image.default_spec(client, say)
        ready = image.obtain(chosen, client, say)
    finally:
        client.close()
    setup = setup or Setup(fresh_credentials())
    if isinstance(chosen, Debian):
        setup = replace(setup, settings=(*chosen.settings, *setup.settings))
    if setup.volume is not None:
        control.hand_over(ready, setup.volume)
    there = stack.enter_context(container.running_container(ready, RUN, say, setup))
    broker = _ours(chosen, there.url, there.hello, ready.build)
    return replace(broker, info=replace(broker.info, settings=setup.settings), container=there.name)


def _ours(spec: Spec, url: str, hello: Hello, build: str) -> Broker:
    info = BrokerInfo(str(spec), hello.product, hello.version, hello.platform, build, redact(url))
    return Broker(url, info)
