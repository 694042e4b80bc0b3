"""tshark's dissector, a decoder of other origin, agrees on all that it can express, offsets included.

Known differences, each seen here: it does not know ``L`` (and what follows such a value in its table is
lost), shows the unscaled part of a decimal as unsigned, a boolean as true or false only, and times of 2^63
and over as before 1970. Floats are compared by six decimals, all that it shows.
"""

from __future__ import annotations

import re
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from amqp_strategies import vectors
from crosscheck_tools import tool

from harness.amqp import values as v
from harness.amqp.frames import FrameType, encode_frame
from harness.amqp.header import ContentHeader, decode_header, encode_header
from harness.amqp.locate import Located, locate
from harness.amqp.methods import encode_publish
from harness.amqp.values import Shortstr

pytestmark = pytest.mark.crosscheck
EXPORTED_PDU = struct.pack(">HH4sHH", 12, 4, b"amqp", 0, 0)
"""What LINKTYPE 252 has in front of a frame: the tag that names the dissector, and the end of the tags."""
PROPERTY = "amqp.method.properties."
TYPES: Mapping[bytes, str] = {
    b"t": "boolean",
    b"b": "byte",
    b"B": "unsigned byte",
    b"s": "short int",
    b"u": "short uint",
    b"I": "integer",
    b"i": "unsigned integer",
    b"l": "long int",
    b"f": "float",
    b"d": "double",
    b"D": "decimal",
    b"S": "string",
    b"x": "byte array",
    b"A": "array",
    b"F": "field table",
    b"T": "timestamp",
    b"V": "void",
}


class Shown(NamedTuple):
    """A field as tshark shows it: start and end count from the frame's first octet."""

    name: str
    start: int
    end: int
    text: str
    octets: str


