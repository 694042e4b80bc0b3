"""An explanation shows the four messages, the octets of what changed, whom they blame, how to repeat it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from report_samples import HOSTILE, NAMES, PI, THREE, headers, native_headers, routed

from harness.amqp.header import encode_header
from harness.amqp.message import Digest, Inline, Message, Routed
from harness.amqp.values import (
    Array,
    Base64,
    Int8,
    Int64,
    LongLong,
    Longstr,
    NativeInt,
    NativeStr,
    Octet,
    Shortstr,
    Table,
    Uint8,
    Unparsed,
)
from harness.cases import Case, load_cases
from harness.engine.blame import Place, Way
from harness.judge.verdict import Evidence, Failure, Step, Stop, Wire, judge
from harness.report.explain import Exhibit, explanation
from harness.report.lines import Look
from harness.report.octets import DUMP_LIMIT, dump, field_octets, pieces, unreadable
from harness.report.sheet import ROWS_LIMIT, fields, rows

CASES = load_cases(Path(__file__).parents[3] / "contract" / "cases")
PIPE = Look(None, False)


def octets(message: Routed | None) -> bytes | None:
    return None if message is None else encode_header(message.message.properties, 1)


def exhibit(
    asked: Routed,
    sent: Routed | None,
    delivered: Routed | None,
    reported: Routed | None,
    failure: Failure | None = None,
    wire: Wire | None = None,
) -> Exhibit:
    evidence = Evidence(asked, sent, delivered, reported, failure)
    return Exhibit(
        cell="headers/double[streadway->pika]",
        why="Cut to an integer it is 3.",
        names=NAMES,
        evidence=evidence,
        verdict=judge(evidence),
        wire=wire or Wire(octets(sent), octets(delivered)),
        outcome="fail",
        commands=("run it", "explain it"),
    )


WIRE = routed(headers(("k", PI)))
GOLDEN = """\
headers/double[streadway->pika] on MQ 4
Cut to an integer it is 3.

Verdict: narrowed at the consumer (fail)
  pika 1 read header k, sent and delivered as double 3.14, as int 3

   field        asked of go 1  sent on its wire  delivered by MQ 4  reported by pika 1
   exchange     "e"            =                 =                  =
   routing_key  "r"            =                 =                  =
   redelivered  false          =                 =                  =
   headers      table of 1     =                 =                  map of 1
*  headers.k    double 3.14    =                 =                  int 3
   body         "x" (1 byte)   =                 =                  =
= as at the place before; * changed; ~ same value, another type

Octets of what changed (places are in the payload of the content header frame)
header k:
  asked      it would be      64 40091eb851eb851f  double 3.14
  sent       octets 20 to 28  64 40091eb851eb851f  double 3.14
  delivered  octets 20 to 28  64 40091eb851eb851f  double 3.14
  reported                                         int 3

Repeat it
  run it
  explain it
