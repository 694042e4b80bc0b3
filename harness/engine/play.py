"""One scenario played alone: its steps in order, until one comes out otherwise than it must.

What the peers say is held against what passed on their wires: where the two agree the broker decided it,
where they do not the peer's library told its application something else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

import msgspec

from harness.engine.acts import publications, request_of
from harness.engine.alone import ended
from harness.engine.answers import (
    Answered,
    OnWire,
    answer_words,
    by_whom,
    refusal_words,
    said_words,
    told_words,
)
from harness.engine.blame import publish_failed
from harness.engine.connecting import (
    Premises,
    beats_over,
    check_entry,
    check_kept,
    check_tuning,
    spelled,
    watched,
)
from harness.engine.deliveries import Inbox, Otherwise
from harness.engine.patience import PATIENCE, Patience
from harness.engine.stagehand import Stagehand
from harness.engine.station import NotConnected, Station, StationError
from harness.entry import Terms
from harness.errors import InteropError
from harness.judge.difference import Kind
from harness.judge.verdict import Failure, Step, Stop, Verdict, stopped_by
from harness.peers import protocol
from harness.peers.process import PeerBroken, PeerGone
from harness.raw.errors import ChannelClosed, ConnectionClosed, TimedOut
from harness.raw.url import parse_url
from harness.scenarios import Names, Scenario
from harness.steps import (
    Actor,
    Beats,
    Connect,
    Cut,
    DeclareExchange,
    DeclareQueue,
    Gone,
    Holds,
    Kill,
    Publish,
    Receive,
    Told,
)
from harness.steps import Step as Act
from harness.tap.events import ClosedOnWire, Declares, Delivered, HungUp, ReturnedMessage
from harness.tap.events import Event as WireEvent
from harness.tap.terms import Door

STEPS: dict[Actor, Step] = {"producer": Step.PRODUCER, "consumer": Step.CONSUMER}


class _Stopped(Exception):
    """A peer could not do its step: the failure says why."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.text)


class _Unconnected(_Stopped):
    """Its library did not connect: ``reply`` is what it said, None if nothing."""

    def __init__(self, failure: Failure, reply: protocol.Failed | None) -> None:
        self.reply = reply
        super().__init__(failure)


