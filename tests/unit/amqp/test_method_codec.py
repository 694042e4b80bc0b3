"""Methods: the ones that pamqp would lose something of, and that pamqp agrees where it loses nothing."""

from __future__ import annotations

import struct

import pytest
from pamqp import base, commands

from harness.amqp.fields import WireError
from harness.amqp.methods import (
    Closing,
    Deliver,
    GetOk,
    Method,
    Publish,
    Return,
    Start,
    StartOk,
    decode_method,
    encode_method,
    encode_publish,
    method_id,
)
from harness.amqp.values import Base64, Int32, Longstr, Table

OWN = {(10, 10), (10, 11), (10, 50), (20, 40), (60, 40), (60, 50), (60, 60), (60, 71)}
NOT_TEXT = Base64("/w==")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (commands.Basic.Publish(0, "e", "k", True, False), Publish("e", "k", True, False)),
        (commands.Basic.Publish(0, "e", "k", False, True), Publish("e", "k", False, True)),
        (commands.Basic.Return(312, "NO_ROUTE", "e", "k"), Return(312, "NO_ROUTE", "e", "k")),
        (commands.Basic.Deliver("c", 7, True, "e", "k"), Deliver("c", 7, True, "e", "k")),
        (commands.Basic.Deliver("c", 7, False, "e", "k"), Deliver("c", 7, False, "e", "k")),
        (commands.Basic.GetOk(7, True, "e", "k", 2), GetOk(7, True, "e", "k", 2)),
        (commands.Connection.Close(541, "t", 60, 40), Closing("connection", 541, "t", 60, 40)),
        (commands.Channel.Close(406, "t", 50, 10), Closing("channel", 406, "t", 50, 10)),
        (
            commands.Connection.Start(0, 9, {"product": "x"}, "PLAIN AMQPLAIN", "en_US"),
            Start(Table((("product", Longstr("x")),)), "PLAIN AMQPLAIN", "en_US", (0, 9)),
        ),
        (
            commands.Connection.StartOk({"n": 70000}, "PLAIN", "\0u\0p", "en_US"),
            StartOk(Table((("n", Int32("70000")),)), "PLAIN", b"\0u\0p", "en_US"),
        ),
    ],
    ids=lambda method: method.name if hasattr(method, "name") else "",
)
def test_what_pamqp_writes_is_read(theirs: base.Frame, ours: Method) -> None:
    assert decode_method(encode_method(theirs)) == ours


@pytest.mark.parametrize("index", commands.INDEX_MAPPING)
def test_every_method_that_pamqp_knows_is_identified_and_read(index: int) -> None:
    payload = index.to_bytes(4, "big")
    assert method_id(payload) == divmod(index, 1 << 16)
    if method_id(payload) in OWN:
        with pytest.raises(WireError, match="cut"):
            decode_method(payload)
    else:
        assert type(decode_method(payload + bytes(24))) is commands.INDEX_MAPPING[index]


def test_a_deprecated_method_is_read_without_a_warning() -> None:
    method = decode_method(bytes.fromhex("003c 0064 01"))
    assert isinstance(method, commands.Basic.RecoverAsync)
    assert method.requeue is True


def test_what_is_written_is_read_by_pamqp() -> None:
    method = commands.Basic.Publish()
    method.unmarshal(encode_publish("e", "k", mandatory=True)[4:])
    assert dict(method) == {
        "ticket": 0,
        "exchange": "e",
        "routing_key": "k",
        "mandatory": True,
        "immediate": False,
    }


@pytest.mark.parametrize("mandatory", [False, True])
@pytest.mark.parametrize("immediate", [False, True])
def test_a_publish_comes_back(mandatory: bool, immediate: bool) -> None:
    payload = encode_publish(NOT_TEXT, "k" * 255, mandatory=mandatory, immediate=immediate)
    assert decode_method(payload) == Publish(NOT_TEXT, "k" * 255, mandatory, immediate)


def test_a_name_of_256_bytes_is_not_written() -> None:
    with pytest.raises(ValueError, match="255 bytes at the most"):
        encode_publish("", "k" * 256)


@pytest.mark.parametrize(
    ("octets", "ours"),
    [
        ("003c 0028 0000 01ff 01ff 00", Publish(NOT_TEXT, NOT_TEXT, False, False)),
        ("003c 0032 0138 01ff 01ff 01ff", Return(312, NOT_TEXT, NOT_TEXT, NOT_TEXT)),
        (
            "003c 003c 01ff ffffffffffffffff 01 01ff 01ff",
            Deliver(NOT_TEXT, 2**64 - 1, True, NOT_TEXT, NOT_TEXT),
        ),
        ("003c 0047 0000000000000001 00 01ff 01ff 00000002", GetOk(1, False, NOT_TEXT, NOT_TEXT, 2)),
        ("000a 0032 021d 01ff 003c 0028", Closing("connection", 541, NOT_TEXT, 60, 40)),
        ("0014 0028 0196 01ff 0000 0000", Closing("channel", 406, NOT_TEXT, 0, 0)),
        ("000a 000b 00000000 01ff 00000001 ff 01ff", StartOk(Table(()), NOT_TEXT, b"\xff", NOT_TEXT)),
        ("000a 000a 0009 00000000 00000001 ff 00000000", Start(Table(()), NOT_TEXT, "", (0, 9))),
    ],
)
def test_bytes_that_are_not_utf8_are_read_and_every_cut_of_them_is_a_wire_error(
    octets: str, ours: Method
) -> None:
    payload = bytes.fromhex(octets)
    assert decode_method(payload) == ours
    for size in range(len(payload)):
        with pytest.raises(WireError, match="cut"):
            decode_method(payload[:size])
    with pytest.raises(WireError, match="1 octets left over") as caught:
        decode_method(payload + b"\x00")
    assert caught.value.offset == len(payload)


def test_an_unknown_method_is_a_wire_error() -> None:
    with pytest.raises(WireError, match=r"unknown method 60\.99"):
        decode_method(struct.pack(">HH", 60, 99))


def test_what_pamqp_refuses_is_a_wire_error() -> None:
    with pytest.raises(WireError, match=r"arguments of Basic.ConsumeOk: .*utf-8"):
        decode_method(bytes.fromhex("003c 0015 01ff"))
    with pytest.raises(WireError, match=r"arguments of Basic.Ack"):
        decode_method(bytes.fromhex("003c 0050 00"))


def test_arguments_nested_too_deep_for_pamqp_are_a_wire_error() -> None:
    levels = 2000
    arrays = b"".join(b"A" + (5 * (levels - level) - 5).to_bytes(4, "big") for level in range(levels))
    table = b"\x00" + arrays
    queue_declare = bytes.fromhex("0032 000a 0000 00 00") + len(table).to_bytes(4, "big") + table
    with pytest.raises(WireError, match=r"arguments of Queue.Declare"):
        decode_method(queue_declare)


def test_the_response_of_start_ok_is_never_printed() -> None:
    assert "secret" not in repr(StartOk(Table(()), "PLAIN", b"\0user\0secret", "en_US"))
