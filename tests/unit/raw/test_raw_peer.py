"""The peer ``raw`` between a scripted broker and a list of lines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
from pamqp import commands
from raw_broker import Script, Talk, body, broker, header, method

import harness
from harness.amqp.message import Digest, Framing, Inline, Message, digest_of, pattern_body
from harness.amqp.values import Int8, LongLong, Longstr, Octet, Table, Void
from harness.peers import protocol
from harness.peers.protocol import (
    Cancelled,
    Closed,
    Confirmed,
    Delivery,
    Described,
    Empty,
    Failed,
    Line,
    Nacked,
    Ok,
    Returned,
    Undecodable,
)
from harness.raw.peer import NotARequest, Peer

X = Message({}, Inline("x"))


class Driver:
    """The harness's end of the pipe."""

    def __init__(self) -> None:
        self._lines: asyncio.Queue[Line] = asyncio.Queue()
        self.peer = Peer(lambda line: self._lines.put_nowait(protocol.decode_line(line)))

    def ask(self, *requests: protocol.Request) -> None:
        for request in requests:
            self.peer.take(protocol.encode_request(request).rstrip(b"\n"))

    async def next(self) -> Line:
        async with asyncio.timeout(5):
            return await self._lines.get()

    def nothing_more(self) -> bool:
        return self._lines.empty()


Use: TypeAlias = Callable[[Driver], Awaitable[None]]


def _play(script: Script, use: Use) -> None:
    """Connect, ``use``, and close, against ``script``, which begins after the handshake."""

    async def whole(talk: Talk) -> None:
        await talk.handshake()
        await script(talk)

    async def test() -> None:
        driver = Driver()
        running = asyncio.create_task(driver.peer.run())
        async with broker(whole) as url:
            driver.ask(protocol.Connect(1, url))
            assert await driver.next() == Ok(1)
            await use(driver)
            driver.ask(protocol.Close(99))
            assert await driver.next() == Ok(99)
            await running
        assert driver.nothing_more()

    asyncio.run(test())


def _alone(use: Use) -> None:
    async def test() -> None:
        driver = Driver()
        running = asyncio.create_task(driver.peer.run())
        await use(driver)
        driver.peer.end()
        await running

    asyncio.run(test())


def test_it_describes_itself_as_able_to_say_everything() -> None:
    async def use(driver: Driver) -> None:
        driver.ask(protocol.Describe(1))
        described = await driver.next()
        assert isinstance(described, Described)
        assert (described.library, described.version) == ("raw", harness.__version__)
        assert described.roles == ("producer", "consumer")
        assert described.unsupported == ()
        assert {"longlong", "unparsed", "binary", "void"} < set(described.types)
        assert len(described.types) == 19

    _alone(use)


def test_a_request_before_connect_is_answered_as_disconnected() -> None:
    async def use(driver: Driver) -> None:
        driver.ask(protocol.Publish(1, "", "q", X))
        failed = await driver.next()
        assert isinstance(failed, Failed)
        assert (failed.kind, failed.code) == ("disconnected", None)

    _alone(use)


@pytest.mark.parametrize(
    "line", [b'{"op":"fly","id":3}', b'{"op":"get","id":3}', b'{"op":"close","id":3,"x":1}']
)
def test_a_line_that_is_no_request_is_a_bug_and_the_next_one_is_served(line: bytes) -> None:
    async def use(driver: Driver) -> None:
        driver.peer.take(line)
        driver.ask(protocol.Describe(4))
        failed = await driver.next()
        assert isinstance(failed, Failed)
        assert (failed.id, failed.kind) == (3, "bug")
        assert isinstance(await driver.next(), Described)

    _alone(use)


@pytest.mark.parametrize("line", [b"junk", b"{}", b'{"op":"describe","id":0}', b""])
def test_a_line_without_an_id_ends_the_peer(line: bytes) -> None:
    async def test() -> None:
        driver = Driver()
        driver.peer.take(line)
        with pytest.raises(NotARequest):
            await driver.peer.run()

    asyncio.run(test())


