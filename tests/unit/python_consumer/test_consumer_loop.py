"""The pipe of a consumer peer, with a rim that stands for a library."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from harness.amqp.values import Table, Void
from harness.peers import protocol
from python_consumer import lines, requests
from python_consumer.arguments import Unsupported
from python_consumer.lines import Identity, Loss
from python_consumer.loop import BrokenInput, Loop
from python_consumer.output import Answers, Output
from python_consumer.schema import Invalid, Schema, SchemaProblem

CONTRACT = Path(__file__).parents[3] / "contract" / "schema"
IDENTITY = Identity("fake", "1.0", "CPython 3", (requests.PRODUCER, *requests.NON_UTF8_NAMES))


class Problem:
    """jsonschema's error under the names of jsonschema-rs."""

    def __init__(self, error: jsonschema.ValidationError) -> None:
        self.message, self.instance_path = error.message, list(error.absolute_path)


class Compiled:
    """jsonschema, slow and installed here, in place of jsonschema-rs."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._validator = jsonschema.Draft202012Validator(schema)

    def is_valid(self, instance: Any) -> bool:
        return bool(self._validator.is_valid(instance))

    def iter_errors(self, instance: Any) -> Iterator[Problem]:
        return map(Problem, self._validator.iter_errors(instance))


INCOMING = Schema(CONTRACT / "peer-request.schema.json", "op", Compiled)
OUTGOING = Schema(CONTRACT / "peer-line.schema.json", "type", Compiled)


class FakeRim:
    """Says ok to everything but acks of a tag above 9, for which its channel is gone."""

    def __init__(self, answers: Answers) -> None:
        self.identity = IDENTITY
        self.taken: list[requests.Request] = []
        self.batches: list[int] = []
        self.closed = 0
        self.silent = False
        self._answers = answers

    def submit(self, batch: Sequence[requests.Request]) -> None:
        self.batches.append(len(batch))
        self.taken.extend(batch)
        for request in () if self.silent else batch:
            if isinstance(request, requests.Ack) and request.delivery_tag > 9:
                loss = Loss("channel", "unknown delivery tag", 406)
                self._answers.reply(lines.disconnected(request.id, loss))
            else:
                self._answers.reply(lines.ok(request.id))

    def close(self, seconds: float) -> bool:
        self.closed += 1
        return True


class Pipe:
    """A loop with its ends in memory."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.answers = Answers(
            Output(self.written.append, lambda line: json.dumps(line).encode() + b"\n", OUTGOING.check),
            nullcontext(),
        )
        self.rim = FakeRim(self.answers)

    def run(self, *chunks: bytes) -> list[protocol.Line]:
        read: Callable[[], bytes] = iter([*chunks, b""]).__next__
        Loop(read, INCOMING.check, self.rim, self.answers).run()
        return [protocol.decode_line(line) for line in b"".join(self.written).splitlines()]


