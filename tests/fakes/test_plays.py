"""A scenario that comes out otherwise: where, at whose step, and that one that is as written passes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from fake_runs import carry_out

from harness.broker import Broker
from harness.engine import patience
from harness.engine.patience import Patience
from harness.scenarios import parse_scenario

HEAD = "why: A play that is to fail.\nsource: nowhere\nabout: consumer\nsteps:\n"
DECLARE = "- {do: declare_queue, by: broker, queue: q, durable: true}\n"
PUBLISH = "- {do: publish, routing_key: q, bodies: [one, two]}\n"
CONSUME = "- {do: consume, queue: q}\n"
LOOK = "- {do: declare_queue, by: consumer, queue: q, passive: true}\n"


@pytest.mark.parametrize(
    "steps, verdict, step, path",
    [
        (DECLARE + PUBLISH + "- {do: holds, queue: q, ready: 2, consumers: 0}\n" + LOOK, "same", None, None),
        (
            DECLARE + PUBLISH + "- {do: holds, queue: q, ready: 3}\n" + LOOK,
            "altered",
            "broker",
            "steps[3].holds.ready",
        ),
        (
            DECLARE + PUBLISH + CONSUME + "- {do: receive, messages: [two, one]}\n",
            "altered",
            "broker",
            "steps[4].receive.messages[1].body",
        ),
        (
            DECLARE + PUBLISH + CONSUME + "- {do: receive, messages: [one, two, three]}\n",
            "lost",
            "broker",
            "steps[4].receive.messages[3]",
        ),
        (
            DECLARE + PUBLISH + CONSUME + "- {do: receive, messages: [one]}\n",
            "added",
            "broker",
            "steps[4].receive.deliveries",
        ),
        (
            DECLARE
            + "- {do: declare_queue, by: consumer, queue: q, durable: true, arguments: {x-max-length: 1},"
            " gets: {code: 403, scope: channel}}\n",
            "altered",
            "broker",
            "steps[2].declare_queue.gets",
        ),
        (
            DECLARE + "- {do: declare_queue, by: consumer, queue: q, durable: true,"
            " gets: {code: 406, scope: channel}}\n",
            "altered",
            None,
            "steps[2].declare_queue.gets",
        ),
        (DECLARE + "- {do: gone, queue: q}\n" + LOOK, "altered", "broker", "steps[2].gone"),
        (
            DECLARE + "- {do: consume, by: broker, queue: q}\n" + PUBLISH + CONSUME,
            "added",
            "broker",
            "steps[4].consume.deliveries",
        ),
        (
            DECLARE
            + "- {do: consume, by: broker, queue: q}\n"
            + PUBLISH
            + "- {do: receive, by: broker, messages: [two, one]}\n"
            + CONSUME,
            "altered",
            "broker",
            "steps[4].receive.messages[1].body",
        ),
        (
            DECLARE + "- {do: consume, by: broker, queue: q, gets: {code: 403, scope: channel}}\n" + CONSUME,
            "altered",
            "broker",
            "steps[2].consume.gets",
        ),
        (
            DECLARE
            + CONSUME
            + "- {do: transact, with: select}\n"
            + "- {do: publish, by: broker, routing_key: q, bodies: [one], confirm: false, gets: ok}\n"
            + "- {do: receive, messages: [one]}\n",
            "lost",
            "broker",
            "steps[5].receive.messages[1]",
        ),
        (
            DECLARE
            + CONSUME
            + "- {do: cut, by: consumer}\n- {do: holds, queue: q, ready: 0, consumers: 0}\n",
            "altered",
            "broker",
            "steps[4].holds.consumers",
        ),
        (
            DECLARE
            + "- {do: publish, routing_key: q, bodies: [one]}\n"
            + CONSUME
            + "- {do: receive, messages: [one]}\n"
            + '- {do: publish, routing_key: "{reply-to}", bodies: [two]}\n',
            "lost",
            "consumer",
            "steps[5].publish.reply_to",
        ),
        (
            DECLARE + CONSUME + "- {do: told, by: consumer, event: cancelled}\n",
            "lost",
            "consumer",
            "steps[3].told.event",
        ),
        (
            DECLARE + PUBLISH + "- {do: purge, queue: q, messages: 3}\n" + LOOK,
            "altered",
            "broker",
            "steps[3].purge.messages",
        ),
        (
            DECLARE + PUBLISH + "- {do: delete_queue, queue: q, if_empty: true}\n" + LOOK,
            "altered",
            "broker",
            "steps[3].delete_queue.gets",
        ),
        (
            DECLARE + PUBLISH + "- {do: get, by: broker, queue: q, left: 0}\n" + LOOK,
            "altered",
            "broker",
            "steps[3].get.left",
        ),
        (
            "- {do: declare_queue, by: broker, queue: '', exclusive: true, named: amq.other-}\n" + LOOK,
            "altered",
            "broker",
            "steps[1].declare_queue.named",
        ),
        (DECLARE + "- {do: ack, by: broker, tag: 7}\n" + LOOK, "altered", "broker", "steps[2].ack.gets"),
        (
            DECLARE + "- {do: publish, by: broker, routing_key: q, bodies: [one], gets: nacked}\n" + LOOK,
            "altered",
            "broker",
            "steps[2].publish.gets",
        ),
        (
            "- {do: flow, active: false}\n" + LOOK,
            "altered",
            "broker",
            "steps[1].flow.gets",
        ),
        ('- {do: connect, by: consumer, url: {vhost: "a/b-{unique}"}}\n', "same", None, None),
        (
            '- {do: connect, by: consumer, url: {vhost: "", spelled: "amqp://{user}:{password}@{place}/"}}\n',
            "altered",
            "consumer",
            "steps[1].connect.vhost",
        ),
        (
            "- {do: connect, by: consumer, url: {password: wrong}}\n",
            "altered",
            "broker",
            "steps[1].connect.gets",
        ),
        (
            "- {do: connect, by: consumer, url: {}, gets: {code: 403, scope: connection}}\n",
            "altered",
            None,
            "steps[1].connect.gets",
        ),
        (
            DECLARE
            + "- {do: publish, routing_key: q, bodies: [{pattern: abc, length: 9000}]}\n"
            + "- {do: connect, by: consumer, server: {frame_max: 4096, frames: octets}}\n"
            + CONSUME
            + "- {do: receive, messages: [{body: {pattern: abd, length: 9000}}]}\n",
            "altered",
            "broker",
            "steps[5].receive.messages[1].body",
        ),
    ],
)
def test_a_play_is_judged_by_its_first_step_that_comes_out_otherwise(
    broker: Broker,
    steps: str,
    verdict: str,
    step: str | None,
    path: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "PATIENCE", Patience(10.0, 1.0, 1.0))  # some wait for what never comes
    scenario = parse_scenario(Path("plays/one.yaml"), "plays/one", HEAD + steps)
    outcome = asyncio.run(carry_out(broker, (scenario,), ()))
    (line,) = outcome.lines.values()
    assert (line.verdict, line.step, line.path) == (verdict, step, path)
