"""The plan: cells and their ids, and routes by which a message is recognised with nothing added to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.amqp.message import Inline, Message
from harness.amqp.values import Octet
from harness.cases import UNIQUE_LENGTH, Case, CaseBinding, CaseExchange, Rejected, load_cases
from harness.engine.plan import (
    Cell,
    Plan,
    Route,
    own_route,
    runs_alone,
    sentinel,
    shared_exchange,
    shared_route,
    topics,
    unique,
)
from harness.peers.manifest import ROOT, Entry, PeerSpec, Wire
from harness.scenarios import Scenario
from harness.steps import Purge

PLAIN = Message({}, Inline("x"))


def case(
    name: str = "topic/name",
    exchange: CaseExchange = CaseExchange(),  # noqa: B008 - it is immutable
    routing_key: str | None = None,
    binding_key: str | None = None,
    rejected: Rejected | None = None,
) -> Case:
    return Case(name, "made", None, exchange, CaseBinding(binding_key), routing_key, PLAIN, False, rejected)


def peer(label: str) -> PeerSpec:
    entry = Entry(label, "", ("1",), ("producer", "consumer"), ("x",), Wire("x", "1"))
    return PeerSpec(label, label, "1", "x", "x", Path("/nowhere"), entry)


def test_a_plan_has_every_combination_once_and_knows_how_many() -> None:
    plan = Plan((case("a/1"), case("b/2")), (peer("p"), peer("q")), (peer("c"),), full=False)
    ids = [cell.id for cell in plan.cells()]
    assert ids == ["a/1[p->c]", "a/1[q->c]", "b/2[p->c]", "b/2[q->c]"]
    assert plan.size == len(ids)


def test_what_is_about_the_broker_is_played_once() -> None:
    scenario = Scenario("queues/purge", "", "", "broker", (Purge("q"),))
    plan = Plan((scenario,), (peer("p"), peer("q")), (peer("c"), peer("d")), full=False)
    assert [cell.id for cell in plan.cells()] == ["queues/purge[p->c]"]
    assert plan.size == 1


def test_a_cell_is_named_by_its_case_and_the_labels_of_its_peers() -> None:
    assert Cell(case("headers/x"), peer("pika@1.3.2"), peer("raw")).id == "headers/x[pika@1.3.2->raw]"


def test_a_unique_name_is_the_same_for_the_same_parts_and_no_others() -> None:
    assert unique("run", "a", "b") == unique("run", "a", "b")
    assert (
        len({unique("run", "a", "b"), unique("run", "ab"), unique("run", "b", "a"), unique("r", "a", "b")})
        == 4
    )
    assert len(unique("run")) == UNIQUE_LENGTH


def test_each_producer_has_a_shared_exchange_of_its_own_in_each_run() -> None:
    names = {shared_exchange(run, producer) for run in ("1", "2") for producer in ("p", "q")}
    assert len(names) == 4


@pytest.mark.parametrize(
    "alone, what",
    [
        (False, case()),
        (False, case(routing_key="")),
        (False, case(exchange=CaseExchange("topic"))),
        (True, case(exchange=CaseExchange("default"))),
        (True, case(rejected=Rejected(406, "channel"))),
    ],
)
def test_only_what_cannot_be_recognised_or_ends_a_channel_runs_alone(alone: bool, what: Case) -> None:
    assert runs_alone(what) is alone


def test_a_case_that_leaves_all_free_goes_over_the_shared_exchange_under_its_own_name() -> None:
    assert shared_route(case(), "run", "p", "shared") == Route("shared", "topic/name", None, "")


@pytest.mark.parametrize(
    "what",
    [
        case(routing_key="fixed"),
        case(exchange=CaseExchange("fanout", "named-{unique}")),
        case(exchange=CaseExchange("direct")),
    ],
)
def test_a_case_that_fixes_its_key_or_exchange_has_an_exchange_of_its_own(what: Case) -> None:
    routes = [shared_route(what, "run", producer, "shared") for producer in ("p", "q")]
    assert all(route.declare == what.exchange.kind for route in routes)
    assert len({route.exchange for route in routes} | {"shared"}) == 3


def test_no_two_cases_of_a_producer_can_be_taken_for_each_other() -> None:
    cases = [each for each in load_cases(ROOT / "contract" / "cases") if not runs_alone(each)]
    routes = [shared_route(each, "run", "p", "shared") for each in cases]
    assert len({(route.exchange, route.routing_key) for route in routes}) == len(cases) > 100


def test_the_queue_is_bound_with_the_key_of_the_publish_unless_the_case_says_otherwise() -> None:
    topic = CaseExchange("topic")
    assert own_route(case(exchange=topic, routing_key="a.b"), "t", "q").binding_key == "a.b"
    assert (
        own_route(case(exchange=topic, routing_key="a.b", binding_key="a.*"), "t", "q").binding_key == "a.*"
    )
    assert own_route(case(exchange=topic, routing_key="a.b", binding_key=""), "t", "q").binding_key == ""


def test_over_the_default_exchange_the_key_is_the_name_of_the_queue() -> None:
    assert own_route(case(exchange=CaseExchange("default")), "t", "q") == Route("", "q", None, "")


def test_an_exchange_name_gets_the_part_that_is_unique_to_the_run() -> None:
    named = case(exchange=CaseExchange("fanout", "named-{unique}"))
    assert own_route(named, "token", "q").exchange == "named-token"
    assert own_route(case(), "token", "q").exchange == "interop.token"


def test_sentinels_of_two_cells_differ_and_are_persistent() -> None:
    assert sentinel("1") != sentinel("2")
    assert sentinel("1").properties == {"delivery_mode": Octet("2")}


def test_topics_are_the_folders_each_once_in_order() -> None:
    assert topics([case("b/1"), case("a/1"), case("b/2")]) == ("b", "a")
