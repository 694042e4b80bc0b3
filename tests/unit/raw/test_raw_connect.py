"""The handshake, and all the ways in which a connection does not come about."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest
from pamqp import base, commands
from raw_broker import Script, Talk, broker

import harness
from harness.amqp.values import Longstr, Table
from harness.raw import ConnectFailed, FailedBecause, connect


async def _failure(script: Script, timeout: float = 5.0) -> ConnectFailed:
    async with broker(script) as url:
        with pytest.raises(ConnectFailed) as caught:
            await connect(url, timeout=timeout)
    assert "s3cret" not in f"{caught.value} {caught.value!r} {vars(caught.value)}"
    return caught.value


def test_the_lower_limits_are_agreed_on_and_server_properties_keep_their_types() -> None:
    heard: list[commands.Connection.TuneOk] = []

    async def script(talk: Talk) -> None:
        heard.append(await talk.handshake(frame_max=8192, channel_max=9))
        await talk.goodbye()

    async def test() -> None:
        async with broker(script) as url, await connect(url) as connection:
            assert connection.tune == (9, 8192, 0)
            assert ("product", Longstr("fake")) in connection.server_properties.value

    asyncio.run(test())
    assert (heard[0].channel_max, heard[0].frame_max, heard[0].heartbeat) == (9, 8192, 0)


def test_no_limit_of_the_broker_leaves_the_clients_own() -> None:
    async def script(talk: Talk) -> None:
        await talk.handshake(frame_max=0)
        await talk.goodbye()

    async def test() -> None:
        async with broker(script) as url, await connect(url, frame_max=5000) as connection:
            assert connection.tune.frame_max == 5000

    asyncio.run(test())


def test_the_client_says_who_it_is_and_logs_in_with_plain() -> None:
    heard: list[commands.Connection.StartOk] = []

    async def script(talk: Talk) -> None:
        heard.append(await talk.start())

    asyncio.run(_failure(script))
    said = heard[0].client_properties
    assert (said["product"], said["version"]) == ("amqp-interop raw", harness.__version__)
    assert isinstance(said["capabilities"], dict)
    assert said["capabilities"]["authentication_failure_close"] is True
    assert (heard[0].mechanism, heard[0].response) == ("PLAIN", "\0guest\0s3cret")


def test_client_properties_can_be_chosen() -> None:
    heard: list[commands.Connection.StartOk] = []

    async def script(talk: Talk) -> None:
        heard.append(await talk.start())

    async def test() -> None:
        async with broker(script) as url:
            with pytest.raises(ConnectFailed):
                await connect(url, client_properties=Table((("product", Longstr("other")),)))

    asyncio.run(test())
    assert heard[0].client_properties == {"product": "other"}


def _close_after(part: Callable[[Talk], Awaitable[object]], closing: base.Frame) -> Script:
    async def script(talk: Talk) -> None:
        await part(talk)
        talk.say(closing, channel=0)
        await talk.hear_end()

    return script


def test_a_403_means_the_credentials() -> None:
    closing = commands.Connection.Close(403, "ACCESS_REFUSED", 0, 0)
    error = asyncio.run(_failure(_close_after(Talk.start, closing)))
    assert (error.because, error.code, error.text) == (FailedBecause.CREDENTIALS, 403, "ACCESS_REFUSED")


def test_a_530_means_the_virtual_host() -> None:
    async def script(talk: Talk) -> None:
        await talk.start()
        talk.say(commands.Connection.Tune(0, 131072, 60), channel=0)
        await talk.hear(commands.Connection.TuneOk)
        await talk.hear(commands.Connection.Open)
        talk.say(commands.Connection.Close(530, "NOT_ALLOWED - vhost x not found", 10, 40), channel=0)
        await talk.hear(commands.Connection.CloseOk)

    error = asyncio.run(_failure(script))
    assert (error.because, error.code) == (FailedBecause.VHOST, 530)
    assert "vhost x not found" in str(error)


def test_any_other_close_of_the_handshake_keeps_its_code_and_text() -> None:
    closing = commands.Connection.Close(541, "INTERNAL_ERROR", 0, 0)
    error = asyncio.run(_failure(_close_after(Talk.start, closing)))
    assert (error.because, error.code, error.text) == (FailedBecause.CLOSED, 541, "INTERNAL_ERROR")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad\r\n\r\n",
        b"AMQP\0\0\x09\x01",
        b"AMQP\3\1\0\0",
        b"nope",
        b"\x15\3\3\0\2\2\x46",
    ],
    ids=["http", "the version refused", "amqp 1.0", "four octets", "tls alert"],
)
def test_what_is_not_amqp_is_called_so(answer: bytes) -> None:
    async def script(talk: Talk) -> None:
        await talk.hear_protocol_header()
        talk.say(answer)
        talk.half_close()
        await talk.hear_end()

    assert asyncio.run(_failure(script)).because is FailedBecause.NOT_AMQP


def test_a_method_out_of_turn_is_not_amqp() -> None:
    script = _close_after(Talk.hear_protocol_header, commands.Connection.OpenOk())
    assert asyncio.run(_failure(script)).because is FailedBecause.NOT_AMQP


def test_a_socket_closed_without_a_word_is_called_closed() -> None:
    async def script(talk: Talk) -> None:
        await talk.start()

    error = asyncio.run(_failure(script))
    assert (error.because, error.code) == (FailedBecause.CLOSED, None)


@pytest.mark.parametrize("part", [Talk.hear_protocol_header, Talk.start], ids=["at once", "after start-ok"])
def test_silence_ends_at_the_deadline(part: Callable[[Talk], Awaitable[object]]) -> None:
    async def script(talk: Talk) -> None:
        await part(talk)
        await talk.hear_end()

    assert asyncio.run(_failure(script, timeout=0.2)).because is FailedBecause.TIMEOUT


def test_a_port_where_nobody_listens_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"amqp://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(ConnectFailed) as caught:
            asyncio.run(connect(url))
    assert caught.value.because is FailedBecause.UNREACHABLE


def test_a_plain_port_spoken_to_in_tls_does_not_connect() -> None:
    async def script(talk: Talk) -> None:
        talk.say(b"AMQP\0\0\x09\x01")
        await talk.hear_end()

    async def test() -> FailedBecause:
        async with broker(script) as url:
            with pytest.raises(ConnectFailed) as caught:
                await connect(url.replace("amqp://", "amqps://"))
            return caught.value.because

    assert asyncio.run(test()) is FailedBecause.UNREACHABLE


def test_a_url_that_is_none_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="starts with amqp"):
        asyncio.run(connect("nowhere"))
