"""A rim for libraries that read from their socket when they are told to, and block while they do.

One thread alone touches the library: it takes the requests, and when there are none it waits until the
broker or the harness has something. It reads as long as there is something to be read and only then writes
what it has to say.
"""

from __future__ import annotations

import select
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Optional, Protocol, Union

from python_consumer import lines, requests, threads
from python_consumer.lines import Identity
from python_consumer.output import Answers


class Session(Protocol):
    """One connection of such a library. It answers all requests but connect."""

    @property
    def socket(self) -> Any:
        """The socket to wait for; None once the connection is gone."""

    def read(self) -> None:
        """Read what has come, at least a frame. Called when there is something to be read."""

    def take(self, request: requests.Request) -> None:
        """Do one request and answer it."""

    def close(self) -> None:
        """Close the connection, if it is open. Never raises what the library raises."""


Open = Callable[[requests.Connect, Answers], Optional[Session]]  # noqa: UP045 - evaluated on CPython 3.9 too
"""Connect, and answer the request; None if that failed."""
Work = Union[requests.Request, threading.Event]  # noqa: UP007


class ReadingRim:
    """The rim; its public methods are called by the loop's thread, all others by its own."""

    def __init__(self, identity: Identity, answers: Answers, connect: Open) -> None:
        self.identity = identity
        self._answers, self._connect = answers, connect
        self._inbox: deque[Work] = deque()
        self._session: Session | None = None
        self._bell, self._ring = socket.socketpair()
        self._bell.setblocking(False)
        threads.start(identity.library, self._serve)

    def submit(self, batch: Sequence[requests.Request]) -> None:
        """Take requests in order."""
        self._inbox.extend(batch)
        self._ring.send(b"\0")

    def close(self, seconds: float) -> bool:
        """Close the connection if there is one; False if the library did not manage in that time."""
        closed = threading.Event()
        self._inbox.append(closed)
        self._ring.send(b"\0")
        return closed.wait(seconds)

    def _serve(self) -> None:
        while True:
            ready = self._ready(0)
            if not ready:
                self._answers.flush()
                ready = self._ready(None)
            if self._bell in ready:
                self._bell.recv(1 << 16)
                self._work()
            elif self._session is not None:
                self._session.read()

    def _ready(self, seconds: float | None) -> list[Any]:
        sockets: list[Any] = [self._bell]
        if self._session is not None and self._session.socket is not None:
            sockets.append(self._session.socket)
        return select.select(sockets, (), (), seconds)[0]

    def _work(self) -> None:
        while self._inbox:
            work = self._inbox.popleft()
            if isinstance(work, threading.Event):
                self._leave()
                work.set()
            elif isinstance(work, requests.Connect):
                self._leave()
                self._session = self._connect(work, self._answers)
            elif self._session is None:
                self._answers.reply(lines.disconnected(work.id, lines.NOT_CONNECTED))
            else:
                self._session.take(work)

    def _leave(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()
