"""Captures are well-formed, hold what was recorded, and show no password."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tap_wire import consume, deliver, method, names, publish, run, said, start, start_ok, world

from harness.amqp.fields import encode_table
from harness.amqp.frames import PROTOCOL_HEADER
from harness.tap import Direction, Record, Recorder, write_pcapng

UP, DOWN = Direction.TO_BROKER, Direction.TO_PEER
PASSWORD = b"\0guest\0s3cret-word"


def login(response: bytes) -> bytes:
    arguments = (
        encode_table(said(product="pika")) + names("PLAIN") + struct.pack(">I", len(response)) + response
    )
    return method(0, 10, 11, arguments + names("en_US"))


def conversation() -> list[Record]:
    return [
        Record(1.5, "pika", 1, UP, PROTOCOL_HEADER),
        Record(1.6, "pika", 1, DOWN, start(said(product="RabbitMQ"))),
        Record(1.7, "pika", 1, UP, start_ok(said(product="pika"))),
        Record(2.000001, "pika", 1, UP, publish(1, "the.key", b"abc")[:20]),
        Record(2.25, "pika", 1, UP, publish(1, "the.key", b"abc")[20:] + consume(1, "q", "t")),
        Record(3.0, "pika", 1, DOWN, deliver(1, "t", 1, b"abc")),
    ]


def blocks(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and content of each block, lengths checked."""
    at = 0
    while at < len(octets):
        kind, length = struct.unpack_from("<II", octets, at)
        assert length % 4 == 0
        assert struct.unpack_from("<I", octets, at + length - 4)[0] == length
        yield kind, octets[at + 8 : at + length - 4]
        at += length
    assert at == len(octets)


def packets(octets: bytes) -> list[tuple[float, bytes, str]]:
    """Time, AMQP octets and comment of each packet."""
    found = []
    for kind, content_ in blocks(octets):
        if kind == 6:
            _, high, low, kept, length = struct.unpack_from("<IIIII", content_)
            assert kept == length
            data, at = content_[20 : 20 + kept], 0
            while struct.unpack_from(">H", data, at)[0]:
                at += 4 + struct.unpack_from(">H", data, at + 2)[0]
            comment = content_[20 + kept + -kept % 4 :]
            text = comment[4 : 4 + struct.unpack_from("<H", comment, 2)[0]].decode()
            found.append(((high << 32 | low) / 1e6, data[at + 4 :], text))
    return found


def test_every_frame_is_a_packet_with_time_and_direction(tmp_path: Path) -> None:
    write_pcapng(tmp_path / "a.pcapng", conversation(), ["cell headers/x"])
    found = packets((tmp_path / "a.pcapng").read_bytes())
    assert found[0] == (1.5, PROTOCOL_HEADER, "pika #1 to broker")
    assert len(found) == 1 + 1 + 1 + 3 + 1 + 3
    assert found[3][0] == 2.25
    assert found[-1][2] == "pika #1 from broker"
    assert b"".join(octets for _, octets, _ in found[3:7]) == publish(1, "the.key", b"abc") + consume(
        1, "q", "t"
    )


def test_the_head_of_the_file_carries_the_comments(tmp_path: Path) -> None:
    write_pcapng(tmp_path / "a.pcapng", [], ["cell headers/x", "made by a test"])
    (section, head), (interface, link) = blocks((tmp_path / "a.pcapng").read_bytes())
    assert (section, interface) == (0x0A0D0D0A, 1)
    assert b"cell headers/x" in head
    assert b"made by a test" in head
    assert struct.unpack_from("<H", link)[0] == 252


def test_octets_that_are_no_amqp_are_kept_in_the_pieces_they_came_in(tmp_path: Path) -> None:
    records = [Record(1.0, "p", 1, UP, piece) for piece in (b"\x16\x03\x01 hello", b"more", b"\x01")]
    write_pcapng(tmp_path / "a.pcapng", records)
    found = [octets for _, octets, _ in packets((tmp_path / "a.pcapng").read_bytes())]
    assert found == [b"\x16\x03\x01 hello", b"more", b"\x01"]


@pytest.mark.parametrize(
    "octets",
    [
        login(PASSWORD),
        method(0, 10, 21, struct.pack(">I", len(PASSWORD)) + PASSWORD),
        method(0, 10, 70, struct.pack(">I", len(PASSWORD)) + PASSWORD + names("why")),
        method(0, 10, 11, b"\0\0\0\xff" + PASSWORD),
    ],
)
def test_a_password_is_blotted_out(tmp_path: Path, octets: bytes) -> None:
    assert b"s3cret-word" in octets
    write_pcapng(tmp_path / "a.pcapng", [Record(1.0, "p", 1, UP, PROTOCOL_HEADER + octets)])
    written = (tmp_path / "a.pcapng").read_bytes()
    assert b"s3cret" not in written
    assert b"*" * len(PASSWORD) in written
    assert len(packets(written)[1][1]) == len(octets)


def test_a_recorder_keeps_the_beginning_and_counts_the_rest() -> None:
    recorder = Recorder(limit=10)
    for piece in (b"12345", b"67890abc", b"def"):
        recorder.add(0.0, "p", 1, UP, piece)
    assert b"".join(record.octets for record in recorder.records) == b"1234567890"
    assert recorder.left_out == 6


def test_a_tap_records_both_directions_of_the_connections_that_come_after() -> None:
    async def work() -> None:
        async with world() as here:
            before, unrecorded = await here.connect()
            recorder = here.tap.recorder = Recorder()
            peer, broker = await here.connect()
            before.send(PROTOCOL_HEADER)
            await unrecorded.until_count(8)
            peer.send(PROTOCOL_HEADER)
            await broker.until_count(8)
            broker.send(start(said()))
            await peer.until_count(len(start(said())))
            assert [(one.connection, one.direction, one.octets) for one in recorder.records] == [
                (2, UP, PROTOCOL_HEADER),
                (2, DOWN, start(said())),
            ]

    run(work())


@pytest.mark.crosscheck
def test_tshark_shows_both_directions_as_amqp(tmp_path: Path) -> None:
    program = shutil.which("tshark")
    assert program, "tshark is not on PATH: install it (apt-get install tshark), or leave out -m crosscheck"
    write_pcapng(tmp_path / "a.pcapng", conversation(), ["cell headers/x"])
    command = [program, "-r", str(tmp_path / "a.pcapng"), "-V"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    methods = re.findall(r"^\s+Method: ([A-Z][A-Za-z-]*) ", shown, re.MULTILINE)
    assert methods == ["Start", "Start-Ok", "Publish", "Consume", "Deliver"]
    assert "the.key" in shown
    assert "pika #1 from broker" in shown
    assert "Malformed" not in shown
    assert len(re.findall(r"^\s+Type: Content body", shown, re.MULTILINE)) == 2
