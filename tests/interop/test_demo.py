"""The demo shows the article as it is, leaves nothing behind, and does not pretend when it goes wrong."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import io
import os
import re
import secrets
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from article_support import DEADLINE, message

from harness.broker import Broker
from harness.demo import DemoFailed, demo
from harness.demo.performance import Patience, perform
from harness.demo.program import Command, Program
from harness.demo.stage import EXCHANGE, QUEUES
from harness.errors import SetupError
from harness.raw import ChannelClosed, Connection, connect

BODY = "LA DEE DA, THIS IS OUR SUPER COOL MESSAGE"


@pytest.fixture
def stage(broker: Broker) -> Iterator[Broker]:
    """The broker, while no other worker plays on it: the article's names are fixed."""
    name = hashlib.sha256(broker.url.encode()).hexdigest()[:16]
    with (Path(tempfile.gettempdir()) / f"interop-demo-test-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert asyncio.run(left_behind(broker)) == []
        yield broker


async def left_behind(broker: Broker) -> list[str]:
    """Which of the article's names there are on the broker."""
    async with await connect(broker.url) as raw:
        return [name for name in (EXCHANGE, *QUEUES) if await there(raw, name)]


async def there(raw: Connection, name: str) -> bool:
    try:
        if name == EXCHANGE:
            await raw.declare_exchange(name, "fanout", passive=True)
        else:
            await raw.declare_queue(name, passive=True)
    except ChannelClosed as error:
        assert error.code == 404, error
        await raw.reopen()
        return False
    return True


def words_of_processes(variable: str) -> list[str]:
    """The command lines of all processes that have ``variable`` in their environment, this one left out."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                environment = (process / "environ").read_bytes()
                words = (process / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue  # it ended, or is none of ours
            if variable.encode() in environment.split(b"\0"):
                found.append(words.replace(b"\0", b" ").decode("utf-8", "replace"))
    return found


class Watched(io.StringIO):
    """What the demo writes; at each line that says "listening" it looks at the processes."""

    def __init__(self, variable: str) -> None:
        super().__init__()
        self.variable = variable
        self.seen: list[str] = []

    def write(self, text: str) -> int:
        if "listening on queue" in text:
            self.seen += words_of_processes(self.variable)
        return super().write(text)


# --- what it shows -----------------------------------------------------------------------------------


def test_the_demo_shows_what_the_article_shows_and_leaves_nothing(
    stage: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = secrets.token_hex(8)
    monkeypatch.setenv("INTEROP_DEMO_TEST", token)
    out, said = Watched(f"INTEROP_DEMO_TEST={token}"), list[str]()
    asyncio.run(demo(stage, said.append, out))
    parts = out.getvalue().split("\n--- ")
    assert [re.sub(r" \d[\d.]*", "", part.partition(" ---")[0]) for part in parts[1:]] == [
        "streadway publishes, rabbitpy listens",
        "streadway publishes, pika listens",
    ]
    for part in parts[1:]:
        assert_the_article(part)
    assert said[0].startswith("declared exchange test_exchange (fanout)")
    assert asyncio.run(left_behind(stage)) == []
    password = str(urlsplit(stage.url).password)
    assert f":{password}@" not in out.getvalue() + "".join(said)
    assert len(out.seen) == 2
    assert not any(f":{password}@" in words for words in out.seen)
    assert words_of_processes(out.variable) == []


def assert_the_article(part: str) -> None:
    """Commands, printout and goodbye of one consumer, in this order; the producer may speak between."""
    place = 0
    for text in (
        ":***@",
        "python -m python_consumer --library",
        "consumer | python_consumer: listening on queue 'example', bound to exchange 'test_exchange'",
        "$ AMQP_URL=amqp://",
        "consumer | Exchange: test_exchange\n",
        "consumer | Routing Key: routingkey\n",
        "consumer | Properties:\n",
        "consumer |     content_type     : 'text/plain'\n",
        "consumer | Body:\n",
        f"consumer | {BODY}\n",
        "^C\n",
        "consumer | python_consumer: stopped: no longer listening\n",
    ):
        found = part.find(text, place)
        assert found >= 0, f"{text!r} is not in, or not at its place in\n{part}"
        place = found + len(text)
    published = (
        'producer | published to exchange "test_exchange" with routing key "routingkey" as text/plain: '
    )
    assert part.count(f"\n{published}{BODY}\n") == 1
    assert part.count("consumer |     ") == 14
    assert part.count(f"consumer | {BODY}") == 1


# --- what it refuses ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [EXCHANGE, *QUEUES])
def test_a_name_that_is_taken_is_refused_and_left_alone(stage: Broker, name: str) -> None:
    async def with_a_predecessor() -> None:
        async with await connect(stage.url) as raw:
            try:
                if name == EXCHANGE:
                    await raw.declare_exchange(name, "topic", durable=True)
                else:
                    await raw.declare_queue(name, durable=True)
                    await raw.publish_confirmed("", name, message("somebody's"))
                out = io.StringIO()
                with pytest.raises(SetupError, match=rf" {name} already: the demo would"):
                    await demo(stage, lambda line: None, out)
                assert out.getvalue() == ""
                assert await left_behind(stage) == [name]
                if name != EXCHANGE:
                    assert (await raw.declare_queue(name, passive=True)).message_count == 1
            finally:
                await raw.delete_queue(name)
                await raw.delete_exchange(name)

    asyncio.run(with_a_predecessor())


def test_a_queue_that_is_another_connections_own_is_refused_too(stage: Broker) -> None:
    async def with_an_owner() -> None:
        async with await connect(stage.url) as raw:
            await raw.declare_queue(QUEUES[0], exclusive=True)
            with pytest.raises(SetupError, match="the queue example already"):
                await demo(stage, lambda line: None, io.StringIO())
            await raw.delete_queue(QUEUES[0])

    asyncio.run(with_an_owner())


# --- how it ends -------------------------------------------------------------------------------------

_SCRIPT = """
import asyncio, os, sys
from harness.broker import Broker, BrokerInfo
from harness.demo import demo
info = BrokerInfo("", "", "", "", "", "the broker")
asyncio.run(demo(Broker(os.environ["DEMO_URL"], info), lambda line: None, sys.stdout))
"""


def test_ctrl_c_ends_the_programs_and_deletes_what_was_made(
    stage: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = secrets.token_hex(8)
    monkeypatch.setenv("INTEROP_DEMO_TEST", token)
    monkeypatch.setenv("DEMO_URL", stage.url)

    async def interrupted() -> Program:
        program = await Program.start(Command((sys.executable, "-c", _SCRIPT)), lambda line: None)
        try:
            assert await program.until("listening on queue", "out", 2 * DEADLINE), program.err
            assert set(await left_behind(stage)) >= {EXCHANGE, QUEUES[0]}
            program.interrupt()
            assert await program.ended(DEADLINE) is not None
        finally:
            await program.kill()
        return program

    program = asyncio.run(interrupted())
    assert program.status == -signal.SIGINT
    assert asyncio.run(left_behind(stage)) == []
    assert words_of_processes(f"INTEROP_DEMO_TEST={token}") == []


# --- when the programs do not do their part ----------------------------------------------------------

_PATIENT = Patience(DEADLINE, DEADLINE, DEADLINE, DEADLINE)
_LISTENER = """
import signal, sys, time
try:
    print("listening on queue", file=sys.stderr, flush=True)
    BODY
    time.sleep(60)
except KeyboardInterrupt:
    END
"""


def program(source: str) -> Command:
    return Command((sys.executable, "-c", source))


def listener(body: str = "", end: str = "") -> Command:
    """A consumer that says ``body``, and at its end does ``end``."""
    said = f"print({body!r}, flush=True)"
    return program(_LISTENER.replace("BODY", said).replace("END", end or "pass"))


GOODBYE = 'print("stopped", file=sys.stderr, flush=True)'
PUBLISHES = program("")


@pytest.mark.parametrize(
    ("consumer", "producer", "patience", "problem"),
    [
        (
            program("import sys; sys.exit('no broker there')"),
            PUBLISHES,
            _PATIENT,
            "the consumer does not listen: it ended with status 1\n.*no broker there",
        ),
        (
            program("import time; time.sleep(60)"),
            PUBLISHES,
            replace(_PATIENT, listening=0.1),
            "the consumer does not listen: not within 0.1 s",
        ),
        (
            listener(BODY, GOODBYE),
            program("import sys; sys.exit('no such exchange')"),
            _PATIENT,
            "the producer did not publish: it ended with status 1\n.*listening on queue.*no such exchange",
        ),
        (
            listener(BODY, GOODBYE),
            program("import time; time.sleep(60)"),
            replace(_PATIENT, publishing=0.1),
            "the producer did not publish: not within 0.1 s",
        ),
        (
            listener("another message", GOODBYE),
            PUBLISHES,
            replace(_PATIENT, delivery=0.1),
            r"the message did not arrive: not within 0.1 s\n.*listening on queue.*\(none\)",
        ),
        (
            listener(BODY),
            PUBLISHES,
            _PATIENT,
            "the consumer did not end as it should: it ended with status 0",
        ),
        (
            listener(BODY, f"{GOODBYE}; sys.exit(4)"),
            PUBLISHES,
            _PATIENT,
            "the consumer did not end as it should: it ended with status 4",
        ),
        (
            listener(BODY, f"{GOODBYE}; time.sleep(60)"),
            PUBLISHES,
            replace(_PATIENT, goodbye=0.1),
            "the consumer did not end as it should: not within 0.1 s",
        ),
    ],
    ids=[
        "a consumer that ends",
        "a consumer that hangs",
        "a producer that fails",
        "a producer that hangs",
        "no delivery",
        "no goodbye",
        "a goodbye with a status",
        "a goodbye without an end",
    ],
)
def test_what_the_programs_fail_to_do_is_said_with_their_last_words(
    consumer: Command, producer: Command, patience: Patience, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = secrets.token_hex(8)
    monkeypatch.setenv("INTEROP_DEMO_TEST", token)
    with pytest.raises(DemoFailed, match=f"(?s){problem}"):
        asyncio.run(perform(consumer, producer, lambda line: None, patience))
    assert words_of_processes(f"INTEROP_DEMO_TEST={token}") == []


def test_programs_that_do_their_part_are_no_failure() -> None:
    asyncio.run(perform(listener(BODY, GOODBYE), PUBLISHES, lambda line: None, _PATIENT))


def test_a_password_in_what_a_program_says_is_not_shown() -> None:
    shown: list[str] = []
    leak = "print('amqp://guest:sec' + 'ret@host/', file=sys.stderr); sys.exit(1)"
    with pytest.raises(DemoFailed) as failed:
        asyncio.run(perform(listener(BODY, leak), PUBLISHES, shown.append, _PATIENT))
    assert "consumer | amqp://guest:***@host/" in shown
    assert "secret" not in str(failed.value)