def block(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def pcapng(frames: list[bytes]) -> bytes:
    start = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    interface = block(1, struct.pack("<HHI", 252, 0, 0))
    packets = [EXPORTED_PDU + frame for frame in frames]
    return (
        start
        + interface
        + b"".join(block(6, struct.pack("<5I", 0, 0, 0, len(one), len(one)) + one) for one in packets)
    )


def dissected(frames: list[bytes], folder: Path) -> list[list[Shown]]:
    """What tshark shows of each frame, in its order."""
    capture = folder / "frames.pcapng"
    capture.write_bytes(pcapng(frames))
    command = [tool("tshark", "tshark"), "-n", "-r", str(capture), "-T", "pdml"]
    run = subprocess.run(command, capture_output=True, timeout=60, check=True)
    packets = ElementTree.fromstring(run.stdout).findall("packet")
    assert len(packets) == len(frames)
    return [[shown(field) for field in packet.iterfind("proto[@name='amqp']//field")] for packet in packets]


def shown(field: ElementTree.Element) -> Shown:
    start = int(field.attrib["pos"]) - len(EXPORTED_PDU)
    name, text = field.attrib["name"], field.attrib.get("showname", "")
    return Shown(name, start, start + int(field.attrib["size"]), text, field.attrib.get("value", ""))


def header_frame(payload: bytes) -> bytes:
    return encode_frame(FrameType.HEADER, 1, payload)


def with_table(octets: bytes) -> bytes:
    """A content header's payload whose only property is the table ``octets``."""
    return encode_header({}, 0, reserved_flags=0x2000) + octets


Seen = dict[tuple[str, str], tuple[ContentHeader, list[Shown]]]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Every vector, by file and name: as the suite reads it, and as tshark shows it."""
    payloads: dict[tuple[str, str], bytes] = {}
    for vector in vectors("fields"):
        pair = b"\x01k" + bytes.fromhex(vector["hex"])
        payloads["fields", vector["name"]] = with_table(len(pair).to_bytes(4, "big") + pair)
    for vector in vectors("tables"):
        payloads["tables", vector["name"]] = with_table(bytes.fromhex(vector["hex"]))
    for vector in vectors("headers"):
        payloads["headers", vector["name"]] = bytes.fromhex(vector["hex"])
    views = dissected([header_frame(one) for one in payloads.values()], tmp_path_factory.mktemp("tshark"))
    return {
        key: (decode_header(payload), view)
        for (key, payload), view in zip(payloads.items(), views, strict=True)
    }


def ours(header: ContentHeader) -> list[Located]:
    """Every value of the headers, up to and including the first that tshark does not know."""
    places = locate(header.raw, header.spans["headers"][0]) if "headers" in header.spans else []
    unknown = [at for at, place in enumerate(places) if place.tag not in TYPES]
    return places[: unknown[0] + 1] if unknown else places


def theirs(view: list[Shown]) -> list[Shown]:
    return [one for one in view if re.fullmatch(r"amqp\.field(\.\w+)?", one.name)]


def differences(header: ContentHeader, view: list[Shown]) -> list[str]:
    """Where tshark and the suite do not agree on the values of the headers."""
    places, fields = ours(header), theirs(view)
    cut = bool(places) and places[-1].tag not in TYPES
    if len(fields) < len(places) or (len(fields) > len(places) and not cut):
        return [f"{len(places)} values, tshark shows {len(fields)}"]
    return [line for place, field in zip(places, fields, strict=False) for line in difference(place, field)]


def difference(place: Located, field: Shown) -> list[str]:
    lines = []
    lead = 7  # octets of a frame before its payload
    start = place.start + 4 if place.tag == b"x" else place.tag_offset  # of a byte array it marks the bytes
    end = place.end if place.tag in TYPES else place.start
    if (field.start, field.end) != (start + lead, end + lead):
        lines.append(f"{place.path}: {start + lead}:{end + lead}, tshark {field.start}:{field.end}")
    if "[truncated]" in field.text:
        return lines
    known = f" ({TYPES[place.tag]})" if place.tag in TYPES else f": unknown type {place.tag[0]:x} "
    if step_text(place.path[-1]) + known not in field.text:
        lines.append(f"{place.path}: {known}, tshark {field.text!r}")
    expected = value_text(place.value)
    if expected is not None and field.text.partition(": ")[2] != expected:
        lines.append(f"{place.path}: {expected!r}, tshark {field.text!r}")
    return lines


def step_text(step: v.Text | int) -> str:
    """How tshark shows an index or a key; of a key that is no plain text, what is sure: nothing."""
    if isinstance(step, int):
        return f"[{step}]"
    return step if isinstance(step, str) and step.isascii() and step.isprintable() else ""


def value_text(value: v.Value) -> str | None:
    """How tshark shows ``value``, None where its text says too little to compare."""
    match value:
        case v.Boolean(text):
            return text
        case v.Float(bits):
            return real(struct.unpack(">f", bytes.fromhex(bits))[0])
        case v.Double(bits):
            return real(struct.unpack(">d", bytes.fromhex(bits))[0])
        case v.Decimal(parts) if int(parts.scale) < 7:
            return real(int(parts.unscaled) % 2**32 / 10 ** int(parts.scale))
        case v.Longstr(str(text)) if text.isascii() and text.isprintable():
            return text
        case v.Binary(text) if v.bytes_of(text):
            return v.bytes_of(text).hex()
        case v.Void():
            return ""
        case v.LongLong() | v.Unparsed() | v.Timestamp():
            return None
        case _:
            number = getattr(value, "value", None)
            return number if isinstance(number, str) and re.fullmatch(r"-?\d+", number) else None


def real(number: float) -> str:
    return f"{number:f}"


@pytest.mark.parametrize(
    ("file", "name"),
    [(file, vector["name"]) for file in ("fields", "tables", "headers") for vector in vectors(file)],
)
def test_every_header_value_has_the_type_the_text_and_the_place_that_tshark_shows(
    seen: Seen, file: str, name: str
) -> None:
    assert differences(*seen[file, name]) == []


@pytest.mark.parametrize("name", [vector["name"] for vector in vectors("headers")])
def test_every_property_lies_where_tshark_shows_it(seen: Seen, name: str) -> None:
    header, view = seen["headers", name]
    found = {one.name.removeprefix(PROPERTY): one for one in view if one.name.startswith(PROPERTY)}
    assert found.keys() == header.properties.keys()
    for prop, (start, end) in header.spans.items():
        lead = 7 + (1 if isinstance(header.properties[prop], Shortstr) else 4 if prop == "headers" else 0)
        assert (found[prop].start, found[prop].end) == (start + lead, end + 7), prop
        if prop != "headers":
            assert found[prop].octets == header.raw[start + lead - 7 : end].hex(), prop


@pytest.mark.parametrize("name", [vector["name"] for vector in vectors("headers")])
def test_class_weight_size_and_flags_are_those_that_tshark_shows(seen: Seen, name: str) -> None:
    header, view = seen["headers", name]
    octets = {one.name: one.octets for one in view}
    assert int(octets["amqp.header.class"], 16) == header.class_id
    assert int(octets["amqp.header.weight"], 16) == header.weight
    assert int(octets["amqp.header.body-size"], 16) == header.body_size
    assert (int(octets["amqp.header.property-flags"], 16),) == header.flags


def test_a_publish_is_the_one_that_tshark_shows(tmp_path: Path) -> None:
    frame = encode_frame(FrameType.METHOD, 5, encode_publish("exchange", "key", mandatory=True))
    texts = {one.name: one.text for one in dissected([frame], tmp_path)[0]}
    assert texts["amqp.channel"] == "Channel: 5"
    assert texts["amqp.method.arguments.exchange"] == "Exchange: exchange"
    assert texts["amqp.method.arguments.routing_key"] == "Routing-Key: key"
    assert "True" in texts["amqp.method.arguments.mandatory"]
    assert "False" in texts["amqp.method.arguments.immediate"]


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("int8-max", "00000004016b 42 7f"),
        ("uint8-high-bit", "00000004 016b 62 80"),
        ("int8-max", "00000004 016b 62 7e"),
        ("int8-max", "00000004 016c 62 7f"),
        ("array-mixed", "00000010 016b 41 00000009 6201 53 00000001 62 56"),
        ("array-mixed", "00000007 016b 41 00000000"),
    ],
    ids=["type", "sign", "value", "key", "inner-value", "count"],
)
def test_a_wrong_reading_would_be_seen(seen: Seen, name: str, wrong: str) -> None:
    _, view = seen["fields", name]
    assert differences(decode_header(with_table(bytes.fromhex(wrong))), view)
