"""What is kept of a cell's evidence: all of it while it is small, and never more than fits."""

from __future__ import annotations

import base64

import msgspec

from harness.amqp import values as v
from harness.amqp.header import encode_header
from harness.amqp.message import Digest, Inline, Message, Routed
from harness.evidence import (
    ENTRIES_LIMIT,
    HEADER_LIMIT,
    MESSAGE_LIMIT,
    TEXT_LIMIT,
    Kept,
    kept,
)
from harness.judge.verdict import Evidence, Wire


def routed(*pairs: tuple[v.Text, v.Value], body: str = "x") -> Routed:
    return Routed("e", "r", Message({"headers": v.Table(pairs)}, Inline(body)), redelivered=False)


def headers(message: Routed | None) -> tuple[tuple[v.Text, v.Value], ...]:
    assert message is not None
    table = message.message.properties["headers"]
    assert isinstance(table, v.Table)
    return table.value


def test_a_small_message_is_kept_as_it_is_at_every_place() -> None:
    asked, sent = routed(("k", v.Int8("1"))), routed(("k", v.Int8("2")))
    wire = Wire(encode_header(sent.message.properties, 1), None)
    made = kept(Evidence(asked, sent, None, None, wire=wire))
    assert (made.messages.asked, made.messages.sent) == (asked, sent)
    assert made.messages.delivered is None
    assert made.messages.reported is None
    assert (made.wire.sent, made.wire.delivered) == (wire.sent, None)
    assert made.clipped == {}


def test_what_is_kept_is_read_again_from_json_with_octets_as_base64() -> None:
    made = kept(Evidence(routed(("k", v.Int8("1"))), wire=Wire(b"\x00\xff", None)))
    text = msgspec.json.encode(made)
    assert base64.b64encode(b"\x00\xff") in text
    assert msgspec.json.decode(text, type=Kept) == made


def test_a_long_text_is_cut_with_its_place_and_whole_size() -> None:
    long = "é" * (1 << 19)
    made = kept(Evidence(routed(("k", v.Longstr(long)), ("n", v.Longstr("short")))))
    (_, value), (_, beside) = headers(made.messages.asked)
    assert value == v.Longstr("é" * (TEXT_LIMIT // 2))
    assert beside == v.Longstr("short")
    assert made.clipped == {"asked.headers.k": 1 << 20}


def test_octets_that_are_no_text_are_cut_too_and_so_are_names_bodies_and_what_nobody_reads() -> None:
    raw = v.Base64(base64.b64encode(b"\xff" * 9000).decode())
    message = Message(
        {
            "headers": v.Table(
                (
                    ("b", v.Binary(raw)),
                    ("o", v.NativeOther("C" * 9000, "o" * 9000)),
                    ("u", v.Unparsed("AA==", raw.base64)),
                )
            )
        },
        Inline(raw),
    )
    made = kept(Evidence(Routed("e" * 9000, raw, message)))
    assert len(msgspec.json.encode(made)) < MESSAGE_LIMIT
    assert set(made.clipped) == {
        "asked.headers.b",
        "asked.headers.o",
        "asked.headers.u",
        "asked.body",
        "asked.exchange",
        "asked.routing_key",
    }
    assert set(made.clipped.values()) == {9000}


def test_of_many_entries_the_first_and_those_that_changed_are_kept() -> None:
    pairs = tuple((f"k{number:04}", v.Longstr("text of some length")) for number in range(1000))
    made = kept(Evidence(routed(*pairs)), changed=["headers.k0900"])
    names = [key for key, _ in headers(made.messages.asked)]
    assert names == [f"k{number:04}" for number in range(ENTRIES_LIMIT)] + ["k0900"]
    assert made.clipped == {"asked.headers": 1000}


def test_what_changed_deep_inside_keeps_the_tables_around_it() -> None:
    inner = v.Table(tuple((f"i{number:03}", v.Longstr("y" * 40)) for number in range(100)))
    pairs = tuple((f"k{number:03}", inner) for number in range(100))
    made = kept(Evidence(routed(*pairs)), changed=["headers.k099.i099"])
    key, last = headers(made.messages.asked)[-1]
    assert key == "k099"
    assert isinstance(last, v.Table)
    assert last.value[-1][0] == "i099"


def test_a_list_is_cut_at_its_end_only_as_its_items_are_told_by_their_place() -> None:
    items = v.Array(tuple(v.Longstr(f"item {number} of a long list") for number in range(1000)))
    made = kept(Evidence(routed(("k", items))), changed=["headers.k[900]"])
    ((_, value),) = headers(made.messages.asked)
    assert value == v.Array(items.value[:ENTRIES_LIMIT])
    assert made.clipped == {"asked.headers.k": 1000}


def test_a_message_in_which_all_changed_is_cut_all_the_same() -> None:
    pairs = tuple((f"k{number:04}", v.Longstr("text of some length")) for number in range(1000))
    made = kept(Evidence(routed(*pairs)), changed=[f"headers.k{number:04}" for number in range(1000)])
    assert len(msgspec.json.encode(made.messages.asked)) < MESSAGE_LIMIT


def test_a_content_header_is_cut_with_its_whole_size() -> None:
    made = kept(Evidence(routed(), wire=Wire(b"\x00" * 100_000, b"\x00" * HEADER_LIMIT)))
    assert made.wire.sent == b"\x00" * HEADER_LIMIT
    assert made.wire.delivered == b"\x00" * HEADER_LIMIT
    assert made.clipped == {"wire.sent": 100_000}


def test_a_body_that_is_told_by_its_digest_needs_no_cutting() -> None:
    body = Digest(1 << 20, "ab" * 32)
    asked = Routed("e", "r", Message({"headers": v.Table((("k", v.Longstr("x" * 9000)),))}, body))
    assert kept(Evidence(asked)).messages.asked.message.body == body
