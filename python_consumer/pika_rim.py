"""pika, as a peer: a SelectConnection on one I/O loop in one thread, which alone touches the library.

pika's BlockingConnection has such a connection inside, and hands on the objects that it makes: what a
consumer reads is the same with either.

All queues are consumed on one channel, so a reported delivery tag is the one on the wire. Requests behind
a connect wait until it is answered; nothing else waits for anything.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

import pika.exceptions
from pika.adapters.select_connection import IOLoop

from python_consumer import lines, requests, threads
from python_consumer.output import Answers
from python_consumer.pika_session import Session
from python_consumer.raising import LIBRARY_RAISES
from python_consumer.rim import identity


class PikaRim:
    """The rim; its public methods are called by the loop's thread, all others by the I/O thread."""

    def __init__(self, answers: Answers) -> None:
        self.identity = identity("pika")
        self._answers = answers
        self._io = IOLoop()
        self._inbox: deque[requests.Request] = deque()
        self._session: Session | None = None
        self._connecting = False
        self._closed = threading.Event()
        self._thread = threads.start("pika", self._io.start)

    def submit(self, batch: Sequence[requests.Request]) -> None:
        """Take requests in order."""
        self._inbox.extend(batch)
        self._io.add_callback_threadsafe(self._drain)

    def close(self, seconds: float) -> bool:
        """Close the connection if there is one; False if pika did not manage in that time."""
        self._io.add_callback_threadsafe(lambda: self._leave(self._closed.set))
        return self._closed.wait(seconds)

    def _drain(self) -> None:
        while self._inbox and not self._connecting:
            request = self._inbox.popleft()
            if isinstance(request, requests.Connect):
                self._connecting = True
                self._leave(partial(self._connect, request))
            elif self._session is None:
                self._answers.reply(lines.disconnected(request.id, lines.NOT_CONNECTED))
            else:
                self._session.take(request)
        self._answers.flush()

    def _leave(self, then: Callable[[], None]) -> None:
        """Close what is open, and then ``then``."""
        session, self._session = self._session, None
        if session is None:
            then()
        else:
            session.close(then)

    def _connect(self, request: requests.Connect) -> None:
        try:
            self._session = Session(request, self._io, self._answers, self._connected)
        except (*LIBRARY_RAISES, pika.exceptions.AMQPError) as error:
            self._answers.reply(lines.refused(request.id, error))
            self._connected()

    def _connected(self) -> None:
        """Connect was answered, whichever way."""
        self._connecting = False
        self._drain()
