"""Which messages are left in the queues: those that must survive, and came through on both brokers."""

from __future__ import annotations

import msgspec
import pytest

from harness.amqp.message import Inline, Message, PropertyName
from harness.amqp.values import Array, Decimal, DecimalParts, Octet, Shortstr, Table, Value
from harness.cases import Case, CaseBinding, CaseExchange
from harness.judge.expect import Outcome
from harness.results import CellLine
from harness.upgrade.lodgers import Lodger, QueueKind, lasts, lodgers

PLAIN = Message({}, Inline("x"))


def case(name: str) -> Case:
    return Case(name, "for a test", None, CaseExchange(), CaseBinding(), None, PLAIN, False, None)


def cell(name: str, verdict: str = "same") -> CellLine:
    outcome: Outcome = "pass" if verdict == "same" else "fail"
    return CellLine(f"{name}[streadway->pika]", name, "streadway", "pika", "RabbitMQ", verdict, outcome)


def test_a_message_is_left_where_it_came_through_on_both_brokers() -> None:
    cells = [cell("a"), cell("b"), cell("c", "hung")]
    made = lodgers([case("a"), case("b"), case("c")], cells, [cell("a"), cell("b", "rejected")], None)
    assert [one.case for one in made] == ["a"]
    assert made[0].message.properties == {"delivery_mode": Octet("2")}


def test_a_producer_without_cells_sends_what_another_can() -> None:
    made = lodgers([case("a")], [cell("a")], [cell("a")], "raw")
    assert [(one.producer, one.key) for one in made] == [("raw", "raw/a"), ("streadway", "streadway/a")]


FIXED = (
    msgspec.structs.replace(case("a"), routing_key="k"),
    msgspec.structs.replace(case("a"), exchange=CaseExchange("topic")),
    msgspec.structs.replace(case("a"), exchange=CaseExchange(name="n")),
)


@pytest.mark.parametrize("fixed", FIXED)
def test_a_case_that_fixes_its_way_is_left_out(fixed: Case) -> None:
    assert not lodgers([fixed], [cell("a")], [cell("a")], None)


@pytest.mark.parametrize(
    ("properties", "lasting"),
    [
        ({}, True),
        ({"delivery_mode": Octet("2")}, True),
        ({"delivery_mode": Octet("1")}, False),
        ({"expiration": Shortstr("60000")}, False),
        ({"expiration": Shortstr("315360000000")}, True),
        ({"expiration": Shortstr("")}, False),
    ],
)
def test_a_message_that_may_be_dropped_by_right_is_left_out(
    properties: dict[PropertyName, Value], lasting: bool
) -> None:
    assert lasts(properties) is lasting


DECIMAL = Decimal(DecimalParts("1", "15"))


@pytest.mark.parametrize("headers", [Table((("d", DECIMAL),)), Table((("a", Array((DECIMAL,))),))])
def test_a_decimal_goes_into_no_stream(headers: Table) -> None:
    lodger = Lodger("a", "raw", "pika", Message({"headers": headers}, Inline("x")))
    assert [kind for kind in QueueKind if lodger.fits(kind)] == [QueueKind.CLASSIC, QueueKind.QUORUM]
