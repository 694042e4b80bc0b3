"""Octets of a content header as a page shows them: each named, what changed told, what is unreadable too."""

from __future__ import annotations

import base64

from harness.amqp import values as v
from harness.amqp.header import encode_header
from harness.amqp.message import Digest, Inline, Message, PropertyName, Routed
from harness.report.html.wire import FIELDS_LIMIT, Dump, asked_dump, elsewhere, header_dump, text_dump


def routed(properties: dict[PropertyName, v.Value], body: str = "x") -> Routed:
    return Routed("e", "r", Message(properties, Inline(body)), redelivered=False)


def named(dump: Dump, name: str) -> tuple[int, int, str, bool, tuple[int, ...]]:
    (span,) = (span for span in dump.spans if span.name == name)
    return span.start, span.end, span.meaning, span.changed, span.other


def of(value: v.Value) -> dict[PropertyName, v.Value]:
    return {"priority": v.Octet("5"), "headers": v.Table((("k", value),))}


def test_every_octet_of_a_header_belongs_to_a_named_field() -> None:
    asked = routed(of(v.Double(v.double_bits(3.14))))
    dump = asked_dump(asked, ["headers.k"])
    assert dump is not None
    covered = {at for span in dump.spans for at in range(span.start, span.end)}
    assert covered == set(range(len(dump.octets) // 2))
    assert named(dump, "headers.k") == (20, 29, "double 3.14", True, ())
    assert named(dump, "body size") == (4, 12, "1", False, ())
    assert named(dump, "priority") == (29, 30, "octet 5", False, ())


def test_what_is_not_as_at_the_place_before_is_told_octet_by_octet() -> None:
    asked, sent = of(v.Uint8("200")), of(v.Int8("-56"))
    before, payload = encode_header(asked, 1), encode_header(sent, 1)
    dump = header_dump("sent", payload, routed(sent), before, ["headers.k"])
    assert named(dump, "headers.k") == (20, 22, "int8 -56", True, (20,))
    assert named(dump, "priority")[-1] == ()


def test_a_field_that_moved_is_not_another_one() -> None:
    longer = {**of(v.Void()), "content_type": v.Shortstr("text/plain")}
    dump = header_dump("sent", encode_header(longer, 1), routed(longer), encode_header(of(v.Void()), 1), [])
    assert named(dump, "priority")[-1] == ()
    assert named(dump, "property flags")[-1] == (12, 13)


def test_a_header_that_cannot_be_read_is_shown_with_the_place_and_the_reason() -> None:
    payload = encode_header(of(v.Double(v.double_bits(3.14))), 1)[:-6]
    dump = header_dump("sent", payload, None, None, [])
    assert dump.octets == payload.hex()
    assert "cut" in dump.problem
    (span,) = dump.spans
    assert span.changed
    assert span.end == len(payload)


def test_of_a_header_that_was_cut_by_the_results_file_nothing_is_called_unreadable() -> None:
    dump = header_dump("sent", b"\x00\x3c" + bytes(10) + b"\x20\x00\x00\x01\x00\x00", None, None, [], 65560)
    assert dump.problem == "only the first 18 of 65560 octets are kept"
    assert dump.spans == ()
    assert dump.size == 65560


def test_what_no_encoder_can_write_has_no_octets() -> None:
    assert asked_dump(routed({"headers": v.Table((("k", v.NativeInt("1")),))})) is None


def test_of_very_many_fields_those_that_changed_are_named() -> None:
    many: dict[PropertyName, v.Value] = {
        "headers": v.Table(tuple((f"k{number}", v.Int8("1")) for number in range(500)))
    }
    dump = header_dump("sent", encode_header(many, 1), routed(many), None, ["headers.k499"])
    names = [span.name for span in dump.spans]
    assert "headers.k499" in names
    assert "headers.k400" not in names
    assert len(names) < FIELDS_LIMIT + 10


def test_a_body_and_names_have_octets_of_their_own() -> None:
    message = routed({}, "body")
    assert elsewhere("body", message) == b"body"
    assert elsewhere("exchange", message) == b"e"
    assert elsewhere("routing_key", message) == b"r"
    assert elsewhere("body", None) is None
    large = Routed("e", "r", Message({}, Digest(9000, "ab" * 32)))
    assert elsewhere("body", large) is None
    dump = text_dump("body", b"bXdy!", b"body", "body")
    assert named(dump, "body") == (0, 5, "", True, (1, 4))


def test_names_are_inert() -> None:
    key = "\x1b<\u202e"
    dump = asked_dump(routed({"headers": v.Table(((key, v.Longstr("x")),))}))
    assert dump is not None
    assert any("\\x1b<\\u202e" in span.name for span in dump.spans)
    odd = asked_dump(
        routed({"headers": v.Table(((v.Base64(base64.b64encode(b"\xff").decode()), v.Void()),))})
    )
    assert odd is not None
    assert any(span.name == "headers[hex:ff]" for span in odd.spans)
