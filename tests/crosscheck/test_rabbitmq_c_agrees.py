"""rabbitmq-c, a decoder of other origin in C, agrees on all that it can express.

Known differences, each seen here: it reads ``L`` and the unscaled part of a decimal as unsigned, drops the
octet of a boolean, and refuses unknown tags where the suite keeps their octets. A table may read past its
own end as long as octets follow. A third flag word is taken for the first.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from amqp_strategies import header_octets, table_octets, unhurried, vectors
from crosscheck_tools import compiled, tool
from hypothesis import given

from harness.amqp import values as v
from harness.amqp.fields import decode_table
from harness.amqp.header import ContentHeader, decode_header
from harness.amqp.message import PropertyName

pytestmark = pytest.mark.crosscheck
SOURCE = Path(__file__).with_name("rabbitmq_c_decode.c")
ACCEPTED_INVALID = {
    "table-length-too-short": "F{61:b1}",
    "nested-table-past-its-parent": "F{61:F{62:t1}}",
}
"""Vectors of invalid.json that rabbitmq-c reads all the same, and how. (cut-lead is not put to it: it is
handed what follows the body size.)"""


class Unknown(Exception):
    """There is a value that rabbitmq-c has no type for."""


class RabbitmqC:
    """The running decoder: a line of octets in, a line of notation out."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin
        assert process.stdout
        self._input, self._output = process.stdin, process.stdout

    def _ask(self, line: str) -> str:
        self._input.write(line + "\n")
        self._input.flush()
        return self._output.readline().rstrip("\n")

    def table(self, octets: bytes) -> str:
        return self._ask("T" + octets.hex())

    def properties(self, payload: bytes) -> str:
        return self._ask("H" + payload[12:].hex())


@pytest.fixture(scope="module")
def rabbitmq_c(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitmqC]:
    program = compiled(SOURCE, tmp_path_factory.mktemp("rabbitmq-c"), "rabbitmq", "librabbitmq-dev")
    with subprocess.Popen(
        [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="ascii"
    ) as process:
        yield RabbitmqC(process)


def hexed(text: v.Text) -> str:
    return v.bytes_of(text).hex()


TAGS: Mapping[type, str] = {
    v.Int8: "b",
    v.Uint8: "B",
    v.Int16: "s",
    v.Uint16: "u",
    v.Int32: "I",
    v.Uint32: "i",
    v.Int64: "l",
    v.Timestamp: "T",
    v.Float: "f",
    v.Double: "d",
    v.Octet: "#",
}


def notation(value: v.Value) -> str:
    """What rabbitmq_c_decode.c prints for ``value``."""
    match value:
        case v.Boolean(text):
            return "t1" if text == "true" else "t0"
        case v.LongLong(text):
            return f"L{int(text) % 2**64}"
        case v.Decimal(parts):
            return f"D{parts.scale}/{int(parts.unscaled) % 2**32}"
        case v.Longstr(text):
            return "S" + hexed(text)
        case v.Binary(text):
            return "x" + hexed(text)
        case v.Shortstr(text):
            return "$" + hexed(text)
        case v.Void():
            return "V"
        case v.Array(items):
            return f"A[{','.join(map(notation, items))}]"
        case v.Table(pairs):
            return f"F{{{','.join(f'{hexed(key)}:{notation(item)}' for key, item in pairs)}}}"
        case v.Unparsed():
            raise Unknown
        case _:
            return TAGS[type(value)] + str(getattr(value, "value"))  # noqa: B009 - a field of all of TAGS


def expected_of_table(octets: bytes) -> str:
    try:
        return notation(decode_table(octets)[0])
    except Unknown:
        return "error"


def expected_of_header(header: ContentHeader) -> str:
    def one(name: PropertyName, value: v.Value) -> str:
        return f"{name}={notation(value)};"

    try:
        return "".join(one(name, value) for name, value in header.properties.items())
    except Unknown:
        return "error"


def agrees(got: str, expected: str) -> bool:
    return got.startswith("error -") if expected == "error" else got == expected


@pytest.mark.parametrize("vector", vectors("fields"), ids=lambda vector: vector["name"])
def test_a_field_is_read_alike(rabbitmq_c: RabbitmqC, vector: dict[str, Any]) -> None:
    pair = b"\x01k" + bytes.fromhex(vector["hex"])
    octets = len(pair).to_bytes(4, "big") + pair
    assert agrees(rabbitmq_c.table(octets), expected_of_table(octets))


@pytest.mark.parametrize("vector", vectors("tables"), ids=lambda vector: vector["name"])
def test_a_table_is_read_alike(rabbitmq_c: RabbitmqC, vector: dict[str, Any]) -> None:
    octets = bytes.fromhex(vector["hex"])
    assert agrees(rabbitmq_c.table(octets), expected_of_table(octets))


@pytest.mark.parametrize("vector", vectors("headers"), ids=lambda vector: vector["name"])
def test_a_property_list_is_read_alike(rabbitmq_c: RabbitmqC, vector: dict[str, Any]) -> None:
    payload = bytes.fromhex(vector["hex"])
    assert agrees(rabbitmq_c.properties(payload), expected_of_header(decode_header(payload)))


@pytest.mark.parametrize(
    "vector",
    [vector for vector in vectors("invalid") if vector["name"] != "cut-lead"],
    ids=lambda vector: vector["name"],
)
def test_what_cannot_be_read_is_refused_alike(rabbitmq_c: RabbitmqC, vector: dict[str, Any]) -> None:
    octets = bytes.fromhex(vector["hex"])
    ask = rabbitmq_c.table if vector["what"] == "table" else rabbitmq_c.properties
    got = ask(octets)
    assert agrees(got, ACCEPTED_INVALID.get(vector["name"], "error"))


def test_any_table_is_read_alike(rabbitmq_c: RabbitmqC) -> None:
    @given(octets=table_octets())
    @unhurried(200)
    def read_alike(octets: bytes) -> None:
        assert agrees(rabbitmq_c.table(octets), expected_of_table(octets))

    read_alike()


def test_any_property_list_is_read_alike(rabbitmq_c: RabbitmqC) -> None:
    @given(payload=header_octets().filter(lambda payload: len(decode_header(payload).flags) < 3))
    @unhurried(200)
    def read_alike(payload: bytes) -> None:
        header = decode_header(payload)
        assert agrees(rabbitmq_c.properties(payload), expected_of_header(header))

    read_alike()


def test_a_wrong_reading_would_be_seen(rabbitmq_c: RabbitmqC) -> None:
    one, two = bytes.fromhex("00000004 0161 6201"), bytes.fromhex("00000004 0161 4201")
    assert not agrees(rabbitmq_c.table(one), expected_of_table(two))


def test_a_missing_program_fails_and_names_its_package() -> None:
    with pytest.raises(pytest.fail.Exception, match="apt-get install some-package"):
        tool("no-such-program-anywhere", "some-package")


def test_a_missing_library_fails_and_names_its_package(tmp_path: Path) -> None:
    source = tmp_path / "needs.c"
    source.write_text("#include <no_such_header_anywhere.h>\nint main(void) { return 0; }\n")
    with pytest.raises(pytest.fail.Exception, match="apt-get install some-dev-package"):
        compiled(source, tmp_path, "c", "some-dev-package")