def line(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def test_describe_is_answered_without_the_library() -> None:
    (answer,) = Pipe().run(line(op="describe", id=1))
    assert isinstance(answer, protocol.Described)
    assert (answer.library, answer.roles, answer.types) == ("fake", ("consumer",), ())
    assert answer.unsupported == IDENTITY.unsupported


def test_every_request_of_the_harness_is_understood() -> None:
    sent: list[protocol.Request] = [
        protocol.Connect(1, "amqp://h/"),
        protocol.DeclareExchange(2, "e", "topic", durable=True),
        protocol.DeclareQueue(3, "q", exclusive=True, arguments=Table((("x", Void()),))),
        protocol.Bind(4, "q", "e", "k"),
        protocol.Consume(5, "q", prefetch=9),
        protocol.Get(6, "q"),
        protocol.Ack(7, 1, multiple=True),
        protocol.Nack(8, 2, requeue=False),
        protocol.Reject(9, 3),
        protocol.Consume(10, "q", no_ack=True, exclusive=True, arguments=Table((("x", Void()),))),
        protocol.Cancel(11, "q"),
        protocol.DeclareQueue(12, "q", defaults=True),
        protocol.Close(13),
    ]
    pipe = Pipe()
    answers = pipe.run(b"".join(map(protocol.encode_request, sent)))
    assert answers == [protocol.Ok(number) for number in range(1, 14)]
    assert pipe.rim.taken == [
        requests.Connect(1, "amqp://h/"),
        requests.DeclareExchange(2, "e", "topic", True, False, False, {}),
        requests.DeclareQueue(3, "q", False, True, False, False, {"x": None}),
        requests.Bind(4, "q", "e", "k", {}),
        requests.Consume(5, "q", 9, False, False, {}),
        requests.Get(6, "q"),
        requests.Ack(7, 1, True),
        requests.Nack(8, 2, False, False),
        requests.Reject(9, 3, True),
        requests.Consume(10, "q", 0, True, True, {"x": None}),
        requests.Cancel(11, "q"),
        requests.DeclareQueue(12, "q", False, False, False, False, {}, True),
    ]


def test_by_its_defaults_a_library_is_told_no_more_of_a_queue_than_its_name() -> None:
    told = requests.DeclareQueue(1, "q", True, False, True, False, {"x": None})
    assert told.options("queue_arguments") == {
        "durable": True,
        "exclusive": False,
        "auto_delete": True,
        "queue_arguments": {"x": None},
    }
    assert requests.DeclareQueue(1, "q", False, False, False, False, {}, defaults=True).options() == {}


def test_requests_of_one_read_are_one_batch_and_a_cut_line_waits_for_its_rest() -> None:
    pipe = Pipe()
    whole = (
        line(op="get", id=1, queue="q") + line(op="get", id=2, queue="q") + line(op="get", id=3, queue="q")
    )
    pipe.run(whole[:-10], whole[-10:])
    assert pipe.rim.batches == [2, 1]


def test_an_id_that_waits_for_its_answer_cannot_be_used_again() -> None:
    pipe = Pipe()
    pipe.rim.silent = True
    (answer,) = pipe.run(line(op="get", id=1, queue="q") + line(op="get", id=1, queue="q"))
    assert answer == protocol.Failed(1, "bug", "$.id: 1 waits for its answer already")
    assert len(pipe.rim.taken) == 1


def test_an_id_may_be_used_again_after_its_answer() -> None:
    answers = Pipe().run(line(op="get", id=1, queue="q"), line(op="get", id=1, queue="q"))
    assert answers == [protocol.Ok(1), protocol.Ok(1)]


def test_answering_a_request_twice_is_an_error() -> None:
    pipe = Pipe()
    pipe.run(line(op="get", id=1, queue="q"))
    with pytest.raises(KeyError):
        pipe.answers.reply(lines.ok(1))


@pytest.mark.parametrize(
    ("request_line", "path"),
    [
        (line(op="ack", id=3, delivery_tag=0), r"\$\.delivery_tag: "),
        (line(op="consume", id=3, queue={"base64": 5}), r"\$\.queue"),
        (line(op="get", id=3, queue="q", extra=1), "extra"),
        (line(op="get", id=3), "queue"),
        (line(op="dance", id=3), r"\$\.op: 'dance' is none of "),
        (line(op=["get"], id=3), r"\$\.op: "),
        (line(id=3), r"\$\.op: None"),
    ],
)
def test_a_request_that_breaks_the_contract_is_answered_with_the_path(request_line: bytes, path: str) -> None:
    pipe = Pipe()
    (answer,) = pipe.run(request_line)
    assert isinstance(answer, protocol.Failed)
    assert (answer.id, answer.kind, pipe.rim.taken) == (3, "bug", [])
    with pytest.raises(AssertionError, match=path):
        raise AssertionError(answer.message)


@pytest.mark.parametrize(
    "junk",
    [b"hello\n", b"[1]\n", b"{}\n", b'{"id": 0}\n', b'{"id": true}\n', b'{"id": "1"}\n', b"\xff\n"],
)
def test_a_line_that_cannot_be_answered_ends_the_peer(junk: bytes) -> None:
    with pytest.raises(BrokenInput):
        Pipe().run(junk)


def test_publish_is_unsupported_and_declared() -> None:
    publish = {"properties": {}, "body": {"type": "inline", "value": ""}}
    (answer,) = Pipe().run(line(op="publish", id=1, exchange="", routing_key="", message=publish))
    assert isinstance(answer, protocol.Failed)
    assert (answer.kind, answer.what) == ("unsupported", "role:producer")
    assert answer.what in IDENTITY.unsupported


@pytest.mark.parametrize("field", ["queue", "exchange", "routing_key"])
def test_a_name_that_is_not_utf8_is_unsupported_under_its_own_name(field: str) -> None:
    bind: dict[str, Any] = {"queue": "q", "exchange": "e", "routing_key": "k", field: {"base64": "/w=="}}
    (answer,) = Pipe().run(line(op="bind", id=1, **bind))
    assert isinstance(answer, protocol.Failed)
    assert answer.what == f"{field}:non-utf8"
    assert answer.what in IDENTITY.unsupported


def test_a_rim_that_lost_its_channel_is_answered_with_code_and_scope() -> None:
    (answer,) = Pipe().run(line(op="ack", id=1, delivery_tag=10))
    assert answer == protocol.Failed(1, "disconnected", "unknown delivery tag", None, 406, "channel")


def test_close_closes_the_library_once_answers_and_reads_no_further() -> None:
    pipe = Pipe()
    assert pipe.run(line(op="close", id=1) + line(op="get", id=2, queue="q")) == [protocol.Ok(1)]
    assert (pipe.rim.closed, pipe.rim.taken) == (1, [])


def test_the_end_of_the_input_closes_the_library() -> None:
    pipe = Pipe()
    assert pipe.run() == []
    assert pipe.rim.closed == 1


def test_a_consumer_that_the_broker_ended_is_told_by_its_queue() -> None:
    pipe = Pipe()
    pipe.answers.event(lines.cancelled("q"))
    pipe.answers.flush()
    assert protocol.decode_line(pipe.written[0]) == protocol.Cancelled("q")


def test_a_line_that_breaks_the_contract_does_not_leave() -> None:
    pipe = Pipe()
    with pytest.raises(Invalid, match=r"\$\.scope"):
        pipe.answers.event({"type": "closed", "scope": "process", "message": ""})
    pipe.answers.flush()
    assert pipe.written == []


def test_a_lone_line_sent_soon_leaves_at_once_and_a_flood_in_few_writes() -> None:
    pipe = Pipe()
    closed = lines.closed(Loss("channel", "x"))
    pipe.answers.event_soon(closed)
    assert len(pipe.written) == 1
    pipe.answers.event(closed)
    pipe.answers.event(closed)
    pipe.answers.flush()
    assert b"".join(pipe.written).count(b"\n") == 3


def test_what_a_reader_gets_keeps_the_order_of_sending() -> None:
    pipe = Pipe()
    for number in range(300):
        pipe.answers.event_soon(lines.closed(Loss("channel", "x", number)))
    pipe.answers.flush()
    codes = [json.loads(text)["code"] for text in b"".join(pipe.written).splitlines()]
    assert codes == list(range(300))


@pytest.mark.parametrize("content", ["", "{}", '{"$defs": {}, "anyOf": [{"$ref": "#/$defs/X"}]}', "[]"])
def test_a_schema_that_is_no_union_is_named_with_its_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "peer-line.schema.json"
    path.write_text(content)
    with pytest.raises(SchemaProblem, match=r"peer-line\.schema\.json"):
        Schema(path, "type", Compiled)


def test_a_schema_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaProblem, match=r"nowhere\.json"):
        Schema(tmp_path / "nowhere.json", "type", Compiled)


def test_a_message_of_an_exception_never_holds_what_json_cannot() -> None:
    assert lines.said(ValueError("\ud800")) == "ValueError: \\ud800"
    assert lines.said(KeyError()) == "KeyError"


def test_an_exception_that_cannot_even_say_itself_is_shown_by_its_arguments() -> None:
    class Shy(Exception):
        def __str__(self) -> str:
            return f"{self.args[3]}"

    assert lines.said(Shy(1)) == "Shy: (1,)"


def test_unsupported_names_what_and_why() -> None:
    error = Unsupported("duplicate-keys", "'k' stands twice")
    assert (error.what, error.problem) == ("duplicate-keys", "'k' stands twice")
