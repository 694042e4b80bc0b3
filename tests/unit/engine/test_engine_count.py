"""Keeping count in the first pass needs no process: what is owed is settled or left over, each once."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import pytest

from harness.amqp.message import Inline, Message, Routed
from harness.cases import parse_case
from harness.engine.first_pass.count import Count
from harness.engine.first_pass.publication import Copy, Lane, Publication
from harness.engine.plan import Cell, Route
from harness.engine.station import Station
from harness.judge.verdict import Evidence, Stop
from harness.peers.build import Launch
from harness.peers.manifest import Entry, PeerSpec, Wire
from harness.peers.protocol import Described, Failed, Ok, Role

MESSAGE = Message({}, Inline("b"))


def station(label: str, role: Role) -> Station:
    """One that is never started, and whose wire nobody watches."""
    entry = Entry(label, "", ("1",), (role,), ("x",), Wire(label, "1"))
    spec = PeerSpec(label, label, "1", "none", "none", Path("/nowhere"), entry)
    return Station(spec, role, Launch(("x",), Path("/")), "amqp://nowhere", None)


class Books:
    """Three messages that one producer has published to one consumer, and what became of them."""

    def __init__(self) -> None:
        self.producer = station("p", "producer")
        self.lane = Lane(station("c", "consumer"), "q", {self.producer: deque()})
        self.settled: dict[str, Evidence] = {}
        self.left: list[str] = []
        self.rooms = 0
        self.ends: list[Lane] = []
        self.count = Count([self.lane], self._settle, self._leave, self._room, self.ends.append)
        self.publications = [self._publication(name) for name in ("a/one", "a/two", "a/three")]
        for publication in self.publications:
            assert self.count.owe(publication) == [self.lane]

    def _publication(self, name: str) -> Publication:
        case = parse_case(Path("case.yaml"), name, "why: One of three messages.\nbody: b\n")
        asked = Routed("x", name, MESSAGE, redelivered=False)
        return Publication(case, self.producer, Route("x", name, None, name), asked, (self.lane,))

    def _settle(self, cell: Cell, evidence: Evidence) -> None:
        assert cell.case.id not in self.settled
        self.settled[cell.case.id] = evidence

    def _leave(self, cell: Cell) -> None:
        self.left.append(cell.case.id)

    def _room(self) -> None:
        self.rooms += 1

    def copy(self, number: int) -> Copy:
        return self.lane.by_key[self.publications[number].key]

    def reported(self, number: int) -> None:
        copy = self.copy(number)
        self.count.missing(self.lane, self.producer, copy)
        self.count.release(self.lane, self.producer)
        copy.reported = copy.publication.asked
        self.lane.held[self.producer] = copy

    def answered(self, number: int, reply: Ok | Failed | None) -> bool:
        return self.count.answered(self.publications[number], [self.lane], reply)


@pytest.fixture
def books() -> Books:
    return Books()


def test_a_report_out_of_order_leaves_over_what_should_have_come_before(books: Books) -> None:
    books.reported(1)
    assert books.left == ["a/one"]
    assert ("x", "a/one") in books.lane.left


def test_a_report_is_held_until_the_next_one(books: Books) -> None:
    for number in (0, 1):
        books.answered(number, Ok(1))
        books.reported(number)
    assert (list(books.settled), books.left, books.rooms) == (["a/one"], [], 1)


def test_an_odd_copy_is_left_over(books: Books) -> None:
    books.answered(0, Ok(1))
    books.reported(0)
    books.copy(0).odd = True
    books.count.release_all(books.lane)
    assert (books.settled, books.left) == ({}, ["a/one"])


def test_what_is_unsupported_is_settled_and_owed_no_more(books: Books) -> None:
    books.producer.described = Described(1, "p", "1", "none", "none", ("producer",), (), ("type:void",))
    assert books.answered(0, Failed(1, "unsupported", "no", "type:void"))
    failure = books.settled["a/one"].failure
    assert failure is not None
    assert failure.stop is Stop.UNSUPPORTED
    assert [copy.publication.case.id for copy in books.lane.owed[books.producer]] == ["a/two", "a/three"]


def test_what_is_unsupported_and_was_not_declared_is_left_over(books: Books) -> None:
    assert books.answered(0, Failed(1, "unsupported", "no", "type:void"))
    assert (books.settled, books.left) == ({}, ["a/one"])


def test_what_a_lost_producer_never_sent_is_to_be_published_again(books: Books) -> None:
    assert not books.answered(0, None)
    assert (books.settled, books.left, books.rooms) == ({}, [], 1)
    assert books.count.owe(books.publications[0]) == [books.lane]


def test_the_end_of_a_producer_leaves_over_all_that_is_owed_of_it(books: Books) -> None:
    books.count.published.add(books.producer)
    books.count.end_silent(books.lane)
    assert books.left == ["a/one", "a/two", "a/three"]
    assert (books.ends, books.lane.ends) == ([books.lane], {books.producer})
    assert not books.count.on_way


def test_a_lane_that_was_given_up_owes_nothing_that_is_published_later(books: Books) -> None:
    books.count.give_up(books.lane)
    books.left.clear()
    assert books.count.owe(books.publications[0]) == []
    assert books.left == ["a/one"]
