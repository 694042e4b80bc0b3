"""A program that runs beside this one, and what it says, line by line, as it says it.

It does not know what the program is for. The broker's URL goes to it by its environment, for a password in a
command line is there for every user of the machine to see.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Self

from harness.broker import redact
from harness.broker.cache import bytecode
from harness.peers.manifest import ROOT

URL_VARIABLE = "AMQP_URL"
"""Where the article's programs look for the broker when no argument says it."""
TAIL_LINES = 10
"""How many of a program's last lines a failure shows."""

Stream = Literal["out", "err"]
Show = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Command:
    """``words`` to be run in the suite's folder, told of the broker at ``url``; None tells it nothing."""

    words: tuple[str, ...]
    url: str | None = field(default=None, repr=False)

    def environment(self) -> dict[str, str]:
        """This process's own, where bytecode goes, and the URL."""
        own = {name: value for name, value in os.environ.items() if name != URL_VARIABLE} | bytecode()
        return own if self.url is None else {**own, URL_VARIABLE: self.url}

    def __str__(self) -> str:
        """As a person would type it; without any password."""
        told = "" if self.url is None else f"{URL_VARIABLE}={self.url} "
        return redact(f"{told}{shlex.join(self.words)}")


class Program(asyncio.SubprocessProtocol):
    """One program, running. ``show`` gets each line that it writes, without the passwords in it; ``lines``
    has them as they were written."""

    def __init__(self, command: Command, show: Show) -> None:
        self.command = command
        self.lines: dict[Stream, list[str]] = {"out": [], "err": []}
        self._show = show
        self._partial: dict[Stream, bytes] = {"out": b"", "err": b""}
        self._news = asyncio.Event()
        self._transport: asyncio.SubprocessTransport | None = None
        self._status: int | None = None

    @classmethod
    async def start(cls, command: Command, show: Show) -> Self:
        """In a process group of its own: a Ctrl-C at the terminal is for this process to pass on."""
        transport, program = await asyncio.get_running_loop().subprocess_exec(
            lambda: cls(command, show),
            *command.words,
            cwd=ROOT,
            env=command.environment(),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        program._transport = transport
        return program

    @property
    def status(self) -> int | None:
        """The exit status once it ended and its last word was read; negative for a signal; None before."""
        return self._status

    @property
    def out(self) -> str:
        """All that it wrote on standard output."""
        return "\n".join(self.lines["out"])

    @property
    def err(self) -> str:
        """All that it wrote on standard error."""
        return "\n".join(self.lines["err"])

    @property
    def tail(self) -> str:
        """Its last lines on standard error, without the passwords in them."""
        return redact("\n".join(self.lines["err"][-TAIL_LINES:]))

    async def until(self, words: str, stream: Stream, seconds: float, *, times: int = 1) -> bool:
        """Wait for ``times`` lines with these words. False if it ended without, or after ``seconds``."""

        def said() -> bool:
            return sum(words in line for line in self.lines[stream]) >= times

        await self._wait(lambda: said() or self._status is not None, seconds)
        return said()

    async def ended(self, seconds: float) -> int | None:
        """Wait for its end: its exit status, or None if it still runs after ``seconds``."""
        await self._wait(lambda: self._status is not None, seconds)
        return self._status

    def interrupt(self) -> None:
        """SIGINT, which is what Ctrl-C sends."""
        self._signal(signal.SIGINT)

    async def kill(self) -> None:
        """End it and whatever it started at once, if it still runs."""
        self._signal(signal.SIGKILL)
        while self._status is None:
            self._news.clear()
            await self._news.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._transport is None or self._status is not None:
            return
        try:
            os.killpg(self._transport.get_pid(), number)
        except ProcessLookupError:
            return  # it ended by itself, and its last words are still on their way

    async def _wait(self, over: Callable[[], bool], seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not over():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return  # whoever waited looks for itself

    # --- from the process ----------------------------------------------------------------------------

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Standard output (1) or standard error (2)."""
        stream = _stream(fd)
        *lines, self._partial[stream] = (self._partial[stream] + data).split(b"\n")
        for line in lines:
            self._line(stream, line)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """After the last byte, which need not be a line's end."""
        if fd in (1, 2) and (rest := self._partial[_stream(fd)]):
            self._partial[_stream(fd)] = b""
            self._line(_stream(fd), rest)

    def process_exited(self) -> None:
        """Its output may still be in the pipes: see :meth:`connection_lost`."""

    def connection_lost(self, exc: Exception | None) -> None:
        """It was waited for, and its pipes are read to their end."""
        assert self._transport is not None
        self._status = self._transport.get_returncode()
        self._transport.close()
        self._news.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Before its first word."""
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport

    def _line(self, stream: Stream, line: bytes) -> None:
        text = line.decode("utf-8", "replace")
        self.lines[stream].append(text)
        self._show(redact(text))
        self._news.set()


def _stream(fd: int) -> Stream:
    return "out" if fd == 1 else "err"
