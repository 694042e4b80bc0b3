"""What a peer asked for at its entry is held against what it had to ask for."""

from __future__ import annotations

import asyncio

import pytest

from harness.amqp.fields import encode_table
from harness.amqp.methods import StartOk
from harness.amqp.values import Longstr, Table
from harness.engine.connecting import (
    Premises,
    beats_over,
    check_entry,
    check_kept,
    check_tuning,
    said_by,
    spelled,
    watched,
)
from harness.engine.deliveries import Otherwise
from harness.entry import Terms, Url
from harness.judge.difference import Kind
from harness.judge.verdict import Step
from harness.tap.terms import Door, Doorman, Excess, Tuning

OWN = "amqp://own:secret@127.0.0.1:5/%2F"
AMQPLAIN = encode_table(Table((("LOGIN", Longstr("u")), ("PASSWORD", Longstr("p")))))[4:]


def start_ok(response: bytes, mechanism: str = "PLAIN") -> StartOk:
    return StartOk(Table(()), mechanism, response, "en_US")


def doorman(response: bytes = b"\0own\0secret", vhost: str | None = "/") -> Doorman:
    made = Doorman(Terms(), lambda: None)
    made.start_ok, made.vhost = start_ok(response), vhost
    return made


@pytest.mark.parametrize(
    "said, both",
    [
        (start_ok(b"\0u\0p"), (b"u", b"p")),
        (start_ok(b"\0u\0"), (b"u", b"")),
        (start_ok(AMQPLAIN, "AMQPLAIN"), (b"u", b"p")),
        (start_ok(b"u"), (None, None)),
        (start_ok(b"\xff", "AMQPLAIN"), (None, None)),
        (start_ok(b"\0u\0p", "EXTERNAL"), (None, None)),
    ],
)
def test_user_and_password_are_read_off_a_response(
    said: StartOk, both: tuple[bytes | None, bytes | None]
) -> None:
    assert said_by(said) == both


@pytest.mark.parametrize(
    "url, seen, path, expected, got",
    [
        (Url(vhost=""), doorman(), "vhost", '""', '"/"'),
        (Url(user="ö", password="x"), doorman(b"\0\xf6\0x"), "user", '"ö"', '"\\xf6"'),
        (Url(password=""), doorman(b"\0own\0guest"), "password", '""', '"guest"'),
        (Url(), doorman(b"\0own\0other"), "password", "the run's own", "another, of 5 octets"),
        (Url(), doorman(b"own"), "mechanism", "PLAIN or AMQPLAIN", "PLAIN"),
    ],
)
def test_whoever_asks_for_anything_else_is_blamed(
    url: Url, seen: Doorman, path: str, expected: str, got: str
) -> None:
    with pytest.raises(Otherwise) as found:
        check_entry(url, OWN, seen, Step.CONSUMER)
    told = found.value
    assert (told.step, told.path, told.expected, told.got) == (Step.CONSUMER, path, expected, got)


def test_who_asks_for_what_the_url_says_is_not_and_nor_is_who_did_not_come_so_far() -> None:
    check_entry(Url(), OWN, doorman(), Step.CONSUMER)
    check_entry(Url(vhost="v"), OWN, doorman(vhost=None), Step.CONSUMER)
    check_entry(Url(vhost="v"), OWN, Doorman(Terms(), lambda: None), Step.CONSUMER)


def test_the_url_leads_to_where_the_plain_one_leads() -> None:
    assert spelled(Url(vhost="v/w"), OWN) == "amqp://own:secret@127.0.0.1:5/v%2Fw"


@pytest.mark.parametrize(
    "proposed, agreed, path",
    [
        (Tuning(10, 4096, 60), Tuning(10, 4096, 600), None),
        (Tuning(0, 0, 0), Tuning(0, 0, 0), None),
        (Tuning(0, 0, 0), Tuning(5, 9000, 1), None),
        (Tuning(10, 4096, 60), Tuning(0, 4096, 60), "channel_max"),
        (Tuning(10, 4096, 60), Tuning(11, 4096, 60), "channel_max"),
        (Tuning(10, 4096, 60), Tuning(10, 0, 60), "frame_max"),
        (Tuning(10, 4096, 60), Tuning(10, 8192, 60), "frame_max"),
        (Tuning(10, 4096, 60), None, "tune-ok"),
    ],
)
def test_an_answer_may_not_be_higher_than_the_proposal(
    proposed: Tuning, agreed: Tuning | None, path: str | None
) -> None:
    seen = doorman()
    seen.proposed, seen.agreed = proposed, agreed
    if path is None:
        check_tuning(seen, Step.PRODUCER)
        return
    with pytest.raises(Otherwise) as found:
        check_tuning(seen, Step.PRODUCER)
    assert (found.value.step, found.value.path) == (Step.PRODUCER, path)


def test_what_went_beyond_the_agreement_is_told() -> None:
    door = Door(Terms(), lambda: None)
    check_kept(door, Step.PRODUCER)
    door.enter().excess = Excess("frame", 4096, 4104)
    with pytest.raises(Otherwise) as found:
        check_kept(door, Step.PRODUCER)
    told = found.value
    assert (told.kind, told.path, told.expected, told.got) == (
        Kind.ALTERED,
        "frame",
        "at most 4096 octets",
        "4104 octets",
    )


@pytest.mark.parametrize(
    "beats, agreed, over",
    [(2, 1, False), (3, 1, True), (0, 0, True), (0, 60, True), (0, None, False)],
)
def test_heartbeats_are_due_only_as_often_as_the_peer_said(
    beats: int, agreed: int | None, over: bool
) -> None:
    door = Door(Terms(heartbeat=1), lambda: None)
    assert not beats_over(door, 3)
    seen = door.enter()
    seen.proposed, seen.beats = Tuning(10, 4096, 1), beats
    seen.agreed = None if agreed is None else Tuning(10, 4096, agreed)
    assert beats_over(door, 3) is over


@pytest.mark.parametrize(
    "url, closed, own_vhost, fits",
    [
        (Url(vhost="v"), None, "/", True),
        (Url(vhost="v"), "no container", "/", False),
        (Url(password="wrong"), "no container", "/", True),
        (Url(password="wrong"), "no container", "team", False),
    ],
)
def test_a_broker_where_nobody_can_be_made_is_unfit_for_guests(
    url: Url, closed: str | None, own_vhost: str, fits: bool
) -> None:
    assert (Premises("t", closed).unfit(url, own_vhost) is None) is fits


def test_who_asks_for_something_else_is_not_waited_for() -> None:
    ended: list[str] = []

    async def scene(asks: bool) -> None:
        news, asked = asyncio.Event(), asyncio.Event()

        async def entering() -> None:
            try:
                await asyncio.sleep(0)
                if asks:
                    asked.set()
                    news.set()
                    await asyncio.Event().wait()  # no answer ever comes
            finally:
                ended.append("entering")

        def check() -> None:
            if asked.is_set():
                raise Otherwise(Kind.ALTERED, Step.CONSUMER, "vhost", "a", "b")

        await asyncio.wait_for(watched(entering(), news, check), 5)

    asyncio.run(scene(asks=False))
    with pytest.raises(Otherwise):
        asyncio.run(scene(asks=True))
    assert ended == ["entering", "entering"]


def test_what_ends_the_entering_is_told() -> None:
    async def refused() -> None:
        raise KeyError("capabilities")

    async def scene() -> None:
        await watched(refused(), asyncio.Event(), lambda: None)

    with pytest.raises(KeyError, match="capabilities"):
        asyncio.run(scene())
