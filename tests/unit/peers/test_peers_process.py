"""A peer's process: spoken to, watched, ended. The peers here are scripts of a few lines."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from harness.amqp.message import Inline
from harness.errors import InteropError
from harness.peers import process
from harness.peers.build import Launch
from harness.peers.process import PeerBroken, PeerGone, PeerProcess
from harness.peers.protocol import Close, Delivery, Describe, Event, Failed, Ok, Reply

PRELUDE = """\
import json, os, signal, sys, time

def requests():
    for line in sys.stdin:
        yield json.loads(line)

def say(line):
    sys.stdout.write(line + "\\n")
    sys.stdout.flush()

def ok(number):
    say(json.dumps({"type": "ok", "id": number}))
"""
ANSWERS = """
for request in requests():
    ok(request["id"])
    if request["op"] == "close":
        break
"""
DEADLINE = 20.0


class Heard:
    """What a process was heard to say, and why it ended."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.ends: list[InteropError] = []

    def event(self, peer: PeerProcess, event: Event) -> None:
        self.events.append(event)

    def end(self, peer: PeerProcess, why: InteropError) -> None:
        self.ends.append(why)


@asynccontextmanager
async def running(script: str, heard: Heard) -> AsyncIterator[PeerProcess]:
    command = (sys.executable, "-S", "-c", PRELUDE + textwrap.dedent(script))
    launch = Launch(command, Path.cwd(), (("SAID", "by the launch"),))
    peer = await PeerProcess.start("fake", launch, heard.event, heard.end)
    try:
        async with asyncio.timeout(DEADLINE):
            yield peer
    finally:
        await peer.close(0)


def play(script: str, act: Callable[[PeerProcess], Awaitable[None]]) -> Heard:
    """Start the script, do something to it, end it: what was heard meanwhile."""
    heard = Heard()

    async def scene() -> None:
        async with running(script, heard) as peer:
            await act(peer)

    asyncio.run(scene())
    return heard


async def ask(peer: PeerProcess) -> Reply:
    return await peer.send(Describe(peer.next_id()))


def breach_of(script: str, requests: int = 2) -> PeerBroken:
    """How a script broke the contract, which is also what every open request is told."""
    told: list[BaseException] = []

    async def act(peer: PeerProcess) -> None:
        futures = [peer.send(Describe(peer.next_id())) for _ in range(requests)]
        results = await asyncio.gather(*futures, return_exceptions=True)
        told.extend(result for result in results if isinstance(result, BaseException))
        assert isinstance(peer.ended, PeerBroken)

    heard = play(script, act)
    (why,) = heard.ends
    assert isinstance(why, PeerBroken)
    assert all(error is why for error in told)
    return why


# --- in order ------------------------------------------------------------------------------------------


def test_replies_go_to_their_requests_in_order() -> None:
    async def act(peer: PeerProcess) -> None:
        futures = [peer.send(Describe(peer.next_id())) for _ in range(100)]
        assert await asyncio.gather(*futures) == [Ok(number) for number in range(1, 101)]

    assert play(ANSWERS, act).events == []


def test_events_are_heard_between_replies() -> None:
    delivery = (
        '{"type":"delivery","queue":"q","delivery_tag":1,"redelivered":false,"exchange":"e","routing_key":"k",'
        '"properties":{},"body":{"type":"inline","value":"x"}}'
    )

    async def act(peer: PeerProcess) -> None:
        assert await ask(peer) == Ok(1)

    heard = play(f"for request in requests():\n    say({delivery!r})\n    ok(request['id'])", act)
    assert heard.events == [Delivery("q", 1, False, "e", "k", {}, Inline("x"))]


def test_a_reply_that_comes_in_pieces_is_one_reply() -> None:
    script = """
    for request in requests():
        for piece in ('{"type": "error", "id": 1, "kind": "bug", ', '"message": "é', '"}\\n'):
            sys.stdout.buffer.write(piece.encode()); sys.stdout.flush(); time.sleep(0.01)
    """

    async def act(peer: PeerProcess) -> None:
        assert await ask(peer) == Failed(1, "bug", "é")

    play(script, act)


def test_the_variables_of_a_launch_reach_the_process() -> None:
    async def act(peer: PeerProcess) -> None:
        assert await ask(peer) == Failed(1, "bug", "by the launch")

    script = """
    for request in requests():
        say(json.dumps({"type": "error", "id": 1, "kind": "bug", "message": os.environ["SAID"]}))
    """
    play(script, act)


# --- breaches of the contract ----------------------------------------------------------------------------


def test_a_line_that_is_no_json_is_junk_and_is_shown() -> None:
    why = breach_of("say('Warning: deprecated')")
    assert why.breach == "junk"
    assert "Warning: deprecated" in why.detail


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "[1]",
        '{"type":"hello","id":1}',
        '{"type":"ok"}',
        '{"type":"ok","id":0}',
        '{"type":"ok","id":"1"}',
        '{"type":"ok","id":1,"colour":"red"}',
        '{"type":"ok","id":1}{"type":"ok","id":2}',
        '{"type":"delivery","queue":"q"}',
    ],
)
def test_a_line_that_is_not_of_the_contract_is_junk(line: str) -> None:
    assert breach_of(f"say({line!r})").breach == "junk"


