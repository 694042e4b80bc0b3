"""A connection that is open: answers, messages, and what a broker may do to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
from pamqp import commands
from raw_broker import HEARTBEAT, Script, Talk, body, broker, header, method

from harness.amqp.fields import WireError
from harness.amqp.message import Framing, Inline, Message
from harness.amqp.values import Base64, Longstr, Shortstr, Table, Text
from harness.raw import (
    Acked,
    ChannelClosed,
    Connection,
    ConnectionClosed,
    Nacked,
    Received,
    Returned,
    TimedOut,
    connect,
)

Use: TypeAlias = Callable[[Connection], Awaitable[None]]
X = Message({}, Inline("x"))
GET_OK = commands.Basic.GetOk(1, False, "ex", "rk", 0)
PROPERTIES = b"\x80\x00\x0atext/plain"


def _play(
    script: Script, use: Use, *, timeout: float = 5.0, heartbeat: int = 0, frame_max: int = 8192
) -> None:
    """``script`` after the handshake on one side, ``use`` on the other, then a polite close."""

    async def whole(talk: Talk) -> None:
        await talk.handshake(frame_max=frame_max)
        await script(talk)

    async def test() -> None:
        async with broker(whole) as url:
            connection = await connect(url, timeout=timeout, heartbeat=heartbeat)
            await use(connection)
            await connection.close()

    asyncio.run(test())


async def _nothing(talk: Talk) -> None:
    await talk.goodbye()


# --- answers ---------------------------------------------------------------------------------------------


def test_topology_methods_carry_every_argument() -> None:
    async def script(talk: Talk) -> None:
        exchange = await talk.hear(commands.Exchange.Declare)
        assert (exchange.exchange, exchange.exchange_type) == ("e", "topic")
        assert (exchange.durable, exchange.auto_delete, exchange.passive) == (True, False, False)
        assert exchange.internal
        talk.say(commands.Exchange.DeclareOk())
        queue = await talk.hear(commands.Queue.Declare)
        assert (queue.queue, queue.durable, queue.exclusive, queue.auto_delete) == ("q", False, True, True)
        assert queue.arguments == {"k": "v"}
        talk.say(commands.Queue.DeclareOk("q", 2, 3))
        bind = await talk.hear(commands.Queue.Bind)
        assert (bind.queue, bind.exchange, bind.routing_key) == ("q", "e", "r.#")
        talk.say(commands.Queue.BindOk())
        unbind = await talk.hear(commands.Queue.Unbind)
        assert (unbind.queue, unbind.exchange, unbind.routing_key) == ("q", "e", "r.#")
        talk.say(commands.Queue.UnbindOk())
        apart = await talk.hear(commands.Exchange.Unbind)
        assert (apart.destination, apart.source, apart.routing_key) == ("to", "from", "r")
        talk.say(commands.Exchange.UnbindOk())
        assert (await talk.hear(commands.Queue.Purge)).queue == "q"
        talk.say(commands.Queue.PurgeOk(4))
        assert (await talk.hear(commands.Queue.Delete)).if_empty
        talk.say(commands.Queue.DeleteOk(5))
        assert (await talk.hear(commands.Exchange.Delete)).exchange == "e"
        talk.say(commands.Exchange.DeleteOk())
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        await connection.declare_exchange("e", "topic", durable=True, internal=True)
        arguments = Table((("k", Longstr("v")),))
        declared = await connection.declare_queue("q", exclusive=True, auto_delete=True, arguments=arguments)
        assert declared == ("q", 2, 3)
        await connection.bind("q", "e", "r.#")
        await connection.unbind("q", "e", "r.#")
        await connection.unbind_exchange("to", "from", "r")
        assert await connection.purge_queue("q") == 4
        assert await connection.delete_queue("q", if_empty=True) == 5
        await connection.delete_exchange("e")

    _play(script, use)


def test_names_that_are_not_utf8_leave_and_arrive_as_they_are() -> None:
    async def script(talk: Talk) -> None:
        assert (await talk.octets())[7:] == b"\0\x32\0\x0a\0\0\x02\xff\xfe\x04\0\0\0\0\xce"
        talk.say(b"\x01\0\1\0\0\0\x0f\0\x32\0\x0b\x02\xff\xfe\0\0\0\1\0\0\0\0\xce")
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        declared = await connection.declare_queue(Base64("//4="), exclusive=True)
        assert declared == (Base64("//4="), 1, 0)

    _play(script, use)


def test_a_name_over_255_bytes_is_refused_before_anything_is_sent() -> None:
    async def use(connection: Connection) -> None:
        with pytest.raises(ValueError, match="255"):
            await connection.declare_queue("é" * 128)

    _play(_nothing, use)


def test_answers_of_requests_that_overlap_go_to_their_askers() -> None:
    async def script(talk: Talk) -> None:
        names = [(await talk.hear(commands.Queue.Declare)).queue for _ in range(20)]
        talk.say(*(commands.Queue.DeclareOk(name, 0, 0) for name in names))
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        names = [f"q{number}" for number in range(20)]
        answers = await asyncio.gather(*(connection.declare_queue(name) for name in names))
        assert [answer.queue for answer in answers] == names

    _play(script, use)


def test_silence_ends_at_the_deadline_and_the_late_answer_is_nobodys() -> None:
    async def script(talk: Talk) -> None:
        await talk.hear(commands.Queue.Declare)
        await talk.hear(commands.Queue.Declare)
        talk.say(commands.Queue.DeclareOk("late", 0, 0), commands.Queue.DeclareOk("second", 0, 0))
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        with pytest.raises(TimedOut, match=r"queue\.declare-ok within 0\.2 s"):
            await connection.declare_queue("late")
        connection.timeout = 5.0
        assert (await connection.declare_queue("second")).queue == "second"

    _play(script, use, timeout=0.2)


def test_an_answer_to_nothing_ends_the_connection() -> None:
    async def script(talk: Talk) -> None:
        talk.say(commands.Queue.BindOk())
        await talk.hear_end()

    async def use(connection: Connection) -> None:
        with pytest.raises(ConnectionClosed, match="nobody waits for"):
            await connection.declare_queue("q")

    _play(script, use)


# --- messages that arrive --------------------------------------------------------------------------------


def _got(*frames: bytes | commands.Basic.GetOk, slowly: bool = False) -> Received:
    """What the client makes of these frames as the answer to a get."""
    got: list[Received | None] = []

    async def script(talk: Talk) -> None:
        await talk.hear(commands.Basic.Get)
        octets = b"".join(frame if isinstance(frame, bytes) else method(frame) for frame in frames)
        if slowly:
            await talk.say_slowly(octets)
        else:
            talk.say(octets)
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        got.append(await connection.get("q"))

    _play(script, use)
    assert got[0] is not None
    return got[0]


def test_a_message_cut_at_every_octet_arrives_whole() -> None:
    received = _got(GET_OK, header(5, PROPERTIES), body(b"hello"), slowly=True)
    assert (received.delivery_tag, received.redelivered) == (1, False)
    assert (received.exchange, received.routing_key, received.body) == ("ex", "rk", b"hello")
    assert received.header.properties == {"content_type": Shortstr("text/plain")}


def test_empty_body_frames_add_nothing() -> None:
    assert _got(GET_OK, header(3), body(b""), body(b"ab"), body(b""), body(b"c")).body == b"abc"


def test_an_empty_body_needs_no_frame() -> None:
    assert _got(GET_OK, header(0)).body == b""


def test_heartbeats_between_the_frames_of_a_message_are_passed_over() -> None:
    received = _got(HEARTBEAT, GET_OK, HEARTBEAT, header(2), HEARTBEAT, body(b"a"), HEARTBEAT, body(b"b"))
    assert received.body == b"ab"


def test_a_header_that_nobody_can_decode_arrives_and_says_so_when_asked() -> None:
    received = _got(GET_OK, header(1, b"\x80\x00\x09cut"), body(b"x"))
    assert received.body == b"x"
    with pytest.raises(WireError, match="cut"):
        _ = received.header


def test_what_is_left_in_the_queue_is_told_with_a_message() -> None:
    assert _got(commands.Basic.GetOk(1, False, "ex", "rk", 7), header(0)).left == 7


def test_an_empty_queue_gives_none() -> None:
    async def script(talk: Talk) -> None:
        await talk.hear(commands.Basic.Get)
        talk.say(commands.Basic.GetEmpty())
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        assert await connection.get("q") is None

    _play(script, use)


@pytest.mark.parametrize(
    ("frames", "problem"),
    [
        ((GET_OK, header(1), body(b"xy")), "longer than its header says"),
        ((GET_OK, body(b"x")), "body frame out of place"),
        ((header(1),), "header frame out of place"),
        ((GET_OK, header(1), header(1)), "header frame out of place"),
        ((GET_OK, header(1), commands.Basic.GetEmpty()), "in the middle of a content"),
        ((b"\x02\0\1\0\0\0\3\0\x3c\0\xce",), "out of place"),
        ((GET_OK, b"\x02\0\1\0\0\0\3\0\x3c\0\xce"), "less than 12"),
        ((commands.Basic.Deliver("no such", 1, False, "", ""), header(0)), "the consumer 'no such'"),
        ((commands.Basic.Ack(1),), "no open publish"),
        ((commands.Basic.Nack(1),), "no open publish"),
        ((header(1, channel=2),), "on channel 2"),
        ((header(1, channel=0),), "on channel 0"),
        ((b"\x01\0\1\0\0\0\x05\0\x3c\0\x50\0\xce",), "cut short"),
        ((b"\x01\0\1\0\0\0\0\xcf",), "0xcf instead of 0xce"),
        ((b"\x09\0\1\0\0\0\0\xce",), "frame type 9"),
    ],
)
def test_frames_that_make_no_sense_end_the_connection_and_say_why(
    frames: tuple[bytes | commands.Basic.Deliver, ...], problem: str
) -> None:
    async def script(talk: Talk) -> None:
        await talk.hear(commands.Basic.Get)
        talk.say(*frames)
        await talk.hear_end()

    async def use(connection: Connection) -> None:
        with pytest.raises(ConnectionClosed, match=problem) as caught:
            await connection.get("q")
        assert caught.value.code is None

    _play(script, use)


def test_consumed_messages_come_in_order_the_first_with_the_answer_and_are_settled() -> None:
    async def script(talk: Talk) -> None:
        assert (await talk.hear(commands.Basic.Qos)).prefetch_count == 7
        talk.say(commands.Basic.QosOk())
        tag = (await talk.hear(commands.Basic.Consume)).consumer_tag
        first = method(commands.Basic.Deliver(tag, 1, True, "", "q")) + header(1) + body(b"1")
        second = method(commands.Basic.Deliver(tag, 2, False, "", "q")) + header(1) + body(b"2")
        talk.say(commands.Basic.ConsumeOk(tag), first, second)
        assert (await talk.hear(commands.Basic.Ack)).multiple
        nack = await talk.hear(commands.Basic.Nack)
        assert (nack.delivery_tag, nack.multiple, nack.requeue) == (2, False, True)
        assert (await talk.hear(commands.Basic.Reject)).requeue is False
        assert (await talk.hear(commands.Basic.Cancel)).consumer_tag == tag
        talk.say(commands.Basic.CancelOk(tag))
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        arrived: asyncio.Queue[Received] = asyncio.Queue()
        tag = await connection.consume("q", arrived.put_nowait, prefetch=7)
        one, two = await arrived.get(), await arrived.get()
        assert (one.body, one.redelivered, two.body, two.redelivered) == (b"1", True, b"2", False)
        assert one.consumer_tag == tag
        connection.ack(1, multiple=True)
        connection.nack(2)
        connection.reject(2, requeue=False)
        await connection.cancel(tag)

    _play(script, use)


def test_a_consumer_that_the_broker_cancels_is_told_of() -> None:
    async def script(talk: Talk) -> None:
        await talk.hear(commands.Basic.Qos)
        talk.say(commands.Basic.QosOk())
        tag = (await talk.hear(commands.Basic.Consume)).consumer_tag
        talk.say(commands.Basic.ConsumeOk(tag), commands.Basic.Cancel(tag, nowait=True))
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        cancelled: asyncio.Queue[Text] = asyncio.Queue()
        connection.listeners.cancelled = cancelled.put_nowait
        tag = await connection.consume("q", lambda received: None)
        assert await cancelled.get() == tag

    _play(script, use)


# --- messages that leave ---------------------------------------------------------------------------------


def _sent(message: Message, count: int, frame_max: int = 4096) -> list[bytes]:
    """The ``count`` frames that follow basic.publish."""
    heard: list[bytes] = []

    async def script(talk: Talk) -> None:
        publish = await talk.hear(commands.Basic.Publish)
        assert (publish.exchange, publish.routing_key, publish.mandatory) == ("e", "r", True)
        heard.extend([await talk.octets() for _ in range(count)])
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        await connection.publish("e", "r", message, mandatory=True)

    _play(script, use, frame_max=frame_max)
    return heard


def test_a_body_is_cut_at_the_negotiated_frame_max() -> None:
    frames = _sent(Message({}, Inline("a" * 4088 + "b")), 3)
    assert frames == [header(4089), body(b"a" * 4088), body(b"b")]


def test_an_empty_body_leaves_without_a_frame() -> None:
    assert _sent(Message({"content_type": Shortstr("text/plain")}, Inline("")), 1) == [header(0, PROPERTIES)]


def test_a_chosen_header_size_and_cuts_leave_as_chosen() -> None:
    sizes = Framing(body_size=9, frames=(0, 2, 0, 5, 5, 0))
    assert _sent(Message({}, Inline("abc"), sizes), 6) == [
        header(9),
        body(b""),
        body(b"ab"),
        body(b""),
        body(b"c"),
        body(b""),
    ]
    raw = _sent(Message({}, Inline("abc"), Framing(header=Base64("AQID"))), 2)
    assert raw == [b"\x02\0\1\0\0\0\3\1\2\3\xce", body(b"abc")]


def test_octets_of_any_kind_leave_as_they_are() -> None:
    async def script(talk: Talk) -> None:
        assert await talk.octets() == b"\x07\0\x09\0\0\0\1?\xce"
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        connection.send_raw(b"\x07\0\x09\0\0\0\1?\xce")

    _play(script, use)


async def _confirming(talk: Talk, publishes: int) -> None:
    await talk.hear(commands.Confirm.Select)
    talk.say(commands.Confirm.SelectOk())
    for _ in range(publishes):
        await talk.hear_publish()


def test_acks_and_nacks_single_and_multiple_reach_their_publishes() -> None:
    async def script(talk: Talk) -> None:
        await _confirming(talk, 5)
        talk.say(commands.Basic.Nack(4), commands.Basic.Ack(3, multiple=True), commands.Basic.Ack(5))
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        await connection.confirm_select()
        fates = [connection.submit("e", str(number), X) for number in range(5)]
        outcomes = [await fate for fate in fates if fate is not None]
        assert outcomes == [Acked(), Acked(), Acked(), Nacked(), Acked()]
        assert await connection.wait_confirms() == []

    _play(script, use)


def test_a_return_belongs_to_its_publish_and_not_to_its_neighbours() -> None:
    returned = method(commands.Basic.Return(312, "NO_ROUTE", "e", "b")) + header(1) + body(b"x")

    async def script(talk: Talk) -> None:
        await _confirming(talk, 4)
        talk.say(returned, commands.Basic.Ack(4, multiple=True))
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        await connection.confirm_select()
        connection.submit("e", "a", X, mandatory=True)
        connection.submit("e", "b", X)
        connection.submit("e", "b", X, mandatory=True)
        connection.submit("e", "b", X, mandatory=True)
        outcomes = await connection.wait_confirms()
        assert [type(outcome) for outcome in outcomes] == [Acked, Acked, Returned, Acked]
        assert isinstance(outcomes[2], Returned)
        assert (outcomes[2].code, outcomes[2].text, outcomes[2].body) == (312, "NO_ROUTE", b"x")

    _play(script, use)


def test_a_return_without_a_confirm_is_told_of() -> None:
    async def script(talk: Talk) -> None:
        await talk.hear_publish()
        talk.say(commands.Basic.Return(312, "NO_ROUTE", "e", "r"), header(1), body(b"x"))
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        told: asyncio.Queue[Returned] = asyncio.Queue()
        connection.listeners.returned = told.put_nowait
        assert connection.submit("e", "r", X, mandatory=True) is None
        assert (await told.get()).code == 312

    _play(script, use)


def test_a_confirm_that_does_not_come_is_a_timeout() -> None:
    async def script(talk: Talk) -> None:
        await _confirming(talk, 2)
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        with pytest.raises(TimedOut, match="publisher confirm"):
            await connection.publish_confirmed("e", "r", X)
        connection.submit("e", "r", X)
        with pytest.raises(TimedOut, match="confirm of 2 publishes"):
            await connection.wait_confirms()

    _play(script, use, timeout=0.2)


# --- what a broker may do --------------------------------------------------------------------------------


def test_blocked_is_noted_and_does_not_end_anything() -> None:
    async def script(talk: Talk) -> None:
        await talk.hear(commands.Queue.Purge)
        talk.say(commands.Connection.Blocked("low on memory"), channel=0)
        talk.say(commands.Queue.PurgeOk(0))
        await talk.hear(commands.Queue.Purge)
        talk.say(commands.Connection.Unblocked(), channel=0)
        talk.say(commands.Queue.PurgeOk(0))
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        await connection.purge_queue("q")
        assert connection.blocked == "low on memory"
        await connection.purge_queue("q")
        assert connection.blocked is None

    _play(script, use)


def test_flow_is_answered() -> None:
    async def script(talk: Talk) -> None:
        await talk.hear(commands.Channel.Flow)
        await talk.hear(commands.Queue.Purge)
        talk.say(commands.Channel.FlowOk(True), commands.Channel.Flow(False), commands.Queue.PurgeOk(0))
        assert (await talk.hear(commands.Channel.FlowOk)).active is False
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        connection.prod()
        await connection.purge_queue("q")

    _play(script, use)


def test_recover_and_flow_say_what_is_wanted_and_wait_for_their_answers() -> None:
    async def script(talk: Talk) -> None:
        assert (await talk.hear(commands.Basic.Recover)).requeue is True
        talk.say(commands.Basic.RecoverOk())
        assert (await talk.hear(commands.Channel.Flow)).active is True
        talk.say(commands.Channel.FlowOk(True))
        assert (await talk.hear(commands.Channel.Flow)).active is False
        talk.say(commands.Connection.Close(540, "no such thing", 20, 20), channel=0)
        await talk.hear(commands.Connection.CloseOk)

    async def use(connection: Connection) -> None:
        await connection.recover(requeue=True)
        await connection.flow(active=True)
        with pytest.raises(ConnectionClosed, match="540"):
            await connection.flow(active=False)

    _play(script, use)


def test_a_closed_channel_fails_whoever_waits_then_everybody_and_can_be_reopened() -> None:
    async def script(talk: Talk) -> None:
        await _confirming(talk, 2)
        await talk.hear(commands.Queue.Purge)
        talk.say(commands.Basic.Ack(1), commands.Channel.Close(406, "PRECONDITION_FAILED", 60, 40))
        await talk.hear(commands.Channel.CloseOk)
        await talk.hear(commands.Channel.Open)
        talk.say(commands.Channel.OpenOk())
        await talk.hear(commands.Queue.Purge)
        talk.say(commands.Queue.PurgeOk(9))
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        told: list[tuple[str, bool]] = []
        connection.listeners.closed = lambda error, answered: told.append((str(error), answered))
        await connection.confirm_select()
        fates = [connection.submit("e", "r", X), connection.submit("e", "r", X)]
        with pytest.raises(ChannelClosed) as caught:
            await connection.purge_queue("q")
        assert (caught.value.code, caught.value.text) == (406, "PRECONDITION_FAILED")
        assert fates[0] is not None
        assert await fates[0] == Acked()
        assert fates[1] is not None
        assert isinstance(fates[1].exception(), ChannelClosed)
        with pytest.raises(ChannelClosed, match="406"):
            connection.submit("e", "r", X)
        with pytest.raises(ChannelClosed, match="406"):
            connection.ack(1)
        assert told == [("channel closed: 406 PRECONDITION_FAILED", True)]
        await connection.reopen()
        assert not connection.confirming
        assert await connection.purge_queue("q") == 9

    _play(script, use)


def test_a_channel_closed_while_nobody_waits_is_told_of_once() -> None:
    async def script(talk: Talk) -> None:
        await talk.hear_publish()
        talk.say(commands.Channel.Close(406, "PRECONDITION_FAILED", 60, 40))
        await talk.hear(commands.Channel.CloseOk)
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        told: asyncio.Queue[tuple[ChannelClosed | ConnectionClosed, bool]] = asyncio.Queue()
        connection.listeners.closed = lambda error, answered: told.put_nowait((error, answered))
        connection.submit("e", "r", X)
        error, answered = await told.get()
        assert isinstance(error, ChannelClosed)
        assert not answered
        await connection.close()
        assert told.empty()

    _play(script, use)


def test_a_connection_closed_by_the_broker_is_answered_and_keeps_code_and_text() -> None:
    async def script(talk: Talk) -> None:
        await talk.hear(commands.Queue.Purge)
        talk.say(commands.Connection.Close(541, "INTERNAL_ERROR", 0, 0), channel=0)
        await talk.hear(commands.Connection.CloseOk)
        assert await talk.hear_end() == b""

    async def use(connection: Connection) -> None:
        for _ in range(2):
            with pytest.raises(ConnectionClosed) as caught:
                await connection.purge_queue("q")
            assert (caught.value.code, caught.value.text) == (541, "INTERNAL_ERROR")

    _play(script, use)


def test_a_reply_text_that_is_not_utf8_is_shown_escaped() -> None:
    async def script(talk: Talk) -> None:
        await talk.hear(commands.Queue.Purge)
        talk.say(b"\x01\0\1\0\0\0\x0d\0\x14\0\x28\x01\x94\2\xff!\0\0\0\0\xce")
        await talk.hear(commands.Channel.CloseOk)
        await talk.goodbye()

    async def use(connection: Connection) -> None:
        with pytest.raises(ChannelClosed, match=r"404 \\xff!"):
            await connection.purge_queue("q")

    _play(script, use)


@pytest.mark.parametrize("end", [Talk.half_close, Talk.reset], ids=["half-closed", "reset"])
def test_a_socket_that_ends_without_a_word_has_no_code(end: Callable[[Talk], None]) -> None:
    async def script(talk: Talk) -> None:
        await talk.hear(commands.Queue.Purge)
        end(talk)

    async def use(connection: Connection) -> None:
        with pytest.raises(ConnectionClosed) as caught:
            await connection.purge_queue("q")
        assert caught.value.code is None
        assert caught.value.text

    _play(script, use)


def test_a_close_that_nobody_answers_is_a_timeout() -> None:
    async def script(talk: Talk) -> None:
        await talk.hear(commands.Connection.Close)
        await talk.hear_end()

    async def use(connection: Connection) -> None:
        with pytest.raises(TimedOut, match=r"connection\.close-ok"):
            await connection.close()

    _play(script, use, timeout=0.2)


def test_heartbeats_are_sent_and_their_absence_ends_the_connection() -> None:
    async def script(talk: Talk) -> None:
        await talk.hear(commands.Queue.Purge)
        assert await talk.octets() == HEARTBEAT
        await talk.hear_end()

    async def use(connection: Connection) -> None:
        with pytest.raises(ConnectionClosed, match="no sign of the broker for 2 s"):
            await connection.purge_queue("q")

    _play(script, use, heartbeat=1)
