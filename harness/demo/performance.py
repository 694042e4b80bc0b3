"""One performance of the article: a consumer that listens, a producer that publishes, and Ctrl-C.

It knows what the two programs say when things go well, and nothing of the libraries in them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from harness.demo.program import Command, Program, Show
from harness.errors import InteropError

BODY = "LA DEE DA, THIS IS OUR SUPER COOL MESSAGE"
LISTENING = "listening on queue"
"""The consumer's word once its queue is bound: from then on a message for it waits there."""
GOODBYE = "stopped"
"""The consumer's word when it was told to end and does."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for each thing; the consumer itself gives up a broker after 20."""

    listening: float = 25.0
    publishing: float = 10.0
    delivery: float = 10.0
    goodbye: float = 10.0


class DemoFailed(InteropError):
    """The article did not work out. The text has what both programs last said on standard error."""


async def perform(consumer: Command, producer: Command, show: Show, patience: Patience) -> None:
    """Run both until the message is printed, then end the consumer as Ctrl-C does. DemoFailed says what
    did not happen. No program is left, however it ends."""
    running: dict[str, Program] = {}
    async with _running("consumer", consumer, show, running) as listener:
        if not await listener.until(LISTENING, "err", patience.listening):
            raise _failed("the consumer does not listen", listener, patience.listening, running)
        async with _running("producer", producer, show, running) as publisher:
            if await publisher.ended(patience.publishing) != 0:
                raise _failed("the producer did not publish", publisher, patience.publishing, running)
        if not await listener.until(BODY, "out", patience.delivery):
            raise _failed("the message did not arrive", listener, patience.delivery, running)
        show("^C")
        listener.interrupt()
        if await listener.ended(patience.goodbye) != 0 or GOODBYE not in listener.tail:
            raise _failed("the consumer did not end as it should", listener, patience.goodbye, running)


@asynccontextmanager
async def _running(
    name: str, command: Command, show: Show, running: dict[str, Program]
) -> AsyncIterator[Program]:
    """The program under its name, which stands before each of its lines; ended at the end of the block."""
    show(f"$ {command}")
    program = await Program.start(command, lambda line: show(f"{name} | {line}".rstrip()))
    running[name] = program
    try:
        yield program
    finally:
        await program.kill()


def _failed(what: str, about: Program, seconds: float, running: dict[str, Program]) -> DemoFailed:
    state = f"not within {seconds:g} s" if about.status is None else f"it ended with status {about.status}"
    tails = (
        f"last words of the {name} ({program.command}):\n{program.tail or '(none)'}"
        for name, program in running.items()
    )
    return DemoFailed(f"{what}: {state}", "\n".join(tails))
