"""The article's program by hand: listen until Ctrl-C or SIGTERM, and say so."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType

from python_consumer import urls
from python_consumer.stopping import Stopping

ENVIRONMENT = 3
ANSWER_SECONDS = 20


def run(library: str, url: str, queue: str, exchange: str) -> int:
    """Exit status: 0 when it was stopped, 3 when the broker is not there or says no."""
    # Imported here: each library lives in an environment of its own, without the other.
    if library == "pika":
        from python_consumer import article_pika as program
    else:
        from python_consumer import article_rabbitpy as program  # type: ignore[no-redef]
    place = urls.shown(url)
    lost: list[str] = [f"no connection within {ANSWER_SECONDS} s"]
    _arm(lost)
    stopping = Stopping()
    stopping.arm()

    def listening() -> None:
        signal.alarm(0)
        _say(f"listening on queue {queue!r}, bound to exchange {exchange!r}, at {place}; Ctrl-C ends it")

    try:
        program.consume(url, queue, exchange, listening, stopping.handling, _show)
    except KeyboardInterrupt:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        _say("stopped: no longer listening")
        return 0
    except program.RAISES as error:
        said = _advised(program.explain(error))
        _say(f"cannot consume queue {queue!r}, bound to exchange {exchange!r}, at {place}: {said}")
        return ENVIRONMENT
    _say(f"the connection to {place} ended")
    return ENVIRONMENT


def _arm(lost: list[str]) -> None:
    """Have an alarm end the program with the last of ``lost``.

    The alarm rings when no connection came about in time, and when a thread of the library died. rabbitpy
    works the socket in such a thread, and 2.0.1 lets it die where the broker refuses the credentials.
    """

    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise ConnectionError(lost[-1])

    def thread_died(died: threading.ExceptHookArgs) -> None:
        lost.append(
            f"a thread of the library died of {died.exc_type.__name__}: {died.exc_value}; "
            "are the credentials right?"
        )
        signal.raise_signal(signal.SIGALRM)

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(ANSWER_SECONDS)
    threading.excepthook = thread_died


def _advised(said: str) -> str:
    return f"{said}; declare the exchange first, as fanout" if "no exchange" in said else said


def _show(text: str) -> None:
    print(text, flush=True)


def _say(text: str) -> None:
    print(f"python_consumer: {text}", file=sys.stderr, flush=True)
