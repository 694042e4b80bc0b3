"""The rim of libraries that read when they are told to: a session that stands for one, on a real socket."""

from __future__ import annotations

import queue
import socket
import threading
from typing import Any

from consumer_fakes import Said

from python_consumer import lines, requests
from python_consumer.lines import Identity
from python_consumer.output import Answers
from python_consumer.reading import ReadingRim

SECONDS = 5


class FakeSession:
    """Reads octets, and says ok to requests."""

    def __init__(self, answers: Answers) -> None:
        self.socket, self.broker = socket.socketpair()
        self.read_octets: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.taken: queue.SimpleQueue[requests.Request] = queue.SimpleQueue()
        self.threads: set[str] = set()
        self.closed = threading.Event()
        self._answers = answers

    def read(self) -> None:
        self.threads.add(threading.current_thread().name)
        self.read_octets.put(self.socket.recv(1))

    def take(self, request: requests.Request) -> None:
        self.threads.add(threading.current_thread().name)
        self._answers.reply(lines.ok(request.id))
        self.taken.put(request)

    def close(self) -> None:
        self.closed.set()


class Rig:
    def __init__(self) -> None:
        self.said = Said().expect(*range(1, 9))
        self.hang: threading.Event | None = None
        self.sessions: list[FakeSession] = []
        self.connected: queue.SimpleQueue[FakeSession] = queue.SimpleQueue()
        self.rim = ReadingRim(Identity("fake", "1", "CPython", ()), self.said.answers, self._connect)

    def _connect(self, request: requests.Connect, answers: Answers) -> Any:
        if self.hang is not None:
            self.hang.wait(SECONDS)
        if request.url == "bad":
            answers.reply(lines.refused(request.id, ValueError("bad")))
            return None
        answers.reply(lines.ok(request.id))
        session = FakeSession(answers)
        self.sessions.append(session)
        self.connected.put(session)
        return session


def test_requests_and_reading_are_of_one_thread_and_neither_waits_for_the_other() -> None:
    rig = Rig()
    rig.rim.submit([requests.Connect(1, "amqp://h"), requests.Get(2, "q")])
    rig.rim.submit([requests.Get(3, "q")])
    session = rig.connected.get(timeout=SECONDS)
    assert [session.taken.get(timeout=SECONDS).id for _ in range(2)] == [2, 3]
    session.broker.send(b"ab")
    assert [session.read_octets.get(timeout=SECONDS) for _ in range(2)] == [b"a", b"b"]
    rig.rim.submit([requests.Get(4, "q")])
    assert session.taken.get(timeout=SECONDS).id == 4
    assert session.threads == {"fake"}


def test_a_request_without_a_connection_is_disconnected() -> None:
    rig = Rig()
    rig.rim.submit([requests.Connect(1, "bad"), requests.Get(2, "q")])
    assert rig.rim.close(SECONDS)
    assert [(line["id"], line["kind"]) for line in rig.said.lines] == [(1, "refused"), (2, "disconnected")]


def test_connecting_again_closes_the_connection_before() -> None:
    rig = Rig()
    rig.rim.submit([requests.Connect(1, "amqp://h"), requests.Connect(2, "amqp://h")])
    assert rig.rim.close(SECONDS)
    assert [session.closed.is_set() for session in rig.sessions] == [True, True]


def test_a_library_that_hangs_does_not_hold_up_close_for_longer_than_it_was_given() -> None:
    rig = Rig()
    hanging = threading.Event()
    rig.hang = hanging
    rig.rim.submit([requests.Connect(1, "amqp://h")])
    assert not rig.rim.close(0.05)
    hanging.set()
