"""What must hold for all values and all octets: round trips that lose nothing, and one kind of error only."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from amqp_strategies import header_octets, mutated, properties, table_octets, tables, unhurried
from hypothesis import example, given
from hypothesis import strategies as st
from pamqp import commands

from harness.amqp.fields import WireError, decode_table, encode_table
from harness.amqp.frames import FrameSplitter, encode_frame
from harness.amqp.header import decode_header, encode_again, encode_header
from harness.amqp.locate import decode_wire_table, locate
from harness.amqp.message import PropertyName
from harness.amqp.methods import decode_method, encode_method, encode_publish
from harness.amqp.values import Table, Value


@given(table=tables)
@unhurried(150)
def test_values_come_back_from_their_octets(table: Table) -> None:
    octets = encode_table(table)
    assert decode_table(octets) == (table, len(octets))


@given(octets=table_octets(), before=st.binary(max_size=3), after=st.binary(max_size=3))
@unhurried(100)
def test_octets_come_back_from_what_was_read(octets: bytes, before: bytes, after: bytes) -> None:
    wire, end = decode_wire_table(before + octets + after, len(before))
    assert end == len(before) + len(octets)
    assert wire.encode() == octets


@given(octets=table_octets())
@unhurried(100)
def test_a_located_value_is_the_one_that_its_octets_say(octets: bytes) -> None:
    places = locate(octets)
    odd = [place.start for place in places if place.tag == b"t" and octets[place.start] > 1]
    for place in places:
        whole = bytearray(octets)
        for at in odd:
            whole[at] = 1
        assert encode_table(Table((("", place.value),)))[5:] == whole[place.tag_offset : place.end]
        assert place.tag == octets[place.tag_offset : place.start]


@given(chosen=properties, size=st.integers(0, 2**64 - 1))
@unhurried(100)
def test_properties_come_back_from_their_octets(chosen: Mapping[PropertyName, Value], size: int) -> None:
    header = decode_header(encode_header(chosen, size))
    assert (dict(header.properties), header.body_size, header.trailing) == (dict(chosen), size, b"")


@given(payload=header_octets())
@unhurried(100)
def test_a_header_s_octets_come_back_from_what_was_read(payload: bytes) -> None:
    header = decode_header(payload)
    assert encode_again(header) == payload
    assert header.raw == payload


frames = st.lists(
    st.tuples(st.sampled_from((1, 2, 3, 8)), st.integers(0, 2**16 - 1), st.binary(max_size=40)), max_size=8
)


@given(sent=frames, cuts=st.lists(st.integers(0, 400)))
@unhurried(150)
def test_frames_come_out_whole_however_they_are_split(
    sent: list[tuple[int, int, bytes]], cuts: list[int]
) -> None:
    octets = b"".join(encode_frame(*frame) for frame in sent)
    bounds = [0, *sorted(cuts), len(octets)]
    splitter = FrameSplitter()
    got = [frame for start, end in pairwise(bounds) for frame in splitter.feed(octets[start:end])]
    assert got == sent
    assert splitter.pending == 0


# --- octets that mean nothing ------------------------------------------------------------------------

DEEP = b"".join(b"A" + (5 * (4000 - level) - 5).to_bytes(4, "big") for level in range(4000))


def _method_octets() -> st.SearchStrategy[bytes]:
    return st.sampled_from(
        [
            encode_publish("exchange", "key", mandatory=True),
            *(
                encode_method(method)
                for method in (
                    commands.Basic.Deliver("tag", 1, False, "exchange", "key"),
                    commands.Basic.GetOk(1, False, "exchange", "key", 0),
                    commands.Basic.Return(312, "NO_ROUTE", "exchange", "key"),
                    commands.Connection.Close(541, "text", 60, 40),
                    commands.Connection.StartOk({"product": "x"}),
                    commands.Connection.Start(0, 9, {"product": "x"}),
                    commands.Queue.Declare(0, "queue", arguments={"x-max-length": 3}),
                    commands.Basic.Consume(0, "queue", "tag", arguments={"x": [1, {"y": 2.5}]}),
                    commands.Basic.Nack(1, True),
                )
            ),
        ]
    )


@given(octets=st.one_of(st.binary(max_size=60), mutated(table_octets())), offset=st.integers(0, 3))
@example(octets=b"", offset=3)
@example(octets=(len(DEEP) + 1).to_bytes(4, "big") + b"\x00" + DEEP, offset=0)
@unhurried(250)
def test_reading_a_table_raises_nothing_but_a_wire_error(octets: bytes, offset: int) -> None:
    try:
        wire, _ = decode_wire_table(octets, offset)
    except WireError as error:
        assert offset <= error.offset <= max(len(octets), offset)
        assert error.problem in str(error)
    else:
        assert octets[offset:].startswith(wire.encode())


@given(payload=st.one_of(st.binary(max_size=60), mutated(header_octets())))
@unhurried(250)
def test_reading_a_header_raises_nothing_but_a_wire_error(payload: bytes) -> None:
    try:
        header = decode_header(payload)
    except WireError as error:
        assert 0 <= error.offset <= len(payload)
    else:
        assert encode_again(header) == payload


known_methods = st.sampled_from(sorted(commands.INDEX_MAPPING)).map(lambda index: index.to_bytes(4, "big"))


@given(
    payload=st.one_of(
        st.binary(max_size=40),
        st.tuples(known_methods, st.binary(max_size=60)).map(b"".join),
        mutated(_method_octets()),
    )
)
@unhurried(500)
def test_reading_a_method_raises_nothing_but_a_wire_error(payload: bytes) -> None:
    try:
        decode_method(payload)
    except WireError as error:
        assert 0 <= error.offset <= len(payload)


@given(pieces=st.lists(st.one_of(st.binary(max_size=30), st.just(encode_frame(8, 0, b"")))))
@unhurried(150)
def test_splitting_raises_nothing_but_a_wire_error(pieces: list[bytes]) -> None:
    splitter = FrameSplitter()
    try:
        for piece in pieces:
            splitter.feed(piece)
    except WireError as error:
        assert splitter.broken == error
        assert 0 <= error.offset <= sum(len(piece) for piece in pieces)