def test_bytes_that_are_no_utf8_are_junk() -> None:
    assert breach_of("sys.stdout.buffer.write(b'\\xff\\n'); sys.stdout.flush()").breach == "junk"


def test_a_line_without_an_end_is_junk_before_memory_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "LONGEST_LINE", 1 << 20)
    why = breach_of("while True: sys.stdout.write('x' * 65536)")
    assert why.breach == "junk"
    assert "without a line's end" in why.detail


def test_a_long_line_that_ends_is_no_junk(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(peer: PeerProcess) -> None:
        assert await ask(peer) == Failed(1, "bug", "x" * 3_000_000)

    message = "{'type': 'error', 'id': 1, 'kind': 'bug', 'message': 'x' * 3_000_000}"
    play(f"for request in requests(): say(json.dumps({message}))", act)


def test_a_duplicate_reply_is_a_breach() -> None:
    why = breach_of("for request in requests(): ok(1); ok(1)")
    assert (why.breach, why.detail) == ("repeated reply", "request 1 was answered already")


def test_a_reply_out_of_order_is_a_breach() -> None:
    why = breach_of("for request in requests():\n    if request['id'] == 2: ok(2); ok(1)")
    assert (why.breach, why.detail) == ("reordered reply", "2 was answered before 1")


def test_a_reply_that_nobody_asked_for_is_a_breach() -> None:
    why = breach_of("for request in requests(): ok(99)")
    assert (why.breach, why.detail) == ("invented reply", "there was no request 99")


def test_a_peer_that_broke_the_contract_is_ended_and_not_listened_to() -> None:
    async def act(peer: PeerProcess) -> None:
        with pytest.raises(PeerBroken):
            await ask(peer)
        with pytest.raises(PeerBroken):
            await ask(peer)  # not even sent

    started = time.monotonic()
    heard = play("say('junk')\nfor request in requests(): ok(request['id'])\nwhile True: time.sleep(60)", act)
    assert time.monotonic() - started < DEADLINE
    assert len(heard.ends) == 1


def test_of_two_breaches_the_first_is_told() -> None:
    assert breach_of("say('junk'); ok(99)").breach == "junk"


# --- its end ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how, status, says",
    [
        ("sys.exit(0)", 0, "status 0"),
        ("print('last words', file=sys.stderr); sys.exit(3)", 3, "status 3: last words"),
        ("os.kill(os.getpid(), signal.SIGKILL)", -9, "signal SIGKILL"),
        ("os.kill(os.getpid(), signal.SIGTERM)", -15, "signal SIGTERM"),
        ("raise RuntimeError('no such library')", 1, "status 1: RuntimeError: no such library"),
    ],
)
def test_every_open_request_is_told_how_the_process_ended(how: str, status: int, says: str) -> None:
    async def act(peer: PeerProcess) -> None:
        futures = [peer.send(Describe(peer.next_id())) for _ in range(3)]
        results = await asyncio.gather(*futures, return_exceptions=True)
        assert all(isinstance(result, PeerGone) for result in results)

    (why,) = play(f"next(requests())\n{how}", act).ends
    assert isinstance(why, PeerGone)
    assert why.status == status
    assert str(why) == f"fake ended with {says}"


def test_what_was_said_before_the_end_still_counts() -> None:
    async def act(peer: PeerProcess) -> None:
        one, two = peer.send(Describe(peer.next_id())), peer.send(Describe(peer.next_id()))
        assert await one == Ok(1)
        with pytest.raises(PeerGone):
            await two

    play("next(requests()); ok(1); os._exit(4)", act)


def test_a_request_after_the_end_is_told_at_once() -> None:
    async def act(peer: PeerProcess) -> None:
        for _ in range(2):
            with pytest.raises(PeerGone):
                await ask(peer)

    assert len(play("sys.exit(2)", act).ends) == 1


def test_only_the_last_words_on_standard_error_are_kept() -> None:
    async def act(peer: PeerProcess) -> None:
        with pytest.raises(PeerGone):
            await ask(peer)
        assert len(peer.stderr.encode()) == process.STDERR_KEPT
        assert peer.stderr.endswith("the end\n")

    script = "sys.stderr.write('x' * 3_000_000); sys.stderr.write('the end\\n'); sys.exit(1)"
    (why,) = play(script, act).ends
    assert str(why).endswith("the end")


def test_standard_error_is_no_reply() -> None:
    async def act(peer: PeerProcess) -> None:
        assert await ask(peer) == Ok(1)

    script = """
    print('{"type": "ok", "id": 7}', file=sys.stderr, flush=True)
    for request in requests(): ok(request["id"])
    """
    assert play(script, act).events == []


# --- rest ------------------------------------------------------------------------------------------------


