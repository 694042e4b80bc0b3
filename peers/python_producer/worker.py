"""The thread that alone touches the library: requests in order, each answered before the next is taken up.

A library that hangs stops the thread, and with it all later answers, which is what the harness is to see.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, Union

from peers.python_producer.library import Library, Session
from peers.python_producer.lines import published
from peers.python_producer.publication import Publication
from peers.python_producer.requests import Request
from python_consumer import lines, threads
from python_consumer.lines import CONNECTION, NOT_CONNECTED, Loss
from python_consumer.output import Answers
from python_consumer.requests import Bind, Close, Connect, DeclareExchange, DeclareQueue
from python_consumer.values import Json

LOOK_SECONDS = 0.05
"""How often a library that is told nothing may take in what the broker says."""
FLUSH_SECONDS = 0.002
"""How long a reply may wait for others while the library is at work, or hangs."""


class Answered(NamedTuple):
    """A request that the pipe could answer itself; the line waits for its turn."""

    line: Json


Work = Union[Request, Answered]  # noqa: UP007 - evaluated at run time, on CPython 3.9 too


class Worker:
    """:meth:`submit` and :meth:`finish` are called by the pipe's thread, all others by the worker's."""

    def __init__(self, library: Library, answers: Answers) -> None:
        self._library, self._answers = library, answers
        self._inbox: deque[Work] = deque()
        self._more = threading.Event()
        self._over = False
        self._session: Session | None = None
        self._loss: Loss | None = NOT_CONNECTED
        self._unflushed = threading.Event()
        self._thread = threads.start(library.name, self._serve)
        threads.start("flusher", self._flush_late)

    def submit(self, batch: Sequence[Work]) -> None:
        """Take requests in order. Never blocks."""
        self._inbox.extend(batch)
        self._more.set()

    def finish(self, seconds: float) -> bool:
        """Close the connection when all is done; False if the library did not manage in that time.

        It begins to count when all other requests are answered; a library that hangs is not waited for.
        """
        self._over = True
        self._more.set()
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _serve(self) -> None:
        while not (self._over and not self._inbox):
            if self._inbox:
                self._take(self._inbox.popleft())
                self._unflushed.set()
                continue
            self._answers.flush()
            self._look()
            self._more.wait(LOOK_SECONDS)
            self._more.clear()
        self._leave()
        self._answers.flush()

    def _flush_late(self) -> None:
        pause = threading.Event()  # never set: a wait that costs no spinning
        while self._unflushed.wait():
            self._unflushed.clear()
            pause.wait(FLUSH_SECONDS)
            self._answers.flush()

    def _look(self) -> None:
        if self._session is None or self._loss is not None:
            return
        try:
            self._session.look()
        except self._library.raises as error:
            loss = self._library.loss_of(error)
            if loss is None:
                threads.note(f"while there was nothing to do: {lines.said(error)}")
            else:
                self._lost(loss)
        self._answers.flush()

    def _take(self, work: Work) -> None:
        if isinstance(work, Answered):
            self._answers.reply(work.line)
        elif isinstance(work, Connect):
            self._connect(work)
        elif isinstance(work, Close):
            self._leave()
            self._answers.reply(lines.ok(work.id))
        elif self._session is None or self._loss is not None:
            self._answers.reply(lines.disconnected(work.id, self._loss or NOT_CONNECTED))
        else:
            self._do(work, self._session)

    def _connect(self, request: Connect) -> None:
        self._leave()
        try:
            self._session = self._library.connect(request.url)
        except self._library.raises as error:
            loss = self._library.loss_of(error)
            if loss is None:
                line = lines.refused(request.id, error)
            else:
                line = lines.disconnected(request.id, loss._replace(scope=CONNECTION))
            self._answers.reply(line)
        else:
            self._loss = None
            self._answers.reply(lines.ok(request.id))

    def _do(self, request: Request, session: Session) -> None:
        try:
            line = _done(request, session)
        except self._library.raises as error:
            loss = self._library.loss_of(error)
            if loss is None:
                line = lines.refused(request.id, error)
            else:
                self._lost(loss)
                line = lines.disconnected(request.id, loss)
        self._answers.reply(line)

    def _lost(self, loss: Loss) -> None:
        self._loss = loss
        self._answers.event(lines.closed(loss))

    def _leave(self) -> None:
        session, self._session = self._session, None
        self._loss = NOT_CONNECTED
        if session is None:
            return
        try:
            session.close()
        except self._library.raises as error:
            threads.note(f"close: {lines.said(error)}")


def _done(request: Request, session: Session) -> Json:
    if isinstance(request, Publication):
        return published(request.id, session.publish(request))
    if isinstance(request, DeclareExchange):
        session.declare_exchange(request)
    elif isinstance(request, DeclareQueue):
        session.declare_queue(request)
    elif isinstance(request, Bind):
        session.bind(request)
    else:
        raise TypeError(f"{type(request).__name__} is no request to a session")
    return lines.ok(request.id)
