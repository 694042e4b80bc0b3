"""A station: one peer in one role, its process, and the tap between it and the broker.

It keeps the process running and connected, and hands what it says and what passes on its wire to whichever
pass is using it. It judges nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from harness.errors import InteropError
from harness.peers.build import Launch
from harness.peers.manifest import PeerSpec
from harness.peers.process import PeerBroken, PeerGone, PeerProcess
from harness.peers.protocol import Connect, Describe, Described, Event, Failed, Reply, Request, Role
from harness.tap.events import Direction, Hello
from harness.tap.events import Event as WireEvent
from harness.tap.lane import Traffic
from harness.tap.record import Recorder
from harness.tap.tap import Tap
from harness.tap.terms import Door

START_DEADLINE = 20.0
"""Seconds for a process to start and describe itself."""
CONNECT_DEADLINE = 10.0
"""Seconds for a connection to be opened."""
IN_VAIN = 3
"""Attempts in a row after which a peer is one that can't connect to this broker, and is not asked again: what
it said the last time goes for every cell of it."""
CLOSE_DEADLINE = 2.0
"""Seconds for a process to close by itself before it is ended."""

TapMaker: TypeAlias = Callable[[PeerSpec, Role, str, int, Callable[[WireEvent], None]], Tap]


class Listener(Protocol):
    """What a pass gives a station to be told by."""

    def said(self, station: Station, event: Event) -> None:
        """The peer wrote an event."""

    def saw(self, station: Station, event: WireEvent) -> None:
        """Something passed on the peer's wire."""

    def ended(self, station: Station, why: InteropError) -> None:
        """The peer's process is gone, or broke the contract and was ended."""


class StationError(InteropError):
    """A peer that can't do its part for a reason of its own: the text says which; an error, not a result."""


class NotConnected(InteropError):
    """The peer's library did not connect: ``reply`` is what it said, None if it said nothing in time.

    ``seen`` says for that how far it came.
    """

    def __init__(self, label: str, reply: Failed | None, seen: str = "") -> None:
        self.reply = reply
        super().__init__(f"{label} did not connect: {reply.message if reply else 'no reply in time' + seen}")


def how_far(connection: int | None, traffic: Iterable[Traffic]) -> str:
    """What passed of the ``connection`` with that number, or None."""
    if connection is None:
        return ", and no connection"
    octets = {one.direction: one.octets for one in traffic if one.connection == connection}
    if not octets:
        return ", nor the broker"
    return f", {octets[Direction.TO_BROKER]} octets sent, {octets[Direction.TO_PEER]} received"


