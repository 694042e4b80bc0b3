"""The article's two programs as a person runs them: flags and a URL, a terminal's words, Ctrl-C."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from article_support import (
    CONSUMERS,
    DEADLINE,
    Company,
    Names,
    company_on,
    guests_door,
    message,
    names_for,
    peer_named,
    played,
)

from harness.broker import Broker
from harness.demo.article import consumer_command, producer_command
from harness.demo.program import Command, Program
from harness.raw import parse_url

PROPERTIES = {
    "app_id",
    "cluster_id",
    "content_encoding",
    "content_type",
    "correlation_id",
    "delivery_mode",
    "expiration",
    "headers",
    "message_id",
    "message_type",
    "priority",
    "reply_to",
    "timestamp",
    "user_id",
}
USAGE, NO_BROKER, NOT_PUBLISHED = 2, 3, 1
"""Exit statuses: of both programs, of the consumer, of the producer."""


@dataclass(frozen=True)
class Printed:
    """A message as the consumer prints it."""

    exchange: str
    routing_key: str
    properties: dict[str, str]
    body: str


_PRINTED = re.compile(
    r"Exchange: (.*)\n\nRouting Key: (.*)\n\nProperties:\n\n((?: {4}.*\n)+)\nBody:\n\n(.*)\n", re.MULTILINE
)


def printed(text: str) -> list[Printed]:
    """The messages of a printout. AssertionError if there is anything else in it."""
    assert _PRINTED.sub("", text).strip() == ""
    return [
        Printed(exchange, key, dict(_property(line) for line in lines.splitlines()), body)
        for exchange, key, lines, body in _PRINTED.findall(text)
    ]


def _property(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()


@pytest.fixture(scope="module")
def company(broker: Broker) -> Iterator[Company]:
    with company_on(broker) as made:
        yield made


@pytest.fixture
def names(company: Company) -> Iterator[Names]:
    with names_for(company) as made:
        yield made


def consumer_by_hand(company: Company, consumer: str, *arguments: str, url: str | None = None) -> Command:
    """``python -m python_consumer``; ``url`` goes by the environment, one in ``arguments`` does not."""
    spec = peer_named(consumer, "consumer")
    return consumer_command(spec, company.launch(spec), url, *arguments)


def producer_by_hand(company: Company, *flags: str, url: str | None = None) -> Command:
    """What ``go run`` would build and run."""
    return producer_command(company.launch(peer_named("streadway", "producer")), url, *flags)


@asynccontextmanager
async def running(command: Command) -> AsyncIterator[Program]:
    """The program, ended afterwards."""
    program = await Program.start(command, lambda line: None)
    try:
        yield program
    finally:
        await program.kill()


async def run(command: Command) -> Program:
    """The program once it ended by itself. AssertionError if it does not."""
    async with running(command) as program:
        assert await program.ended(DEADLINE) is not None, f"{command} still runs: {program.err}"
    return program


async def the_end(program: Program) -> None:
    """Ctrl-C, and what must come of it."""
    program.interrupt()
    assert await program.ended(DEADLINE) == 0, program.err
    assert program.lines["err"][-1] == "python_consumer: stopped: no longer listening"


def one_line(program: Program) -> str:
    """What a program says on standard error, which must be one line."""
    assert len(program.lines["err"]) == 1, program.err
    return program.lines["err"][0]


# --- that it works -----------------------------------------------------------------------------------


@pytest.mark.parametrize("consumer", CONSUMERS)
@played
async def test_the_article_works_by_hand_as_it_is_written(
    company: Company, names: Names, consumer: str
) -> None:
    exchange, _ = await names.fanout(0)
    queue, routing_key = names.queue(), names.queue()
    async with guests_door(company.broker) as url:
        listen = consumer_by_hand(company, consumer, url, "--queue", queue, "--exchange", exchange)
        publish = producer_by_hand(company, "-url", url, "-exchange", exchange, "-queue", routing_key)
        async with running(listen) as listener:
            assert await listener.until("listening on queue", "err", DEADLINE), listener.err
            for count in (1, 2):  # it listens for ever, not for one message
                publisher = await run(publish)
                assert publisher.status == 0, publisher.err
                assert await listener.until("LA DEE DA", "out", DEADLINE, times=count), listener.err
            await the_end(listener)
    await names.until_unused(queue)
    assert publisher.out == (
        f'published to exchange "{exchange}" with routing key "{routing_key}" as text/plain: '
        "LA DEE DA, THIS IS OUR SUPER COOL MESSAGE"
    )
    first, second = printed(f"{listener.out}\n")
    assert first == second
    assert (first.exchange, first.routing_key) == (exchange, routing_key)
    assert first.body == "LA DEE DA, THIS IS OUR SUPER COOL MESSAGE"
    assert set(first.properties) == PROPERTIES
    assert first.properties.pop("content_type") == "'text/plain'"
    assert set(first.properties.values()) <= {"None", "''"}
    assert await names.take(queue) is None  # it acknowledged both


@pytest.mark.parametrize("consumer", CONSUMERS)
@played
async def test_ctrl_c_after_a_message_leaves_it_acknowledged_and_one_before_leaves_it_in_the_queue(
    company: Company, names: Names, consumer: str
) -> None:
    exchange, _ = await names.fanout(0)
    queue = names.queue()
    listen = consumer_by_hand(
        company, consumer, "--queue", queue, "--exchange", exchange, url=company.broker.url
    )
    async with running(listen) as listener:
        assert await listener.until("listening on queue", "err", DEADLINE), listener.err
        await names.raw.publish_confirmed("", queue, message("in time"))
        assert await listener.until("in time", "out", DEADLINE), listener.err
        await the_end(listener)
    await names.until_unused(queue)
    await names.raw.publish_confirmed("", queue, message("too late"))
    assert await names.take(queue) == "too late"
    assert await names.take(queue) is None


# --- that it fails well ------------------------------------------------------------------------------


@pytest.mark.parametrize("consumer", CONSUMERS)
@played
async def test_without_the_exchange_the_consumer_says_what_to_declare(
    company: Company, names: Names, consumer: str
) -> None:
    exchange, queue = names.exchange(), names.queue()
    program = await run(
        consumer_by_hand(company, consumer, "--queue", queue, "--exchange", exchange, url=company.broker.url)
    )
    assert program.status == NO_BROKER
    assert one_line(program).endswith("; declare the exchange first, as fanout")
    assert f"404 NOT_FOUND - no exchange '{exchange}'" in one_line(program)


@played
async def test_without_the_exchange_the_producer_says_at_which_step(company: Company, names: Names) -> None:
    exchange, queue = names.exchange(), names.queue()
    program = await run(
        producer_by_hand(company, "-exchange", exchange, "-queue", queue, url=company.broker.url)
    )
    assert (program.status, program.out) == (NOT_PUBLISHED, "")
    assert one_line(program).startswith(f'go_producer: cannot publish to the exchange "{exchange}"')
    assert "404" in one_line(program)


def elsewhere(broker: Broker, userinfo: str, port: int | None = None) -> str:
    """The broker's URL with other credentials, or another port."""
    address = parse_url(broker.url)
    return f"amqp://{userinfo}@{address.host}:{port or address.port}/%2f"


