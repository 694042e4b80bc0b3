"""The claims of the article, each held against the real libraries of its two programs.

A claim about a broker is tested through a library: what the application sees is what the article promises.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from article_support import (
    CONSUMERS,
    EVERYONE,
    PRODUCERS,
    Company,
    Inbox,
    Names,
    ask,
    company_on,
    done,
    message,
    names_for,
    played,
    refused,
    stopped,
    text_of,
)

from harness.broker import Broker
from harness.engine.station import Station
from harness.peers.protocol import (
    Ack,
    Bind,
    Confirmed,
    Consume,
    DeclareExchange,
    DeclareQueue,
    Ok,
    Publish,
    Returned,
    Role,
)

NO_ROUTE = 312
PRECONDITION_FAILED = 406
"""Reply codes (AMQP 0-9-1, 1.2)."""
PARTNER = {"rabbitpy": "streadway", "rabbitpy@2.0.1": "amqp091-go", "pika": "streadway"}
"""A producer for each consumer, where a test ends the consumer's process: all pairs would take too long."""

every_producer = pytest.mark.parametrize("producer", PRODUCERS)


@pytest.fixture(scope="module")
def company(broker: Broker) -> Iterator[Company]:
    with company_on(broker) as made:
        yield made


@pytest.fixture
def names(company: Company) -> Iterator[Names]:
    with names_for(company) as made:
        yield made


@pytest.fixture(scope="module", params=CONSUMERS)
def consumer(request: pytest.FixtureRequest) -> str:
    """Every consumer. Of the module's scope, so that pytest runs the tests of one after the other."""
    return str(request.param)


@pytest.fixture(scope="module", params=EVERYONE, ids=[label for label, _ in EVERYONE])
def anyone(request: pytest.FixtureRequest) -> tuple[str, Role]:
    """Every peer, in its role."""
    label, role = request.param
    return label, role


async def publish(station: Station, exchange: str, key: str, text: str) -> None:
    """Publish and wait until the broker has it in its queues."""
    await ask(station, Confirmed, lambda number: Publish(number, exchange, key, message(text), confirm=True))


async def declare(station: Station, queue: str) -> None:
    await done(station, lambda number: DeclareQueue(number, queue, durable=True))


async def bind(station: Station, queue: str, exchange: str, key: str) -> None:
    await done(station, lambda number: Bind(number, queue, exchange, key))


async def consume(station: Station, queue: str) -> None:
    await done(station, lambda number: Consume(number, queue, 16))


async def ack(station: Station, tag: int) -> None:
    await done(station, lambda number: Ack(number, tag))


async def ack_all(station: Station, inbox: Inbox) -> None:
    """Acknowledge what arrived, message by message."""
    for delivery in inbox.deliveries:
        await ack(station, delivery.delivery_tag)


# --- declaring ---------------------------------------------------------------------------------------


@played
async def test_declaring_a_queue_twice_is_harmless(
    company: Company, names: Names, anyone: tuple[str, Role]
) -> None:
    queue = names.queue()
    async with company.peer(*anyone) as (station, _):
        await declare(station, queue)
        await names.raw.publish_confirmed("", queue, message("kept"))
        await declare(station, queue)
    assert await names.ready(queue) == 1


@played
async def test_declaring_a_queue_otherwise_is_a_406_that_costs_the_channel_alone(
    company: Company, names: Names, anyone: tuple[str, Role]
) -> None:
    queue = names.queue()
    async with company.peer(*anyone) as (station, _):
        await declare(station, queue)
        await names.raw.publish_confirmed("", queue, message("kept"))
        error = await refused(
            station, lambda number: DeclareQueue(number, queue, durable=True, auto_delete=True)
        )
    assert (error.kind, error.code, error.scope) == ("disconnected", PRECONDITION_FAILED, "channel")
    assert await names.ready(queue) == 1


# --- fanout ------------------------------------------------------------------------------------------


@every_producer
@played
async def test_a_fanout_reaches_every_queue_whatever_the_routing_key(
    company: Company, names: Names, producer: str, consumer: str
) -> None:
    exchange, queues = names.exchange(), [names.queue() for _ in range(3)]
    async with (
        company.peer(producer, "producer") as (sender, _),
        company.peer(consumer, "consumer") as (receiver, inbox),
    ):
        await done(sender, lambda number: DeclareExchange(number, exchange, "fanout", durable=True))
        for queue in queues:
            await declare(receiver, queue)
            await bind(receiver, queue, exchange, f"to {queue}")
            await consume(receiver, queue)
        await publish(sender, exchange, "nobody's", "first")
        await publish(sender, exchange, "", "second")
        await inbox.wait(2 * len(queues))
        await ack_all(receiver, inbox)
    assert {queue: inbox.bodies(queue) for queue in queues} == {
        queue: ["first", "second"] for queue in queues
    }


# --- messages that wait, and consumers that die ------------------------------------------------------


