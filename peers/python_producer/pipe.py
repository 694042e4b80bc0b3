"""The pipe: requests in, each checked against the contract, and handed to the worker in order.

Replies leave in the order of the requests, so what is answered here waits in the worker's line as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from peers.python_producer.library import Library
from peers.python_producer.lines import described
from peers.python_producer.requests import parse
from peers.python_producer.worker import Answered, Work, Worker
from python_consumer import lines
from python_consumer.arguments import Unsupported
from python_consumer.loop import BrokenInput
from python_consumer.output import Answers
from python_consumer.requests import Close, Describe
from python_consumer.schema import Invalid

CLOSE_SECONDS = 2.0
"""What a library gets to finish and to close its connection; then the process ends without it."""


class Pipe:
    """``read`` gives the next bytes of standard input, b"" at its end; ``load`` and ``check`` read a line.

    ``load`` raises ValueError for what is no JSON, ``check`` Invalid for what the contract does not allow.
    """

    def __init__(
        self,
        read: Callable[[], bytes],
        load: Callable[[bytes], Any],
        check: Callable[[Any], None],
        library: Library,
        answers: Answers,
    ) -> None:
        self._read, self._load, self._check = read, load, check
        self._library, self._answers = library, answers
        self._worker = Worker(library, answers)
        self._rest: list[bytes] = []

    def run(self) -> None:
        """Until close or the end of the input, either of which closes the library's connection.

        BrokenInput for a line that cannot even be answered.
        """
        for chunk in iter(self._read, b""):
            batch: list[Work] = []
            for line in self._whole_lines(chunk):
                work = self._accepted(line)
                batch.append(work)
                if isinstance(work, Close):
                    break
            self._worker.submit(batch)
            if batch and isinstance(batch[-1], Close):
                break
        self._worker.finish(CLOSE_SECONDS)

    def _whole_lines(self, chunk: bytes) -> Iterator[bytes]:
        head, *tail = chunk.split(b"\n")
        self._rest.append(head)
        if not tail:
            return iter(())
        first = b"".join(self._rest)
        *whole, rest = tail
        self._rest = [rest]
        return (line for line in (first, *whole) if line.strip())

    def _accepted(self, line: bytes) -> Work:
        """The request in ``line``, or its answer."""
        raw = self._object(line)
        request_id = raw["id"]
        if not self._answers.expect(request_id):
            raise BrokenInput(f"$.id: {request_id} waits for its answer already")
        try:
            self._check(raw)
            request = parse(raw, self._library.form)
        except Unsupported as error:
            return Answered(lines.unsupported(request_id, error.what, error.problem))
        except (Invalid, ValueError) as error:
            return Answered(lines.bug(request_id, str(error)))
        if isinstance(request, Describe):
            return Answered(described(request_id, self._library))
        return request

    def _object(self, line: bytes) -> dict[str, Any]:
        """The JSON object in ``line``, which has an id that an answer can repeat. Else BrokenInput."""
        try:
            raw = self._load(line)
        except ValueError as error:
            raise BrokenInput(f"{error}: {line[:200]!r}") from error
        request_id = raw.get("id") if isinstance(raw, dict) else None
        if type(request_id) is not int or request_id < 1:
            raise BrokenInput(f"$.id: no request id of 1 or more: {line[:200]!r}")
        return dict(raw)