def silent_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize("consumer", CONSUMERS)
@played
async def test_wrong_credentials_are_one_line_of_the_consumer(company: Company, consumer: str) -> None:
    program = await run(consumer_by_hand(company, consumer, elsewhere(company.broker, "nobody:wrongword")))
    assert (program.status, program.out) == (NO_BROKER, "")
    assert "wrongword" not in program.err
    assert re.search("credentials|ACCESS_REFUSED|authenticat", one_line(program)), one_line(program)


@played
async def test_wrong_credentials_are_one_line_of_the_producer(company: Company) -> None:
    program = await run(producer_by_hand(company, "-url", elsewhere(company.broker, "nobody:wrongword")))
    assert (program.status, program.out) == (NOT_PUBLISHED, "")
    assert "wrongword" not in program.err
    assert one_line(program).startswith("go_producer: cannot connect: ")
    assert "username or password not allowed" in one_line(program)


@played
async def test_a_broker_out_of_reach_is_one_line_of_every_consumer(company: Company) -> None:
    """All at the same time, for rabbitpy tries for 3 s."""
    url = f"amqp://guest:guest@127.0.0.1:{silent_port()}/%2f"
    programs = await asyncio.gather(*(run(consumer_by_hand(company, one, url)) for one in CONSUMERS))
    for program in programs:
        assert (program.status, program.out) == (NO_BROKER, ""), program.command
        assert one_line(program).startswith("python_consumer: cannot consume queue 'example'")
        assert url.rpartition("@")[2] in one_line(program)


@played
async def test_a_broker_out_of_reach_is_one_line_of_the_producer(company: Company) -> None:
    port = silent_port()
    program = await run(producer_by_hand(company, "-url", f"amqp://guest:guest@127.0.0.1:{port}/"))
    assert (program.status, program.out) == (NOT_PUBLISHED, "")
    assert one_line(program) == (
        f"go_producer: cannot connect: dial tcp 127.0.0.1:{port}: connect: connection refused"
    )


@played
async def test_a_url_that_is_none_is_a_usage_error_of_the_consumer(company: Company) -> None:
    program = await run(consumer_by_hand(company, "pika", "broker:5672"))
    assert program.status == USAGE
    assert "expected amqp://user:password@host:port/vhost" in program.err


@played
async def test_the_door_for_guest_needs_guests_own_password(company: Company) -> None:
    """That the tests above went through the door, and not past it."""
    async with guests_door(company.broker) as url:
        program = await run(consumer_by_hand(company, "pika", url.replace("guest:guest", "guest:other")))
    assert program.status == NO_BROKER