@every_producer
@played
async def test_a_message_waits_for_a_consumer_that_is_not_there_yet(
    company: Company, names: Names, producer: str, consumer: str
) -> None:
    exchange, (queue,) = await names.fanout(1)
    async with company.peer(producer, "producer") as (sender, _):
        await publish(sender, exchange, "k", "early")
    assert await names.ready(queue) == 1
    async with company.peer(consumer, "consumer") as (receiver, inbox):
        await consume(receiver, queue)
        (delivery,) = await inbox.wait(1)
        await ack_all(receiver, inbox)
    assert text_of(delivery) == "early"
    assert not delivery.redelivered


@played
async def test_a_consumer_that_dies_before_its_ack_gets_every_message_again_marked_redelivered(
    company: Company, names: Names, consumer: str
) -> None:
    exchange, (queue,) = await names.fanout(1)
    sent = ["one", "two", "three"]
    async with company.peer(PARTNER[consumer], "producer") as (sender, _):
        for text in sent:
            await publish(sender, exchange, "k", text)
    async with company.peer(consumer, "consumer") as (victim, inbox):
        await consume(victim, queue)
        await inbox.wait(len(sent))
        assert [one.redelivered for one in inbox.deliveries] == [False] * len(sent)
        victim.kill()
        await names.until_unused(queue)
    async with company.peer(consumer, "consumer") as (heir, inbox):
        await consume(heir, queue)
        await inbox.wait(len(sent))
        await ack_all(heir, inbox)
    assert inbox.bodies() == sent
    assert [one.redelivered for one in inbox.deliveries] == [True] * len(sent)


@played
async def test_what_was_acknowledged_never_comes_again_and_what_was_not_does(
    company: Company, names: Names, consumer: str
) -> None:
    _, (queue,) = await names.fanout(1)
    for text in ("settled", "open"):
        await names.raw.publish_confirmed("", queue, message(text))
    async with company.peer(consumer, "consumer") as (station, inbox):
        await consume(station, queue)
        settled, _ = await inbox.wait(2)
        await ack(station, settled.delivery_tag)
        await stopped(station, names, queue)
    assert await names.take(queue) == "open"
    assert await names.take(queue) is None


@played
async def test_the_consumer_goes_on_listening_until_it_is_stopped(
    company: Company, names: Names, consumer: str
) -> None:
    exchange, (queue,) = await names.fanout(1)
    async with company.peer(PARTNER[consumer], "producer") as (sender, _):
        async with company.peer(consumer, "consumer") as (receiver, inbox):
            await consume(receiver, queue)
            for count, text in enumerate(("one", "two", "three"), start=1):
                await publish(sender, exchange, "k", text)
                await inbox.wait(count)
            await ack_all(receiver, inbox)
            await stopped(receiver, names, queue)
        await publish(sender, exchange, "k", "too late")
    assert inbox.bodies() == ["one", "two", "three"]
    assert await names.take(queue) == "too late"


# --- routes and confirms -----------------------------------------------------------------------------


@every_producer
@pytest.mark.parametrize("confirm", [False, True], ids=["unconfirmed", "confirmed"])
@played
async def test_a_publish_without_a_route_vanishes_and_nobody_says_so(
    company: Company, names: Names, producer: str, confirm: bool
) -> None:
    exchange, _ = await names.fanout(0)
    queue = names.queue()
    await names.raw.declare_queue(queue, durable=True)
    async with company.peer(producer, "producer") as (station, inbox):
        answer = Confirmed if confirm else Ok
        await ask(
            station, answer, lambda number: Publish(number, exchange, "k", message("lost"), confirm=confirm)
        )
        await publish(station, "", queue, "after it")  # the channel is open as if nothing had been
        assert inbox.deliveries == []
    assert await names.take(queue) == "after it"
    assert await names.take(queue) is None


@every_producer
@played
async def test_a_mandatory_publish_without_a_route_comes_back(
    company: Company, names: Names, producer: str
) -> None:
    exchange, _ = await names.fanout(0)
    async with company.peer(producer, "producer") as (station, _):
        returned = await ask(
            station,
            Returned,
            lambda number: Publish(number, exchange, "k", message("back"), mandatory=True, confirm=True),
        )
    assert (returned.code, returned.text) == (NO_ROUTE, "NO_ROUTE")


@every_producer
@played
async def test_a_mandatory_publish_with_a_route_does_not_come_back(
    company: Company, names: Names, producer: str
) -> None:
    exchange, (queue,) = await names.fanout(1)
    async with company.peer(producer, "producer") as (station, _):
        await ask(
            station,
            Confirmed,
            lambda number: Publish(number, exchange, "k", message("there"), mandatory=True, confirm=True),
        )
    assert await names.take(queue) == "there"


@every_producer
@played
async def test_a_publisher_confirm_arrives_when_the_message_is_in_the_queue(
    company: Company, names: Names, producer: str
) -> None:
    exchange, (queue,) = await names.fanout(1)
    async with company.peer(producer, "producer") as (station, _):
        for count in range(1, 4):
            await publish(station, exchange, "k", f"message {count}")
            assert await names.ready(queue) == count