def test_a_refused_login_is_disconnected_with_its_code_and_without_the_password() -> None:
    async def script(talk: Talk) -> None:
        await talk.start()
        talk.say(commands.Connection.Close(403, "ACCESS_REFUSED", 0, 0), channel=0)
        await talk.hear_end()

    async def test() -> None:
        driver = Driver()
        running = asyncio.create_task(driver.peer.run())
        async with broker(script) as url:
            driver.ask(protocol.Connect(1, url), protocol.Connect(2, "nowhere"), protocol.Close(3))
            failed, second, closed = await driver.next(), await driver.next(), await driver.next()
        assert isinstance(failed, Failed)
        assert (failed.kind, failed.code, failed.scope) == ("disconnected", 403, "connection")
        assert "s3cret" not in failed.message
        assert isinstance(second, Failed)
        assert second.kind == "refused"
        assert closed == Ok(3)
        await running

    asyncio.run(test())


def test_topology_requests_reach_the_broker() -> None:
    async def script(talk: Talk) -> None:
        assert (await talk.hear(commands.Exchange.Declare)).exchange_type == "headers"
        talk.say(commands.Exchange.DeclareOk())
        assert (await talk.hear(commands.Queue.Declare)).arguments == {"k": "v"}
        talk.say(commands.Queue.DeclareOk("q", 0, 0))
        assert (await talk.hear(commands.Queue.Bind)).routing_key == "r"
        talk.say(commands.Queue.BindOk())
        await talk.goodbye()

    async def use(driver: Driver) -> None:
        driver.ask(
            protocol.DeclareExchange(2, "e", "headers"),
            protocol.DeclareQueue(3, "q", arguments=Table((("k", Longstr("v")),))),
            protocol.Bind(4, "q", "e", "r"),
        )
        assert [await driver.next() for _ in range(3)] == [Ok(2), Ok(3), Ok(4)]

    _play(script, use)


def test_pipelined_publishes_are_answered_in_order_whatever_the_order_of_the_acks() -> None:
    returned = method(commands.Basic.Return(312, "NO_ROUTE", "e", "3")) + header(1) + body(b"x")

    async def script(talk: Talk) -> None:
        await talk.hear(commands.Confirm.Select)
        talk.say(commands.Confirm.SelectOk())
        for _ in range(4):
            await talk.hear_publish()
        talk.say(commands.Basic.Ack(4), returned, commands.Basic.Ack(3), commands.Basic.Nack(2))
        talk.say(commands.Basic.Ack(1))
        await talk.goodbye()

    async def use(driver: Driver) -> None:
        driver.ask(
            protocol.Publish(11, "e", "1", X, confirm=True),
            protocol.Publish(12, "e", "2", X, confirm=True),
            protocol.Publish(13, "e", "3", X, confirm=True, mandatory=True),
            protocol.Publish(14, "e", "4", X),
        )
        assert [await driver.next() for _ in range(4)] == [
            Confirmed(11),
            Nacked(12),
            Returned(13, 312, "NO_ROUTE"),
            Ok(14),
        ]

    _play(script, use)


def test_a_message_of_chosen_framing_is_followed_by_a_method_that_makes_the_broker_speak() -> None:
    async def script(talk: Talk) -> None:
        await talk.hear(commands.Basic.Publish)
        assert await talk.octets() == header(9)
        assert await talk.octets() == body(b"x")
        await talk.hear(commands.Channel.Flow)
        talk.say(commands.Connection.Close(505, "UNEXPECTED_FRAME", 0, 0), channel=0)
        await talk.hear(commands.Connection.CloseOk)

    async def use(driver: Driver) -> None:
        driver.ask(protocol.Publish(2, "e", "r", Message({}, Inline("x"), Framing(body_size=9))))
        assert await driver.next() == Ok(2)
        closed = await driver.next()
        assert isinstance(closed, Closed)
        assert (closed.scope, closed.code) == ("connection", 505)

    _play(script, use)