class Play:
    """One scenario between two peers, once.

    It is the consumer's only user, and holds the producer's lock if the producer has a part in it.
    """

    def __init__(
        self,
        scenario: Scenario,
        producer: Station,
        consumer: Station,
        url: str,
        token: str,
        premises: Premises,
        patience: Patience = PATIENCE,
    ) -> None:
        self._scenario, self._url, self._premises, self._patience = scenario, url, premises, patience
        self._stations: dict[Actor, Station] = {"producer": producer, "consumer": consumer}
        self._actors = scenario.actors
        self._names = Names(token, unquote(urlsplit(url).username or ""))
        self._stagehand = Stagehand(url, self._names, patience.step)
        self._inbox = Inbox()
        self._closed: dict[Actor, list[ClosedOnWire]] = {"producer": [], "consumer": []}
        self._told: dict[Actor, list[protocol.Cancelled | protocol.Closed]] = {"producer": [], "consumer": []}
        self._news = asyncio.Event()
        self._gone: dict[Actor, InteropError] = {}
        self._doors: dict[Actor, Door] = {}
        self._passed: dict[Actor, OnWire] = {by: OnWire() for by in STEPS}
        self._at = 0
        self._cut: set[Actor] = set()
        self._connection = 0
        self._dead = 0

    async def run(self) -> Verdict:
        """The verdict. RawError if the broker is gone."""
        await self._stagehand.connection()
        try:
            if "producer" not in self._actors:
                return await self._play()
            async with self._stations["producer"].lock:
                return await self._play()
        finally:
            for by in self._cut:
                self._stations[by].uncut()
            for by in self._actors:
                if by not in self._doors:  # behind a door it may have agreed to a heartbeat of a second
                    self._stations[by].rest()
            await self._stagehand.leave(self._scenario)

    @property
    def reached(self) -> int:
        """The number of the last step that was begun, from 1."""
        return self._at + 1

    async def _play(self) -> Verdict:
        try:
            for by in self._actors:
                if not _enters_by_itself(by, self._scenario):
                    await self._connect(by)
            for number, step in enumerate(self._scenario.steps):
                self._at = number
                await self._act(step)
                for by, door in self._doors.items():
                    check_kept(door, STEPS[by])
            self._inbox.nothing_more()
            self._stagehand.nothing_more()
        except Otherwise as found:
            self._distrust()
            return found.verdict(self._path(found.path))
        except _Stopped as stopped:
            if stopped.failure.stop is not Stop.UNSUPPORTED:
                self._distrust()
            return stopped_by(stopped.failure)
        except (ChannelClosed, ConnectionClosed) as error:
            return stopped_by(await self._refused(error))
        finally:
            for by in self._actors:
                self._stations[by].listener = None
        return Verdict(Kind.SAME, None, None, None, None, (), None)

    def _path(self, path: str) -> str:
        """``steps[3].get.gets``, counted from 1 as a person does."""
        step = self._scenario.steps[self._at]
        return f"steps[{self._at + 1}].{type(step).__struct_config__.tag}{path and '.' + path}"

    def _distrust(self) -> None:
        """What went wrong may go on in the process: the next cell gets another."""
        for by in self._actors:
            self._stations[by].kill()

    # --- steps -----------------------------------------------------------------------------------------

    async def _act(self, step: Act) -> None:
        declares = 0 if isinstance(step, DeclareExchange | DeclareQueue) else None
        self._passed = {by: OnWire(declares=declares) for by in STEPS}
        match step:
            case Connect(by=by) if step.plain:
                await self._connect(by)
            case Connect():
                await self._enter(step)
            case Beats(by=by):
                await self._hear_beats(step, by)
            case Kill(by=by):
                self._stations[by].listener = None
                self._stations[by].kill()
            case Cut(by=by):
                self._cut.add(by)
                self._stations[by].listener = None
                self._stations[by].cut()
                self._dead = self._connection
            case Holds():
                await self._stagehand.holds(step)
            case Gone():
                await self._stagehand.gone(step)
            case Receive(by="broker"):
                await self._stagehand.receive(step)
            case _ if getattr(step, "by", "broker") == "broker":
                await self._by_suite(step)
            case Publish():
                await self._publish(step)
            case Receive():
                await self._wait(lambda: self._inbox.has(len(step.messages)), "consumer")
                self._inbox.take(step, self._names)
            case Told(by=by):
                await self._hear(step, by)
            case _:
                by = "producer" if getattr(step, "by", "") == "producer" else "consumer"
                request = request_of(step, self._stations[by].next_id(), self._names, self._inbox)
                answered = await self._ask(by, request)
                self._compare(by, getattr(step, "gets", "ok"), answered)

    async def _by_suite(self, step: Act) -> None:
        """What a broker refuses that does not know what the scenario is about is its answer all the same."""
        wanted = answer_words(getattr(step, "gets", "ok"))
        try:
            got = await self._stagehand.act(step)
        except TimedOut as error:
            got = str(error)
        except (ChannelClosed, ConnectionClosed) as error:
            failure = await self._refused(error)
            got = refusal_words(failure.code, failure.scope, failure.text)
        if got != wanted:
            raise Otherwise(Kind.ALTERED, Step.BROKER, "gets", wanted, got)

    async def _refused(self, error: ChannelClosed | ConnectionClosed) -> Failure:
        """The broker would not do what the suite's own client asked for: its decision, whoever asks.

        One that only closed the socket answers again. RawError if it does not: then it is lost.
        """
        if isinstance(error, ChannelClosed):
            return Failure(Stop.REJECTED, Step.BROKER, error.text, "channel", error.code)
        if error.code is None:
            await self._stagehand.connection()
            return Failure(Stop.DISCONNECTED, Step.BROKER, error.text, "connection")
        return Failure(Stop.REJECTED, Step.BROKER, error.text, "connection", error.code)

    async def _publish(self, step: Publish) -> None:
        producer = self._stations["producer"]
        if step.routing_key == "{reply-to}":
            if (address := self._inbox.reply_to) is None:
                raise Otherwise(Kind.LOST, STEPS["consumer"], "reply_to", "an address", None)
            step = msgspec.structs.replace(step, routing_key=address)
        replies = [
            self._ask(
                "producer",
                protocol.Publish(producer.next_id(), exchange, key, message, step.mandatory, step.confirm),
            )
            for exchange, key, message in publications(step, self._names)
        ]
        for answered in await asyncio.gather(*replies):
            if said_words(answered) != step.gets == "returned":  # it may be on its way yet
                await self._wait(lambda: self._passed["producer"].returned >= len(replies), "producer")
            self._compare("producer", step.gets, answered)

    async def _hear(self, step: Told, by: Actor) -> None:
        kind = protocol.Cancelled if step.event == "cancelled" else protocol.Closed
        name = f"event:{step.event}"
        described = self._stations[by].described
        if described is not None and name in described.unsupported:
            raise _Stopped(Failure(Stop.UNSUPPORTED, STEPS[by], name))
        await self._wait(lambda: any(isinstance(told, kind) for told in self._told[by]), by)
        heard = next((told for told in self._told[by] if isinstance(told, kind)), None)
        if heard is None:
            raise Otherwise(Kind.LOST, STEPS[by], "event", step.event, None)
        self._told[by].remove(heard)
        if isinstance(heard, protocol.Closed) and step.code not in (None, heard.code):
            raise Otherwise(Kind.ALTERED, STEPS[by], "code", str(step.code), str(heard.code))

    async def _hear_beats(self, step: Beats, by: Actor) -> None:
        door = self._doors[by]
        await self._wait(lambda: beats_over(door, step.count) or bool(self._told[by]), by)
        if not beats_over(door, step.count):
            got = str(door.doormen[-1].beats) if door.doormen else None
            raise Otherwise(Kind.LOST, STEPS[by], "count", str(step.count), got)

    # --- talking ---------------------------------------------------------------------------------------

    async def _enter(self, act: Connect) -> None:
        """Connect by another URL, or to another server; hold what was asked for against what had to be."""
        by, station = act.by, self._stations[act.by]
        url = act.url and act.url.of_run(self._premises.token)
        if url is not None and (why := self._premises.unfit(url, parse_url(self._url).vhost)):
            raise _Stopped(Failure(Stop.UNSUPPORTED, Step.BROKER, why))
        self._doors[by] = door = Door(act.server or Terms(), self._news.set)
        self._closed[by], station.listener = [], self
        answered: Answered | None

        def check() -> None:
            for doorman in door.doormen:
                check_entry(url, self._url, doorman, STEPS[by])

        entering = self._connect(by, door, lambda plain: plain if url is None else spelled(url, plain))
        try:
            await watched(entering, self._news, check)
            answered = protocol.Ok(0)
        except _Unconnected as error:
            check()
            if error.reply is None:
                raise
            answered = error.reply
        check()
        self._passed[by].came = bool(door.doormen)
        self._compare(by, act.gets, answered)
        if isinstance(answered, protocol.Ok):
            for doorman in door.doormen:
                check_tuning(doorman, STEPS[by])

    async def _connect(
        self, by: Actor, door: Door | None = None, spelled: Callable[[str], str] = lambda url: url
    ) -> None:
        station, step = self._stations[by], STEPS[by]
        try:
            await station.connect(door, spelled, self._patience.connect)
        except NotConnected as error:
            raise _Unconnected(
                Failure(Stop.DISCONNECTED, step, str(error), "connection"), error.reply
            ) from error
        except StationError as error:
            raise _Stopped(Failure(Stop.BUG, step, str(error), "process")) from error
        except (PeerGone, PeerBroken) as error:
            raise _Stopped(ended(step, error)) from error
        station.listener = self
        self._gone.pop(by, None)
        self._closed[by], self._told[by] = [], []
        if by == "consumer":
            self._inbox.reconnected()

    async def _ask(self, by: Actor, request: protocol.Request) -> Answered:
        try:
            reply = await self._stations[by].ask(request, self._patience.answer)
        except (PeerGone, PeerBroken) as error:
            raise _Stopped(ended(STEPS[by], error)) from error
        if reply is None:
            raise _Stopped(Failure(Stop.HUNG, STEPS[by], f"no reply to {type(request).__name__}", "process"))
        if isinstance(reply, protocol.Failed) and reply.kind in ("unsupported", "bug"):
            failure = publish_failed(reply, self._stations[by].described)
            raise _Stopped(msgspec.structs.replace(failure, step=STEPS[by]))
        return reply

    def _compare(self, by: Actor, wanted: object, answered: Answered) -> None:
        expected, got = answer_words(wanted), said_words(answered)
        seen = self._closed[by][-1] if self._closed[by] else None
        if expected != got:
            wire = self._passed[by] if self._stations[by].tapped else None
            whose = by_whom(STEPS[by], wanted, answered, seen, wire)
            raise Otherwise(Kind.ALTERED, whose, "gets", expected, told_words(answered))

    async def _wait(self, over: Callable[[], bool], by: Actor) -> None:
        """Until ``over`` or the step's time is up; what is then missing is for the caller to say."""
        try:
            async with asyncio.timeout(self._patience.at(self.reached)):
                while not over():
                    if (why := self._gone.get(by)) is not None:
                        raise _Stopped(ended(STEPS[by], why))
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return

    # --- what is heard and seen ------------------------------------------------------------------------

    def said(self, station: Station, event: protocol.Event) -> None:
        """The peer wrote an event."""
        match event:
            case protocol.Delivery() | protocol.Undecodable():
                self._inbox.reported.append(event)
            case protocol.Cancelled() | protocol.Closed():
                self._told[self._actor(station)].append(event)
        self._news.set()

    def saw(self, station: Station, event: WireEvent) -> None:
        """Something passed on a wire."""
        if station is self._stations["consumer"]:
            self._connection = event.connection
            if event.connection <= self._dead:
                return  # to a process that is no more
        match event:
            case Delivered() if station is self._stations["consumer"]:
                self._inbox.on_wire.append(event)
            case ClosedOnWire(code=code, by="broker") if code != 200:
                self._closed[self._actor(station)].append(event)
            case Declares() if (passed := self._passed[self._actor(station)]).declares is not None:
                passed.declares += 1
            case HungUp():
                self._passed[self._actor(station)].end(event)
            case ReturnedMessage():
                self._passed[self._actor(station)].returned += 1
                self._news.set()

    def ended(self, station: Station, why: InteropError) -> None:
        """A process is gone."""
        self._gone[self._actor(station)] = why
        self._news.set()

    def _actor(self, station: Station) -> Actor:
        return "producer" if station is self._stations["producer"] else "consumer"


def _enters_by_itself(by: Actor, scenario: Scenario) -> bool:
    """Whether the first that it does is to connect."""
    first = next((step for step in scenario.steps if getattr(step, "by", None) == by), None)
    return isinstance(first, Connect)