def state_after(peer: PeerProcess, change: int) -> int:
    """Wait until the process was stopped or went on (``change``); how that is told, as waitid says it."""
    told = os.waitid(os.P_PID, peer.pid, change | os.WNOWAIT)
    assert told is not None
    return told.si_code


def test_a_peer_that_rests_is_stopped_until_it_is_asked() -> None:
    async def act(peer: PeerProcess) -> None:
        assert await ask(peer) == Ok(1)
        peer.rest()
        assert state_after(peer, os.WSTOPPED) == os.CLD_STOPPED
        assert await ask(peer) == Ok(2)

    play(ANSWERS, act)


def test_no_peer_rests_longer_than_its_broker_stands_and_then_goes_on_resting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "LONGEST_REST", 0.05)
    monkeypatch.setattr(process, "BREATH", 0.05)

    async def act(peer: PeerProcess) -> None:
        assert await ask(peer) == Ok(1)
        peer.rest()
        for change, told in ((os.WCONTINUED, os.CLD_CONTINUED), (os.WSTOPPED, os.CLD_STOPPED)):
            assert await asyncio.to_thread(state_after, peer, change) == told
        assert await ask(peer) == Ok(2)

    play(ANSWERS, act)


def test_a_peer_that_rests_closes_in_order() -> None:
    async def act(peer: PeerProcess) -> None:
        assert await ask(peer) == Ok(1)
        peer.rest()
        await peer.close(DEADLINE)
        assert isinstance(peer.ended, PeerGone)
        assert peer.ended.status == 0

    assert play(ANSWERS, act).ends == []


# --- closing ---------------------------------------------------------------------------------------------


def close_of(script: str, deadline: float) -> tuple[PeerProcess, Heard, float]:
    """A peer that was asked something and then to close, what was heard, and the seconds that it took."""
    heard = Heard()

    async def scene() -> tuple[PeerProcess, float]:
        async with running(script, heard) as peer:
            await ask(peer)
            started = time.monotonic()
            await peer.close(deadline)
            return peer, time.monotonic() - started

    peer, seconds = asyncio.run(scene())
    return peer, heard, seconds


def test_a_peer_that_closes_in_order_is_no_loss() -> None:
    peer, heard, seconds = close_of(ANSWERS, DEADLINE)
    assert heard.ends == []
    assert seconds < DEADLINE
    assert isinstance(peer.ended, PeerGone)
    assert peer.ended.status == 0


def test_a_peer_that_closes_with_another_status_is_told() -> None:
    script = "for request in requests():\n    ok(request['id'])\n    if request['op'] == 'close': sys.exit(5)"
    (why,) = close_of(script, DEADLINE)[1].ends
    assert isinstance(why, PeerGone)
    assert why.status == 5


def test_a_peer_that_does_not_close_is_ended_after_the_deadline() -> None:
    script = """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for request in requests():
        ok(request["id"])
        if request["op"] == "close":
            while True: time.sleep(60)
    """
    peer, _, seconds = close_of(script, 0.2)
    assert 0.2 <= seconds < DEADLINE
    with pytest.raises(ProcessLookupError):
        os.kill(peer.pid, 0)


def test_a_stopped_peer_is_ended_too() -> None:
    script = "for request in requests():\n    ok(request['id'])\n    os.kill(os.getpid(), signal.SIGSTOP)"
    _, _, seconds = close_of(script, 0.2)
    assert seconds < DEADLINE


def test_what_a_peer_started_ends_with_it(tmp_path: Path) -> None:
    script = f"""
    child = os.fork()
    if child == 0:
        while True: time.sleep(60)
    with open({str(tmp_path / "child")!r}, "w") as file: file.write(str(child))
    for request in requests(): ok(request["id"])
    """

    async def act(peer: PeerProcess) -> None:
        await ask(peer)
        pidfds.append(os.pidfd_open(int((tmp_path / "child").read_text())))

    pidfds: list[int] = []
    play(script, act)
    try:
        ended, _, _ = select.select(pidfds, [], [], DEADLINE)
        assert ended == pidfds
    finally:
        os.close(pidfds[0])


def test_a_killed_peer_tells_its_open_requests_at_once() -> None:
    async def act(peer: PeerProcess) -> None:
        future = peer.send(Describe(peer.next_id()))
        peer.kill()
        assert future.done()
        with pytest.raises(PeerGone, match=signal.SIGKILL.name):
            await future

    play("while True: time.sleep(60)", act)


def test_closing_twice_is_harmless() -> None:
    async def act(peer: PeerProcess) -> None:
        await peer.close(DEADLINE)
        await peer.close(DEADLINE)
        assert isinstance(peer.ended, PeerGone)

    assert play(ANSWERS, act).ends == []


def test_a_close_that_a_peer_was_asked_for_is_answered() -> None:
    async def act(peer: PeerProcess) -> None:
        assert await peer.send(Close(peer.next_id())) == Ok(1)

    play(ANSWERS, act)