class Station:
    """One peer in one role. Use it under its ``lock``; set ``listener`` while a pass runs."""

    def __init__(
        self, spec: PeerSpec, role: Role, launch: Launch, url: str, make_tap: TapMaker | None
    ) -> None:
        self.spec, self.role = spec, role
        self.lock = asyncio.Lock()
        self.listener: Listener | None = None
        self.described: Described | None = None
        self.stated: str | None = None
        self.starts = 0
        self.breaches: list[str] = []
        """Breaches of the protocol while nobody listened, between two cells."""
        self._launch, self._url, self._make_tap = launch, url, make_tap
        self._tap: Tap | None = None
        self._process: PeerProcess | None = None
        self._doomed: list[PeerProcess] = []
        self._connection = 0
        self._mismatch: str | None = None
        self._unfit: StationError | None = None
        self._in_vain: list[NotConnected | PeerGone] = []
        """How connecting failed, since it last did not; through doors of a scenario's own aside."""

    @property
    def label(self) -> str:
        """The peer's, as in a cell."""
        return self.spec.label

    @property
    def tapped(self) -> bool:
        """Whether its wire is watched."""
        return self._make_tap is not None

    @property
    def fit(self) -> bool:
        """Whether it is, so far as is known, what it should be."""
        return self._unfit is None

    @property
    def barred(self) -> NotConnected | PeerGone | None:
        """Why it can't connect to this broker, if it can't: see :data:`IN_VAIN`."""
        return self._in_vain[-1] if len(self._in_vain) >= IN_VAIN else None

    def forgive(self) -> None:
        """Attempts in vain were the broker's fault: it had ended."""
        self._in_vain.clear()

    @property
    def running(self) -> bool:
        """Whether there is a process that has not ended."""
        return self._process is not None and self._process.ended is None

    @property
    def stderr(self) -> str:
        """The last words of the process on standard error."""
        return self._process.stderr if self._process else ""

    def another(self) -> Station:
        """A second station of the same peer, not started; the caller closes it."""
        return Station(self.spec, self.role, self._launch, self._url, self._make_tap)

    async def start(self) -> Described:
        """Start tap and process; the peer describes itself. StationError if it is not who it should be."""
        if self._unfit is not None:
            raise self._unfit
        if self._make_tap is not None and self._tap is None:
            parts = urlsplit(self._url)
            self._tap = self._make_tap(
                self.spec, self.role, parts.hostname or "", parts.port or 5672, self._on_wire
            )
            await self._tap.start()
        self.starts += 1
        self._process = await PeerProcess.start(self.label, self._launch, self._on_event, self._on_end)
        reply = await self.ask(Describe(self._process.next_id()), START_DEADLINE)
        if not isinstance(reply, Described):
            raise StationError(
                f"{self.label} did not describe itself: {reply or self.stderr or 'no reply in time'}"
            )
        asked = (self.spec.name, self._launch.release)
        if (reply.library, reply.version) != asked or self.role not in reply.roles:
            problem = (
                f"asked for {' '.join(asked)} as {self.role}, "
                f"but it says that it is {reply.library} {reply.version} as {', '.join(reply.roles)}"
            )
            raise self._remember(StationError(problem))
        self.described = reply
        return reply

    async def start_quietly(self) -> None:
        """Start; what is the matter, if anything, is told to whoever needs the peer first."""
        try:
            await self.start()
        except (StationError, PeerGone, PeerBroken) as error:
            self._unfit = error if isinstance(error, StationError) else StationError(error.problem)

    def _remember(self, error: StationError) -> StationError:
        """A peer that is not what it should be will not be when it is started again."""
        self._unfit = error
        return error

    async def connect(
        self,
        door: Door | None = None,
        spelled: Callable[[str], str] = lambda url: url,
        seconds: float = CONNECT_DEADLINE,
    ) -> None:
        """A fresh connection, in a process that is started if there is none. NotConnected, StationError.

        ``door``: through which it goes in. ``spelled``: the URL for the peer, made from that of its tap.
        ``seconds``: how long it may take.
        """
        if self._unfit is not None:
            raise self._unfit  # whether its process still runs or not
        if door is None and self.barred is not None:
            raise self.barred
        try:
            await self._connect(door, spelled, seconds)
        except (NotConnected, PeerGone) as error:
            if door is None:
                self._in_vain.append(error)
            raise
        self._in_vain.clear()
        if self._mismatch is not None:
            raise self._remember(StationError(self._mismatch))

    async def _connect(self, door: Door | None, spelled: Callable[[str], str], seconds: float) -> None:
        if not self.running:
            await self.start()
        self._connection += 1
        if self._tap is not None:
            self._tap.door = door
        before = self._tap.made if self._tap is not None else 0
        reply = await self.ask(Connect(self.next_id(), spelled(self._address())), seconds)
        if reply is None or isinstance(reply, Failed):
            raise NotConnected(self.label, reply, self._seen_since(before))

    def _seen_since(self, before: int) -> str:
        if self._tap is None:
            return ""
        return how_far(self._tap.made if self._tap.made > before else None, self._tap.traffic())

    def _address(self) -> str:
        if self._tap is None:
            return self._url
        parts = urlsplit(self._url)
        credentials = parts.netloc.rpartition("@")[0]
        return urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{self._tap.port}"))

    def record(self, recorder: Recorder) -> None:
        """Keep the octets of the connections that are opened from now on, if the wire is watched."""
        if self._tap is not None:
            self._tap.recorder = recorder

    def next_id(self) -> int:
        """The id for the next request."""
        assert self._process is not None
        return self._process.next_id()

    def send(self, request: Request) -> asyncio.Future[Reply]:
        """Hand over a request; see PeerProcess.send."""
        assert self._process is not None
        return self._process.send(request)

    async def ask(self, request: Request, deadline: float) -> Reply | None:
        """The reply, or None after ``deadline`` seconds. PeerGone or PeerBroken if the process ended."""
        future = self.send(request)
        done, _ = await asyncio.wait([future], timeout=deadline)
        return future.result() if done else None

    def rest(self) -> None:
        """It has nothing to do until it is asked again, or woken: see :meth:`PeerProcess.rest`."""
        if self._process is not None:
            self._process.rest()

    def wake(self) -> None:
        """It has something to do."""
        if self._process is not None:
            self._process.wake()

    def cut(self) -> None:
        """End the process and let the broker believe that it lives: see :meth:`uncut`. It must be tapped."""
        assert self._tap is not None
        self._tap.swallow(Direction.TO_BROKER)
        self._tap.swallow(Direction.TO_PEER)
        self.kill()

    def uncut(self) -> None:
        """Close all connections, those that nobody is behind any more too."""
        self.kill()
        if self._tap is not None:
            self._tap.reset()

    def kill(self) -> None:
        """End the process at once, for it does not do its part any more, and hear no more of it."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            self._doomed.append(process)

    async def close(self) -> None:
        """End the process, in order if it can, and the tap."""
        if self._process is not None:
            await self._process.close(CLOSE_DEADLINE)
        for process in self._doomed:
            await process.close(0)
        if self._tap is not None:
            await self._tap.stop()
            self._tap = None

    # --- what is heard ------------------------------------------------------------------------------

    def _on_event(self, process: PeerProcess, event: Event) -> None:
        if self.listener is not None and process is self._process:
            self.listener.said(self, event)

    def _on_end(self, process: PeerProcess, why: InteropError) -> None:
        if self.listener is not None and process is self._process:
            self.listener.ended(self, why)
        elif isinstance(why, PeerBroken):
            self.breaches.append(why.problem)

    def _on_wire(self, event: WireEvent) -> None:
        if isinstance(event, Hello):
            self._identify(event)
        elif self.listener is not None:
            self.listener.saw(self, event)

    def _identify(self, hello: Hello) -> None:
        """Hold what the library says of itself against what was asked for."""
        self.stated = f"{hello.product} {hello.version}"
        wanted = self._launch.stated
        if wanted is not None and (hello.product, hello.version) != (wanted.product, wanted.version):
            self._mismatch = (
                f"{self.label} states on the wire that it is {hello.product!r} {hello.version!r}, "
                f"not {wanted.product!r} {wanted.version!r}: another release than the one asked for ran"
            )