def test_what_cannot_be_encoded_is_refused_and_nothing_is_sent() -> None:
    async def script(talk: Talk) -> None:
        await talk.goodbye()

    async def use(driver: Driver) -> None:
        driver.ask(
            protocol.Publish(2, "e", "r" * 256, X),
            protocol.Publish(3, "e", "r", Message({"priority": Void()}, Inline("x"))),
            protocol.Publish(4, "e", "r", Message({}, Digest(1, "0" * 64))),
        )
        for _ in range(3):
            failed = await driver.next()
            assert isinstance(failed, Failed)
            assert failed.kind == "refused"

    _play(script, use)


def test_a_channel_closed_while_nobody_waits_is_one_event_and_later_requests_fail() -> None:
    async def script(talk: Talk) -> None:
        await talk.hear_publish()
        talk.say(commands.Channel.Close(406, "PRECONDITION_FAILED", 60, 40))
        await talk.hear(commands.Channel.CloseOk)
        await talk.goodbye()

    async def use(driver: Driver) -> None:
        driver.ask(protocol.Publish(2, "e", "r", X))
        assert await driver.next() == Ok(2)
        closed = await driver.next()
        assert isinstance(closed, Closed)
        assert (closed.scope, closed.code) == ("channel", 406)
        driver.ask(protocol.Publish(3, "e", "r", X), protocol.Get(4, "q"))
        for number in (3, 4):
            failed = await driver.next()
            assert isinstance(failed, Failed)
            assert (failed.id, failed.kind, failed.code) == (number, "disconnected", 406)
            assert failed.scope == "channel"

    _play(script, use)


def test_a_connection_closed_while_confirms_are_open_fails_them_all_without_an_event() -> None:
    async def script(talk: Talk) -> None:
        await talk.hear(commands.Confirm.Select)
        talk.say(commands.Confirm.SelectOk())
        await talk.hear_publish()
        await talk.hear_publish()
        talk.say(commands.Connection.Close(541, "INTERNAL_ERROR", 0, 0), channel=0)
        await talk.hear(commands.Connection.CloseOk)

    async def use(driver: Driver) -> None:
        driver.ask(
            protocol.Publish(2, "e", "r", X, confirm=True), protocol.Publish(3, "e", "r", X, confirm=True)
        )
        for number in (2, 3):
            failed = await driver.next()
            assert isinstance(failed, Failed)
            assert (failed.id, failed.kind, failed.code) == (number, "disconnected", 541)
            assert failed.scope == "connection"

    _play(script, use)


def test_consumed_messages_are_reported_with_wire_types_order_and_duplicates() -> None:
    table = b"\0\0\0\x0f\1aL\0\0\0\0\0\0\0\7\1abX"
    large = b"ab" * 3000

    async def script(talk: Talk) -> None:
        await talk.hear(commands.Basic.Qos)
        talk.say(commands.Basic.QosOk())
        tag = (await talk.hear(commands.Basic.Consume)).consumer_tag
        properties = b"\x28\0" + table + b"\7"
        talk.say(
            commands.Basic.ConsumeOk(tag),
            commands.Basic.Deliver(tag, 1, True, "e", "r"),
            header(len(large), properties),
            body(large),
        )
        assert (await talk.hear(commands.Basic.Nack)).requeue is False
        assert (await talk.hear(commands.Basic.Reject)).delivery_tag == 2
        assert (await talk.hear(commands.Basic.Ack)).multiple
        await talk.goodbye()

    async def use(driver: Driver) -> None:
        driver.ask(protocol.Consume(2, "q", prefetch=5))
        assert await driver.next() == Ok(2)
        assert await driver.next() == Delivery(
            queue="q",
            delivery_tag=1,
            redelivered=True,
            exchange="e",
            routing_key="r",
            properties={
                "headers": Table((("a", LongLong("7")), ("a", Int8("88")))),
                "priority": Octet("7"),
            },
            body=Digest(*digest_of(pattern_body(b"ab", 6000))),
        )
        driver.ask(
            protocol.Nack(3, 1, requeue=False), protocol.Reject(4, 2), protocol.Ack(5, 3, multiple=True)
        )
        assert [await driver.next() for _ in range(3)] == [Ok(3), Ok(4), Ok(5)]

    _play(script, use)