"""


def pi_for_three() -> Exhibit:
    return exhibit(WIRE, WIRE, WIRE, routed(native_headers(("k", THREE))))


def test_a_consumer_that_narrows_is_shown_with_the_octets_that_it_was_given() -> None:
    assert explanation(pi_for_three(), PIPE) == GOLDEN


def test_what_a_producer_changed_is_marked_under_its_octets() -> None:
    wrong = routed(headers(("k", Int8("-56"))))
    text = explanation(exhibit(routed(headers(("k", Uint8("200")))), wrong, wrong, wrong), PIPE)
    assert "go 1, asked for header k as uint8 200, sent int8 -56" in text
    assert text.split("header k:\n")[1].startswith(
        "  asked      it would be      42 c8  uint8 200\n"
        "  sent       octets 20 to 21  62 c8  int8 -56\n"
        "                              ^^\n"
        "  delivered  octets 20 to 21  62 c8  int8 -56\n"
    )


def test_what_the_broker_changed_is_marked_where_it_was_delivered() -> None:
    sent, delivered = routed(headers(("k", LongLong("5")))), routed(headers(("k", Int64("6"))))
    text = explanation(exhibit(sent, sent, delivered, delivered), PIPE)
    assert "Verdict: altered at the broker" in text
    assert text.split("header k:\n")[1].startswith(
        "  asked      it would be      4c 0000000000000005  longlong 5\n"
        "  sent       octets 20 to 28  4c 0000000000000005  longlong 5\n"
        "  delivered  octets 20 to 28  6c 0000000000000006  int64 6\n"
        "                              ^^               ^^\n"
    )


def test_a_header_that_moved_is_found_at_its_new_place() -> None:
    sent = routed(headers(("z", Uint8("1")), ("k", Int8("2"))))
    delivered = routed(headers(("k", Int8("3")), ("z", Uint8("1"))))
    lines = field_octets("headers.k", Evidence(sent, sent, delivered), Wire(octets(sent), octets(delivered)))
    places = re.findall(r"octets \d+ to \d+", "".join(lines))
    assert places == ["octets 24 to 25", "octets 20 to 21"]


def test_a_property_is_shown_with_its_place_and_without_a_tag() -> None:
    asked = routed({"priority": Octet("0"), "app_id": Shortstr("ab")})
    sent = routed({"app_id": Shortstr("ab")})
    text = explanation(exhibit(asked, sent, sent, sent), PIPE)
    assert (
        "property priority:\n  asked      it would be  00  octet 0\n  sent                        absent\n"
        in text
    )


def test_a_narrow_terminal_gets_the_places_below_one_another() -> None:
    text = explanation(pi_for_three(), Look(60, False))
    assert (
        "* headers.k\n    asked      double 3.14\n    sent       =\n    delivered  =\n    reported   int 3\n"
        in text
    )
    assert max(map(len, text.splitlines())) <= 80


def test_a_terminal_has_what_failed_in_red() -> None:
    assert "\x1b[1;31m*  headers.k" in explanation(pi_for_three(), Look(120, True))


def test_an_unread_content_header_is_dumped_and_the_reason_told() -> None:
    payload = bytes.fromhex("003c00000000000000000001004055828188")
    failure = Failure(Stop.REJECTED, Step.PRODUCER, "541 INTERNAL_ERROR", "connection", 541)
    text = explanation(exhibit(routed(), None, None, None, failure, Wire(payload, None)), PIPE)
    assert "sent: cannot be read" in text
    assert "delivered: not seen" in text
    assert (
        "Content header as sent, 18 octets; it cannot be read: cut timestamp: 4 of 8 octets (at octet 14)\n"
        "  000000  00 3c 00 00 00 00 00 00 00 00 00 01 00 40 55 82  .<...........@U.\n"
        "  000010  81 88                                            ..\n"
    ) in text


def test_a_message_that_never_came_out_is_shown_as_it_was_delivered() -> None:
    failure = Failure(Stop.HUNG, Step.CONSUMER, "silence", "process", next_arrived=False)
    text = explanation(exhibit(WIRE, WIRE, WIRE, None, failure), PIPE)
    assert "pika 1 hung over header k, double 3.14: silence;" in text
    assert "reported: not seen" in text
    assert "Content header as delivered: the same octets\n" in text


def test_with_the_tap_off_only_the_ends_are_shown() -> None:
    text = explanation(exhibit(WIRE, None, None, routed(native_headers(("k", THREE)))), PIPE)
    assert "Verdict: narrowed (fail)" in text
    assert "sent: not seen  delivered: not seen" in text
    assert re.search(r"^\*  headers.k    double 3.14  +int 3$", text, re.MULTILINE)


def test_another_order_of_headers_has_a_row_of_its_own() -> None:
    asked = routed(headers(("b", Int8("1")), ("a", Int8("2"))))
    sent = routed(headers(("a", Int8("2")), ("b", Int8("1"))))
    evidence = Evidence(asked, sent, sent, sent)
    made = rows(evidence, judge(evidence, header_order=True).differences)
    assert made[-1] == ("*", "headers:order", ("b, a", "a, b", "", ""))


def test_of_many_fields_those_that_failed_are_shown() -> None:
    names = [f"k{number:03}" for number in range(200)]
    sent = routed(headers(*((name, PI) for name in names)))
    right = [(name, PI) for name in names[:-1]]
    text = explanation(exhibit(sent, sent, sent, routed(headers(*right, ("k199", THREE)))), PIPE)
    assert "*  headers.k199" in text
    assert f"and {200 + 5 - ROWS_LIMIT - 1} more fields that did not fail" in text


def test_of_many_changed_fields_a_dozen_show_their_octets() -> None:
    names = [f"k{number:02}" for number in range(20)]
    sent = routed(headers(*((name, PI) for name in names)))
    text = explanation(
        exhibit(sent, sent, sent, routed(native_headers(*((name, THREE) for name in names)))), PIPE
    )
    assert text.count("it would be") == 12
    assert "and 8 more fields\n" in text


def test_long_octets_are_shown_around_the_first_that_differs() -> None:
    before, after = (
        routed(headers(("k", Longstr("x" * 300)))),
        routed(headers(("k", Longstr("x" * 200 + "y" * 100)))),
    )
    lines = field_octets("headers.k", Evidence(before, before, after), Wire(octets(before), octets(after)))
    assert "…7878787878787878" in lines[1]
    assert "…787878787878787879797979" in lines[2]
    assert "… (305 octets)" in lines[2]
    at = lines[2].index("7979")
    assert lines[3].index("^^") == at


def test_a_body_and_a_name_are_shown_without_an_offset() -> None:
    before, after = routed(body="abc"), routed(body="abd", exchange="f")
    evidence = Evidence(before, before, after)
    wire = Wire(octets(before), octets(after))
    assert [line.split() for line in field_octets("body", evidence, wire)[1:4]] == [
        ["sent", "in", "the", "body", "616263", '"abc"', "(3", "bytes)"],
        ["delivered", "in", "the", "body", "616264", '"abd"', "(3", "bytes)"],
        ["^^"],
    ]
    assert "in the method  66" in field_octets("exchange", evidence, wire)[2]
    large = Routed("e", "r", Message({}, Digest(5000, "ab" * 32)), False)
    assert "5000 bytes" in "".join(field_octets("body", Evidence(large, large, large), wire))


def test_hostile_content_stays_inert() -> None:
    text = HOSTILE.replace("\ud800", "")
    sent = routed({**headers((text, Longstr(text))), "app_id": Shortstr(text)}, body=text, exchange=text)
    reported = routed({**native_headers((text, NativeStr("x"))), "app_id": NativeStr(text)}, body="y")
    for look in (PIPE, Look(40, False)):
        made = explanation(exhibit(sent, sent, sent, reported), look)
        assert all(line.isprintable() for line in made.split("\n"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_field_of_every_case_has_its_octets_under_the_judges_path(case: Case) -> None:
    """The paths of messages, of octets and of the judge are made in three places and must be the same."""
    payload = encode_header(case.message.properties, 1)
    found = pieces(payload)
    message = Routed("", "", Message(case.message.properties, Inline("")))
    assert set(found) == set(fields(message)) - {"exchange", "routing_key", "body"}
    for path, piece in found.items():
        assert payload[piece.start : piece.start + len(piece.octets)] == piece.octets, path


def test_the_same_key_twice_in_a_table_is_numbered_there_and_nowhere_else() -> None:
    twice = Table((("a", Int8("1")), ("a", Int8("2"))))
    table = Table((("t", twice), ("t", twice), (Base64("/w=="), Array((twice,)))))
    found = pieces(encode_header({"headers": table}, 1))
    assert list(found) == list(fields(routed({"headers": table})))[3:-1]
    assert {"headers.t#2.a#2", "headers[hex:ff][0].a#2"} <= set(found)


def test_the_rest_of_a_table_that_no_decoder_reads_is_one_piece() -> None:
    table = Table((("a", Int8("1")), ("k", Unparsed("WA==", "AAEC"))))
    assert pieces(encode_header({"headers": table}, 1))["headers.k"].octets == b"X\0\x01\x02"


def test_a_dump_is_cut() -> None:
    assert dump(bytes(DUMP_LIMIT + 3))[-1] == "  and 3 octets more"
    assert unreadable(encode_header({}, 1)) == ""


def test_a_place_keeps_the_header_of_the_message_that_is_judged() -> None:
    way = Way(tapped=True)
    way.sent.add(None, False, b"broken")
    assert way.wire == Wire(b"broken", None)
    way.sent.add(routed(), False, b"first")
    way.sent.add(routed(), False, b"second")
    way.sent.add(routed(), True, b"sentinel")
    assert way.wire == Wire(b"first", None)
    assert (way.sent.passed, len(way.sent.messages), way.sent.headers) == (3, 2, [b"first", b"second"])


def test_a_peers_word_is_no_header() -> None:
    place = Place()
    place.add(routed(), False)
    assert place.header is None


def test_a_retyped_field_shows_its_octets_where_nothing_is_worse() -> None:
    sent = routed(headers(("k", Int8("5"))))
    shown = explanation(exhibit(sent, sent, sent, routed(native_headers(("k", NativeInt("5"))))), PIPE)
    assert ("~  headers.k" in shown) == ("header k:" in shown)
