"""Keeping count: what is owed, what is held back, what is settled, and what is left over to run alone.

Pure: it is told what was published, answered and reported, and never waits for anything. A channel keeps its
order, so what is reported after a message tells that all before it which were not reported are missing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TypeAlias

from harness.engine.blame import publish_failed
from harness.engine.first_pass.publication import Copy, Key, Lane, Publication, evidence
from harness.engine.plan import Cell
from harness.engine.station import Station
from harness.judge.verdict import Evidence, Stop
from harness.peers.protocol import Failed, Reply

Settle: TypeAlias = Callable[[Cell, Evidence], None]
LeaveOver: TypeAlias = Callable[[Cell], None]


class Count:
    """``settle`` gets what is sound, ``leave_over`` what has to run alone, each cell one of the two, once.

    ``on_room`` is called when a publish is through to all of its consumers, ``on_end`` when a consumer has
    come to the end of a producer, or will come to none any more.
    """

    def __init__(
        self,
        lanes: Collection[Lane],
        settle: Settle,
        leave_over: LeaveOver,
        on_room: Callable[[], None],
        on_end: Callable[[Lane], None],
    ) -> None:
        self.lanes = lanes
        self._settle, self._leave_over = settle, leave_over
        self._on_room, self._on_end = on_room, on_end
        self.on_way: dict[Key, Publication] = {}
        self.published: set[Station] = set()
        """The producers whose message after the last was sent."""

    # --- a producer's ----------------------------------------------------------------------------------

    def owe(self, publication: Publication) -> list[Lane]:
        """It is about to be published: the lanes that owe it from now on, none if nobody is left to."""
        for lane in publication.consumers:
            if lane.given_up:
                self._leave_over(lane.cell(publication))
        key = publication.key
        lanes = [lane for lane in publication.consumers if not lane.given_up and key not in lane.left]
        if lanes:
            self.on_way[key] = publication
            publication.begin(len(lanes))
        for lane in lanes:
            copy = lane.by_key[key] = Copy(publication)
            lane.owed[publication.producer].append(copy)
        return lanes

    def answered(self, publication: Publication, lanes: Iterable[Lane], reply: Reply | None) -> bool:
        """What its producer said of it, None if it is gone. False: it was not published, nobody owes it."""
        publication.answered = True
        early, publication.early = publication.early, []
        if early and (reply is None or isinstance(reply, Failed)):
            publication.odd = True  # it was sent, whatever its producer says: why, is found out alone
        for lane, copy in early:
            self._weigh(lane, copy)
        if isinstance(reply, Failed) and reply.kind != "disconnected":
            self._failed(publication, lanes, reply)
        elif reply is not None and not isinstance(reply, Failed):
            publication.taken = True
        elif publication.sent is None and not early:
            self._withdraw(publication, lanes)
            return False
        return True

    def _failed(self, publication: Publication, lanes: Iterable[Lane], reply: Failed) -> None:
        failure = publish_failed(reply, publication.producer.described)
        for lane in self._withdraw(publication, lanes):
            if failure.stop is Stop.UNSUPPORTED:
                self._settle(lane.cell(publication), Evidence(publication.asked, failure=failure))
            else:
                self._leave_over(lane.cell(publication))

    def _withdraw(self, publication: Publication, lanes: Iterable[Lane]) -> list[Lane]:
        """It was not published: nobody owes it. The lanes that still did; the others left it over before."""
        owing = []
        for lane in lanes:
            copy = lane.by_key.get(publication.key)
            if copy is not None and copy.publication is publication:
                if copy in lane.owed[publication.producer]:
                    lane.owed[publication.producer].remove(copy)
                self._close(lane, copy)
                owing.append(lane)
        return owing

    def drop(self, publication: Publication) -> None:
        """It will not be published in this pass."""
        for lane in publication.consumers:
            self._leave_over(lane.cell(publication))

    def leave_unsent(self, producer: Station) -> None:
        """What it said ok to, long ago, and never put on its wire: no consumer will ever report it."""
        for publication in tuple(self.on_way.values()):
            if publication.producer is producer and publication.taken and not publication.due:
                for lane in publication.consumers:
                    for copy in tuple(lane.owed[producer]):
                        if copy.publication is publication:
                            self.lose(lane, copy)

    def broke(self, producer: Station) -> None:
        """It broke the protocol: nothing of it that is on its way counts as sound."""
        for publication in self.on_way.values():
            publication.odd = publication.odd or publication.producer is producer

    def ended_without(self, producer: Station) -> None:
        """There will be no message after its last: what is owed of it is missing."""
        for lane in self.lanes:
            self.missing(lane, producer, None)
            lane.ends.add(producer)
            self._on_end(lane)

    # --- a consumer's ----------------------------------------------------------------------------------

    def end(self, lane: Lane, producer: Station) -> None:
        """``lane`` has the message after the last of ``producer``: what it still owes is missing."""
        self.missing(lane, producer, None)
        self.release(lane, producer)
        lane.ends.add(producer)
        self._on_end(lane)

    def end_silent(self, lane: Lane) -> None:
        """The message after the last will not come, as nothing else does: it was never sent, or is lost."""
        for producer in self.published - lane.ends:
            self.end(lane, producer)

    def give_up(self, lane: Lane) -> None:
        """Nothing more is expected of ``lane`` in this pass."""
        lane.given_up = True
        for producer in lane.owed:
            self.missing(lane, producer, None)
        self.release_all(lane)
        self._on_end(lane)

    def missing(self, lane: Lane, producer: Station, until: Copy | None) -> None:
        """All that ``lane`` owes of ``producer`` before ``until`` (or all) did not come, or not in order."""
        owed = lane.owed[producer]
        if until is not None and until not in owed:
            return
        while owed:
            copy = owed.popleft()
            if copy is until:
                return
            self._leave(lane, copy)

    def lose(self, lane: Lane, copy: Copy) -> None:
        """One that is owed is taken out of the pass."""
        lane.owed[copy.publication.producer].remove(copy)
        self._leave(lane, copy)

    def release(self, lane: Lane, producer: Station) -> None:
        """Settle what was held back to see whether it would come a second time."""
        copy = lane.held.pop(producer, None)
        if copy is not None and copy.publication.answered:
            self._weigh(lane, copy)
        elif copy is not None:
            copy.publication.early.append((lane, copy))

    def release_all(self, lane: Lane) -> None:
        """Settle all that was held back."""
        for producer in list(lane.held):
            self.release(lane, producer)

    # --- one copy --------------------------------------------------------------------------------------

    def _leave(self, lane: Lane, copy: Copy) -> None:
        lane.left.add(copy.publication.key)
        self._close(lane, copy)
        self._leave_over(lane.cell(copy.publication))

    def _weigh(self, lane: Lane, copy: Copy) -> None:
        """Settle what is sound, leave over what is not."""
        publication = copy.publication
        self._close(lane, copy)
        unseen = publication.producer.tapped and (publication.sent is None or copy.delivered is None)
        if publication.odd or copy.odd or unseen:
            self._leave_over(lane.cell(publication))
        else:
            self._settle(lane.cell(publication), evidence(publication, copy))

    def _close(self, lane: Lane, copy: Copy) -> None:
        publication = copy.publication
        lane.by_key.pop(publication.key, None)
        publication.open -= 1
        if publication.open == 0:
            self.on_way.pop(publication.key, None)
            self._on_room()