def test_how_to_consume_reaches_the_broker_and_cancel_ends_that_consumer() -> None:
    async def script(talk: Talk) -> None:
        await talk.hear(commands.Basic.Qos)
        talk.say(commands.Basic.QosOk())
        asked = await talk.hear(commands.Basic.Consume)
        assert (asked.no_ack, asked.exclusive, asked.arguments) == (True, True, {"k": "v"})
        talk.say(commands.Basic.ConsumeOk(asked.consumer_tag))
        assert (await talk.hear(commands.Basic.Cancel)).consumer_tag == asked.consumer_tag
        talk.say(commands.Basic.CancelOk(asked.consumer_tag))
        await talk.goodbye()

    async def use(driver: Driver) -> None:
        arguments = Table((("k", Longstr("v")),))
        driver.ask(protocol.Consume(2, "q", no_ack=True, exclusive=True, arguments=arguments))
        driver.ask(protocol.Cancel(3, "q"), protocol.Cancel(4, "q"))
        assert [await driver.next() for _ in range(2)] == [Ok(2), Ok(3)]
        again = await driver.next()
        assert isinstance(again, Failed)
        assert (again.id, again.kind) == (4, "bug")

    _play(script, use)


def test_a_consumer_that_the_broker_ended_is_one_event_and_others_go_on() -> None:
    async def script(talk: Talk) -> None:
        tags = []
        for _ in range(2):
            await talk.hear(commands.Basic.Qos)
            talk.say(commands.Basic.QosOk())
            tags.append((await talk.hear(commands.Basic.Consume)).consumer_tag)
            talk.say(commands.Basic.ConsumeOk(tags[-1]))
        talk.say(commands.Basic.Cancel(tags[0], True), commands.Basic.Cancel("of somebody else", True))
        talk.say(commands.Basic.Deliver(tags[1], 1, False, "e", "r"), header(1), body(b"x"))
        await talk.goodbye()

    async def use(driver: Driver) -> None:
        driver.ask(protocol.Consume(2, "q"), protocol.Consume(3, "p"))
        assert [await driver.next() for _ in range(3)] == [Ok(2), Ok(3), Cancelled("q")]
        delivered = await driver.next()
        assert isinstance(delivered, Delivery)
        assert delivered.queue == "p"

    _play(script, use)


@pytest.mark.parametrize(
    ("properties", "problem"),
    [(b"\x80\0\x09cut", "cut"), (b"\0\0!", "1 octets left over"), (b"\0\1\0\0", "left over")],
    ids=["cut", "left over", "continuation"],
)
def test_a_header_that_a_delivery_cannot_hold_is_undecodable_and_consuming_goes_on(
    properties: bytes, problem: str
) -> None:
    async def script(talk: Talk) -> None:
        for tag, flags in ((1, properties), (2, b"\0\0")):
            await talk.hear(commands.Basic.Get)
            talk.say(commands.Basic.GetOk(tag, False, "e", "r", 0), header(1, flags), body(b"x"))
        await talk.hear(commands.Basic.Get)
        talk.say(commands.Basic.GetEmpty())
        await talk.goodbye()

    async def use(driver: Driver) -> None:
        driver.ask(protocol.Get(2, "q"), protocol.Get(3, "q"), protocol.Get(4, "q"))
        assert await driver.next() == Ok(2)
        undecodable = await driver.next()
        assert isinstance(undecodable, Undecodable)
        assert problem in undecodable.message
        assert await driver.next() == Ok(3)
        assert isinstance(await driver.next(), Delivery)
        assert await driver.next() == Empty(4)

    _play(script, use)


def test_connecting_again_closes_the_connection_before() -> None:
    async def script(talk: Talk) -> None:
        await talk.goodbye()

    async def use(driver: Driver) -> None:
        driver.ask(protocol.Connect(2, "amqp://127.0.0.1:0x"))
        failed = await driver.next()
        assert isinstance(failed, Failed)

    _play(script, use)
