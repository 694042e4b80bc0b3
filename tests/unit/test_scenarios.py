"""Scenarios: each file is read and valid against its schema, names are a run's own."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from harness.amqp import values as v
from harness.cases import CaseError
from harness.engine.deliveries import shown_at
from harness.matrix import SCENARIOS
from harness.peers.manifest import ROOT
from harness.scenarios import Names, Scenario, load_scenarios, parse_scenario
from harness.steps import Consume

ALL = load_scenarios(SCENARIOS)
SCHEMA = json.loads((ROOT / "contract/schema/scenario.schema.json").read_text("utf-8"))


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.id)
def test_a_scenario_file_is_valid_against_its_schema(scenario: Scenario) -> None:
    text = (SCENARIOS / f"{scenario.id}.yaml").read_text("utf-8")
    jsonschema.validate(yaml.safe_load(text), SCHEMA)


GOOD = "why: Something to be seen.\nsource: nowhere\nabout: consumer\nsteps:\n- {do: cancel, queue: q}\n"


@pytest.mark.parametrize(
    "text, says",
    [
        (GOOD.replace("cancel", "dance"), "Invalid value 'dance'"),
        (GOOD.replace("queue: q", "queue: q, durable: true"), "unknown field `durable`"),
        (GOOD.replace("source: nowhere\n", ""), "missing required field `source`"),
        (GOOD + "steps: []\n", "'steps' stands twice"),
        (GOOD.replace("about: consumer", "about: producer"), "about the producer, which does nothing"),
        (GOOD + "- {do: consume, queue: q, prefetch_of: channel}\n", "only the suite's own client"),
        (GOOD + "- {do: declare_queue, by: broker, queue: q, defaults: true}\n", "a peer declares"),
        (
            GOOD + "- {do: declare_queue, by: consumer, queue: q, durable: true, defaults: true}\n",
            "name alone",
        ),
        (GOOD + "- {do: publish, immediate: true, bodies: [one]}\n", "client can be told immediate"),
        (GOOD + "- {do: get, queue: q, left: 0}\n", "client can be told left"),
        (GOOD + "- {do: ack, tag: 1}\n", "client can be told tag"),
        (GOOD + "- {do: publish, bodies: [{pattern: a}]}\n", "a body is text"),
    ],
)
def test_a_broken_scenario_says_what_is_wrong_and_where(text: str, says: str) -> None:
    with pytest.raises(CaseError, match=says):
        parse_scenario(Path("a/b.yaml"), "a/b", text)


def test_what_is_about_the_broker_needs_no_peer() -> None:
    steps = GOOD.replace("about: consumer", "about: broker").replace("cancel", "purge")
    assert parse_scenario(Path("a/b.yaml"), "a/b", steps).actors == ()


def test_an_argument_may_be_typed() -> None:
    steps = GOOD + "- {do: consume, queue: q, arguments: {x-stream-offset: {type: timestamp, value: '7'}}}\n"
    consume = parse_scenario(Path("a/b.yaml"), "a/b", steps).steps[-1]
    assert isinstance(consume, Consume)
    assert Names("t0").table(consume.arguments) == v.Table((("x-stream-offset", v.Timestamp("7")),))


def test_names_are_those_of_one_run_in_arguments_too() -> None:
    names = Names("t0")
    assert names.of("q") == "interop.t0.q"
    assert names.of("") == ""
    assert names.of("amq.fanout") == "amq.fanout"
    assert names.table(
        {"x-dead-letter-routing-key": "{dead}", "x-message-ttl": 5, "x-big": 2**40}
    ) == v.Table(
        (
            ("x-dead-letter-routing-key", v.Longstr("interop.t0.dead")),
            ("x-message-ttl", v.Int32("5")),
            ("x-big", v.Int64(str(2**40))),
        )
    )


def test_names_are_those_of_one_run_within_headers_and_the_user_is_who_logs_in() -> None:
    names = Names("t0", "ann")
    assert names.scalar("{user} of {q}") == "ann of interop.t0.q"
    assert names.scalar(7) == 7
    deaths = v.Array((v.Table((("queue", v.Longstr("{q}")), ("count", v.Int64("3")))),))
    real = v.Array((v.Table((("queue", v.Longstr("interop.t0.q")), ("count", v.Int64("3")))),))
    assert names.scalar((("x-death", deaths),)) == (("x-death", real),)


DEATH = v.NativeMap((("x-death", v.NativeList((v.NativeMap((("count", v.NativeInt("2")),)),))),))


@pytest.mark.parametrize(
    "path, text",
    [
        ("x-death[0].count", "2"),
        ("x-death[1].count", "absent"),
        ("x-death", "1 entries"),
        ("x-death.count", "absent"),
        ("nothing", "absent"),
    ],
)
def test_a_header_is_reached_by_its_path(path: str, text: str) -> None:
    assert shown_at(DEATH, path) == text
