"""A producer peer, with a fake library: replies in order, outcomes, losses, the end."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from importlib import metadata

import pytest
from producer_fakes import FAKE, INCOMING, Ends, Gone

from harness.amqp.message import Inline, Message
from harness.amqp.values import Table, Void
from harness.peers import protocol
from peers.python_producer.library import Confirmed, Nacked, Outcome, Returned, Taken
from peers.python_producer.pipe import Pipe
from peers.python_producer.publication import Publication
from python_consumer.loop import BrokenInput

MESSAGE = Message({}, Inline("x"))


def publish(number: int, key: str = "k", *, confirm: bool = False) -> bytes:
    return protocol.encode_request(protocol.Publish(number, "e", key, MESSAGE, confirm=confirm))


CONNECT = protocol.encode_request(protocol.Connect(1, "amqp://h/"))


def run(ends: Ends, *chunks: bytes) -> list[protocol.Line]:
    """All lines of a peer that reads these chunks, and then the end of its input."""
    read: Callable[[], bytes] = iter([*chunks, b""]).__next__
    Pipe(read, json.loads, INCOMING.check, ends.library, ends.answers).run()
    return ends.lines


def by_key(publication: Publication) -> Outcome:
    outcomes: dict[str, Outcome] = {
        "acked": Confirmed(),
        "nacked": Nacked(),
        "back": Returned(312, "NO_ROUTE"),
    }
    if publication.routing_key == "gone":
        raise Gone("the channel is closed")
    if publication.routing_key == "refused":
        raise OverflowError("too large")
    return outcomes.get(publication.routing_key, Taken())


def test_describe_tells_what_the_library_is_and_cannot_do() -> None:
    (answer,) = run(Ends(), protocol.encode_request(protocol.Describe(1)))
    assert isinstance(answer, protocol.Described)
    assert (answer.library, answer.version, answer.roles) == (FAKE, metadata.version(FAKE), ("producer",))
    assert {"role:consumer", "duplicate-keys", "framing"} <= set(answer.unsupported)
    assert "int64" in answer.types


def test_topology_is_the_librarys_own() -> None:
    ends = Ends()
    requests: list[protocol.Request] = [
        protocol.DeclareExchange(2, "e", "topic", durable=True),
        protocol.DeclareQueue(3, "q", exclusive=True, arguments=Table((("x", Void()),))),
        protocol.Bind(4, "q", "e", "k"),
        protocol.Close(5),
    ]
    answers = run(ends, CONNECT + b"".join(map(protocol.encode_request, requests)))
    assert answers == [protocol.Ok(number) for number in range(1, 6)]
    (session,) = ends.sessions
    assert [tuple(request) for request in session.done] == [
        (2, "e", "topic", True, False, False, {}),
        (3, "q", False, True, False, False, {"x": None}, False),
        (4, "q", "e", "k", {}),
    ]
    assert session.closed == 1


def test_each_outcome_of_a_publish_has_its_reply() -> None:
    keys = ("any", "acked", "nacked", "back", "refused")
    answers = run(Ends(by_key), CONNECT, *(publish(2 + i, key) for i, key in enumerate(keys)))
    assert answers[1:] == [
        protocol.Ok(2),
        protocol.Confirmed(3),
        protocol.Nacked(4),
        protocol.Returned(5, 312, "NO_ROUTE"),
        protocol.Failed(6, "refused", "OverflowError: too large"),
    ]


def test_replies_keep_the_order_of_requests_also_where_the_pipe_answers() -> None:
    requests = CONNECT + publish(2) + protocol.encode_request(protocol.Get(3, "q")) + publish(4)
    broken = b'{"op": "publish", "id": 5}\n'
    answers = run(Ends(), requests + broken + protocol.encode_request(protocol.Describe(6)) + publish(7))
    assert [answer.id for answer in answers if hasattr(answer, "id")] == [1, 2, 3, 4, 5, 6, 7]
    failed = [answer for answer in answers if isinstance(answer, protocol.Failed)]
    assert [(answer.kind, answer.what) for answer in failed] == [
        ("unsupported", "role:consumer"),
        ("bug", None),
    ]


def test_a_lost_channel_is_told_once_and_ends_all_until_the_next_connect() -> None:
    again = protocol.encode_request(protocol.Connect(5, "amqp://h/"))
    answers = run(Ends(by_key), CONNECT, publish(2), publish(3, "gone") + publish(4), again + publish(6))
    lost = ("disconnected", "the channel is closed", 404, "channel")
    assert answers[2] == protocol.Closed("channel", "the channel is closed", 404)
    for number, answer in ((3, answers[3]), (4, answers[4])):
        assert isinstance(answer, protocol.Failed)
        assert (answer.id, answer.kind, answer.message, answer.code, answer.scope) == (number, *lost)
    assert answers[5:] == [protocol.Ok(5), protocol.Ok(6)]


def test_what_needs_a_connection_is_disconnected_without_one() -> None:
    (answer,) = run(Ends(), publish(1))
    assert isinstance(answer, protocol.Failed)
    assert (answer.kind, answer.scope) == ("disconnected", "connection")


def test_a_refused_connect_is_told_apart_from_one_that_the_broker_ended() -> None:
    kinds = []
    for error in (ValueError("no such scheme"), Gone("403")):
        ends = Ends()
        ends.refusal = error
        (answer,) = run(ends, CONNECT)
        assert isinstance(answer, protocol.Failed)
        kinds.append((answer.kind, answer.scope))
    assert kinds == [("refused", None), ("disconnected", "connection")]


class Held:
    """Standard input that gives what it has, and then waits until it is let go."""

    def __init__(self, *chunks: bytes) -> None:
        self.end = threading.Event()
        self._chunks: Iterator[bytes] = iter(chunks)

    def __call__(self) -> bytes:
        chunk = next(self._chunks, b"")
        if not chunk:
            assert self.end.wait(10)
        return chunk


@pytest.fixture
def held() -> Iterator[Callable[[Ends, bytes], None]]:
    reads: list[Held] = []
    threads: list[threading.Thread] = []

    def start(ends: Ends, chunk: bytes) -> None:
        reads.append(Held(chunk))
        pipe = Pipe(reads[-1], json.loads, INCOMING.check, ends.library, ends.answers)
        threads.append(threading.Thread(target=pipe.run))
        threads[-1].start()

    yield start
    for read, thread in zip(reads, threads, strict=True):
        read.end.set()
        thread.join(10)
        assert not thread.is_alive()


def test_what_the_broker_closes_is_told_although_nothing_is_asked(
    held: Callable[[Ends, bytes], None],
) -> None:
    ends = Ends()
    held(ends, CONNECT)
    assert ends.wait(1) == [protocol.Ok(1)]
    ends.sessions[0].news.append(Gone("by the broker"))
    assert ends.wait(2)[1] == protocol.Closed("channel", "by the broker", 404)


def test_what_was_answered_before_a_library_hangs_is_written(held: Callable[[Ends, bytes], None]) -> None:
    release = threading.Event()

    def hang(publication: Publication) -> Outcome:
        if publication.routing_key == "hang":
            assert release.wait(10)
        return Taken()

    ends = Ends(hang)
    held(ends, CONNECT + publish(2) + publish(3, "hang"))
    assert ends.wait(2) == [protocol.Ok(1), protocol.Ok(2)]
    release.set()
    assert ends.wait(3)[2] == protocol.Ok(3)


def test_a_cut_line_waits_for_its_rest() -> None:
    request = publish(2)
    assert run(Ends(), CONNECT + request[:7], request[7:20], request[20:]) == [protocol.Ok(1), protocol.Ok(2)]


@pytest.mark.parametrize("line", [b"no json\n", b"[]\n", b'{"op": "describe"}\n', b'{"id": 0}\n'])
def test_a_line_that_cannot_be_answered_ends_the_peer(line: bytes) -> None:
    with pytest.raises(BrokenInput):
        run(Ends(), line)


def test_nothing_after_close_is_done() -> None:
    ends = Ends()
    close = protocol.encode_request(protocol.Close(2))
    assert run(ends, CONNECT + close + publish(3)) == [protocol.Ok(1), protocol.Ok(2)]
    assert ends.sessions[0].done == []
