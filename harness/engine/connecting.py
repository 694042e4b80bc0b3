"""A peer that enters by a URL, and to a server, of the scenario's choice: what it asked for is on the wire.

A wrong user, password or virtual host is the doing of whoever read the URL, whatever the broker makes of it;
so is an answer to connection.tune that goes beyond what was proposed, and what goes beyond that answer.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Iterable
from typing import Any
from urllib.parse import urlsplit

import msgspec

from harness.amqp.fields import WireError, decode_table
from harness.amqp.methods import StartOk
from harness.amqp.values import Longstr, bytes_of
from harness.broker import Broker
from harness.broker.guests import closed_to, welcome
from harness.engine.deliveries import Otherwise
from harness.entry import DEFAULT_VHOST, Url
from harness.judge.difference import Kind
from harness.judge.verdict import Step
from harness.raw.url import parse_url
from harness.scenarios import Scenario
from harness.steps import Connect
from harness.tap.terms import Door, Doorman

OWN = "the run's own"


class Premises(msgspec.Struct, frozen=True):
    """The broker as scenarios find it. ``closed``: why nobody could be made there, None if it was done.
    ``token`` stands in the names of what was made."""

    token: str
    closed: str | None

    def unfit(self, url: Url, own_vhost: str) -> str | None:
        """Why no peer can be sent to this broker with ``url``, None if it can."""
        if url.guest is not None and self.closed is not None:
            return self.closed
        if url.vhost == DEFAULT_VHOST != own_vhost and url.guest is None:
            return "the run's user need not have access to another virtual host than the one that was named"
        return None


NOBODY = Premises("", "nobody is made where single cells are run")


async def premises(broker: Broker, cases: Iterable[object]) -> Premises:
    """Make on the broker whom the scenarios among ``cases`` need. SetupError if its tool will not."""
    token = secrets.token_hex(4)
    urls = [
        step.url.of_run(token)
        for case in cases
        if isinstance(case, Scenario)
        for step in case.steps
        if isinstance(step, Connect) and step.url is not None
    ]
    guests = [guest for guest in dict.fromkeys(url.guest for url in urls) if guest is not None]
    closed = closed_to(broker)
    if guests and closed is None:
        await asyncio.to_thread(welcome, broker, guests)
    return Premises(token, closed)


def spelled(url: Url, plain: str) -> str:
    """The URL to give to the peer; ``plain`` is the one that it would get otherwise."""
    own = parse_url(plain)
    return url.text(own.user, own.password, urlsplit(plain).netloc.rpartition("@")[2])


def check_entry(url: Url | None, plain: str, doorman: Doorman, step: Step) -> None:
    """Otherwise, if the peer asked for anything but what its URL says. What it did not come to say is no
    fault of this kind."""
    if url is None:
        return
    own = parse_url(plain)
    if doorman.start_ok is not None:
        user, password = said_by(doorman.start_ok)
        if user is None or password is None:
            mechanism = str(doorman.start_ok.mechanism)
            raise Otherwise(Kind.ALTERED, step, "mechanism", "PLAIN or AMQPLAIN", mechanism)
        _check(step, "user", own.user if url.user is None else url.user, user)
        if url.password is not None:
            _check(step, "password", url.password, password)
        elif password != own.password.encode():
            raise Otherwise(Kind.ALTERED, step, "password", OWN, f"another, of {len(password)} octets")
    if doorman.vhost is not None:
        _check(step, "vhost", url.vhost, bytes_of(doorman.vhost))


async def watched(
    entering: Coroutine[Any, Any, None], news: asyncio.Event, check: Callable[[], None]
) -> None:
    """Run ``entering``, and hold what was asked for so far against ``check`` whenever there is ``news``.

    What ``check`` raises ends it: a peer that asked for something else need not be waited for.
    """
    task = asyncio.ensure_future(entering)
    task.add_done_callback(lambda _: news.set())
    try:
        while not task.done():
            news.clear()
            check()
            await news.wait()
        await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _check(step: Step, path: str, expected: str, got: bytes) -> None:
    if got != expected.encode():
        shown = got.decode("utf-8", "backslashreplace")
        raise Otherwise(Kind.ALTERED, step, path, f'"{expected}"', f'"{shown}"')


def said_by(start_ok: StartOk) -> tuple[bytes | None, bytes | None]:
    """User and password in a SASL response: PLAIN (RFC 4616) or RabbitMQ's AMQPLAIN; else None."""
    response = start_ok.response
    if start_ok.mechanism == "PLAIN" and response.count(b"\0") == 2:
        _, user, password = response.split(b"\0")
        return user, password
    if start_ok.mechanism == "AMQPLAIN":
        try:
            table, _ = decode_table(len(response).to_bytes(4) + response, 0)
        except WireError:
            return None, None
        said = {str(key): bytes_of(one.value) for key, one in table.value if isinstance(one, Longstr)}
        return said.get("LOGIN"), said.get("PASSWORD")
    return None, None


def check_tuning(doorman: Doorman, step: Step) -> None:
    """Otherwise, if tune-ok says a limit that is higher than the proposed one (spec, 1.4.2.6)."""
    proposed, agreed = doorman.proposed, doorman.agreed
    if proposed is None or agreed is None:
        raise Otherwise(Kind.LOST, step, "tune-ok", "an answer to connection.tune", None)
    for path in ("channel_max", "frame_max"):
        limit, answer = getattr(proposed, path), getattr(agreed, path)
        if limit and not 0 < answer <= limit:
            raise Otherwise(
                Kind.ALTERED, step, path, f"from 1 to {limit}", f"{answer}{' (no limit)' * (not answer)}"
            )


def check_kept(door: Door, step: Step) -> None:
    """Otherwise, if the peer went beyond what was agreed."""
    for doorman in door.doormen:
        if doorman.excess is not None:
            what, limit, came = doorman.excess
            unit = " octets" if what == "frame" else ""
            raise Otherwise(Kind.ALTERED, step, what, f"at most {limit}{unit}", f"{came}{unit}")


def beats_over(door: Door, count: int) -> bool:
    """Whether so many heartbeats came on the last connection, or none are due so soon: it is for the client
    to say how often it wants them, never or more seldom than was proposed too (spec, 1.4.2.6.3)."""
    if not door.doormen:
        return False
    last = door.doormen[-1]
    if last.beats >= count:
        return True
    if last.agreed is None or last.proposed is None:
        return False
    return last.agreed.heartbeat == 0 or last.agreed.heartbeat > last.proposed.heartbeat
