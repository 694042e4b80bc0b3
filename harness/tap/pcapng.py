"""Captures that Wireshark opens: recorded octets as a pcapng file (draft-ietf-opsawg-pcapng).

Link type 252 (LINKTYPE_WIRESHARK_UPPER_PDU) names the dissector, so that no Ethernet or TCP header has to be
made up: one packet a frame, with the direction in a comment. Addresses and ports are stand-ins that keep the
connections apart, for the dissector remembers what it read by them. Passwords are blotted out: captures are
made to be shown.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from harness.amqp.fields import WireError, decode_table, longstr, shortstr
from harness.amqp.frames import Frame, FrameSplitter, FrameType, encode_frame
from harness.tap.events import Direction
from harness.tap.record import Record

LINKTYPE_UPPER_PDU = 252
BROKER_PORT = 5672
FIRST_PEER_PORT = 40001
_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_COMMENT, _FLAGS = 1, 2
_INBOUND, _OUTBOUND = 1, 2
_DISSECTOR, _SOURCE, _DESTINATION, _PORT_TYPE, _SOURCE_PORT, _DESTINATION_PORT = 12, 20, 21, 24, 25, 26
_TCP = 2
_LOOPBACK = bytes((127, 0, 0, 1))


def write_pcapng(path: Path, records: Iterable[Record], comments: Sequence[str] = ()) -> None:
    """Write ``records`` to ``path``; ``comments`` stand at the head of the file. OSError as of any file."""
    path.write_bytes(b"".join(pcapng(records, comments)))


def pcapng(records: Iterable[Record], comments: Sequence[str] = ()) -> Iterator[bytes]:
    """The blocks of the file."""
    said = [_option(_COMMENT, comment.encode()) for comment in comments]
    yield _block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1), said)
    yield _block(_INTERFACE, struct.pack("<HHI", LINKTYPE_UPPER_PDU, 0, 0), [])
    ports: dict[tuple[str, int], int] = {}
    streams: dict[tuple[str, int, Direction], _Cutter] = {}
    for record in records:
        port = ports.setdefault((record.name, record.connection), FIRST_PEER_PORT + len(ports))
        cutter = streams.setdefault((record.name, record.connection, record.direction), _Cutter())
        for piece in cutter.cut(record.octets):
            yield _packet(record, port, piece)


class _Cutter:
    """Cuts a stream into the protocol header and frames; what is no AMQP stays in the pieces it came in."""

    def __init__(self) -> None:
        self._splitter = FrameSplitter()
        self._raw = bytearray()

    def cut(self, octets: bytes) -> list[bytes]:
        if self._splitter.broken:
            return [octets]
        self._raw += octets
        header = self._splitter.protocol_header
        try:
            frames = self._splitter.feed(octets)
        except WireError:
            frames = []
        pieces = [encode_frame(*_blotted(frame)) for frame in frames]
        if header is None and self._splitter.protocol_header is not None:
            pieces.insert(0, self._splitter.protocol_header)
        del self._raw[: sum(map(len, pieces))]
        return [*pieces, bytes(self._raw)] if self._splitter.broken and self._raw else pieces


def _blotted(frame: Frame) -> Frame:
    """``frame``, its secret replaced by as many asterisks: start-ok's and secure-ok's response (SASL), the
    new secret of update-secret. Arguments that cannot be read are blotted out from there on."""
    before = _SECRETS.get(frame.payload[:4]) if frame.type == FrameType.METHOD else None
    if before is None:
        return frame
    payload, at = frame.payload, 4
    try:
        for skip in before:
            at = skip(payload, at)
        end = longstr(payload, at, len(payload))[1]
        at += 4
    except WireError:
        end = len(payload)
    return frame._replace(payload=payload[:at] + b"*" * (end - at) + payload[end:])


def _skip_table(payload: bytes, at: int) -> int:
    return decode_table(payload, at)[1]


def _skip_shortstr(payload: bytes, at: int) -> int:
    return shortstr(payload, at, len(payload))[1]


_SECRETS: Mapping[bytes, tuple[Callable[[bytes, int], int], ...]] = {
    b"\0\x0a\0\x0b": (_skip_table, _skip_shortstr),
    b"\0\x0a\0\x15": (),
    b"\0\x0a\0\x46": (),
}
"""Class and method to what stands before the secret."""


def _packet(record: Record, port: int, octets: bytes) -> bytes:
    to_broker = record.direction is Direction.TO_BROKER
    source, target = (port, BROKER_PORT) if to_broker else (BROKER_PORT, port)
    data = _exported(source, target) + octets
    moment = int(record.time * 1_000_000)
    lead = struct.pack("<IIIII", 0, moment >> 32, moment & 0xFFFFFFFF, len(data), len(data))
    way = f"{record.name} #{record.connection} " + ("to broker" if to_broker else "from broker")
    flags = struct.pack("<I", _OUTBOUND if to_broker else _INBOUND)
    return _block(_PACKET, lead + _padded(data), [_option(_COMMENT, way.encode()), _option(_FLAGS, flags)])


def _exported(source: int, target: int) -> bytes:
    """The tags before an exported PDU (Wireshark, exported_pdu.h): big-endian type, length, value."""
    tags = [
        (_DISSECTOR, b"amqp"),
        (_SOURCE, _LOOPBACK),
        (_DESTINATION, _LOOPBACK),
        (_PORT_TYPE, struct.pack(">I", _TCP)),
        (_SOURCE_PORT, struct.pack(">I", source)),
        (_DESTINATION_PORT, struct.pack(">I", target)),
        (0, b""),
    ]
    return b"".join(struct.pack(">HH", tag, len(value)) + value for tag, value in tags)


def _block(kind: int, body: bytes, options: Sequence[bytes]) -> bytes:
    """A block: its length stands before and after it, options end with an empty one."""
    body += b"".join([*options, _option(0, b"")] if options else [])
    length = len(body) + 12
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _padded(data: bytes) -> bytes:
    """Blocks and options are multiples of four octets."""
    return data + bytes(-len(data) % 4)
