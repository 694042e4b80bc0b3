"""The pipe: requests in, each checked against the contract and handed to the rim in order.

It runs in the main thread and never waits for the library, so a peer whose library hangs still answers
what can be answered, and still ends when it is told to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from python_consumer import lines, requests
from python_consumer.arguments import Unsupported
from python_consumer.output import Answers
from python_consumer.rim import CLOSE_SECONDS, Rim
from python_consumer.schema import Invalid


class BrokenInput(Exception):
    """A line that is no request and cannot be answered, because it has no id: what is wrong with it."""


class Loop:
    """``read`` gives the next bytes of standard input, b"" at its end; ``check`` raises Invalid."""

    def __init__(
        self, read: Callable[[], bytes], check: Callable[[Any], None], rim: Rim, answers: Answers
    ) -> None:
        self._read, self._check, self._rim, self._answers = read, check, rim, answers
        self._rest = b""

    def run(self) -> None:
        """Until close or the end of the input, either of which closes the library's connection.

        BrokenInput for a line that cannot even be answered.
        """
        for chunk in iter(self._read, b""):
            close = self._feed(chunk)
            self._answers.flush()
            if close is not None:
                self._rim.close(CLOSE_SECONDS)
                self._answers.reply(lines.ok(close.id))
                self._answers.flush()
                return
        self._rim.close(CLOSE_SECONDS)

    def _feed(self, chunk: bytes) -> requests.Close | None:
        """Hand the requests of ``chunk`` over as one batch; the close that ends them, if there is one."""
        batch: list[requests.Request] = []
        close = None
        for request in map(self._accepted, self._whole_lines(chunk)):
            if isinstance(request, requests.Close):
                close = request
                break
            if request is not None:
                batch.append(request)
        if batch:
            self._rim.submit(batch)
        return close

    def _whole_lines(self, chunk: bytes) -> Iterator[bytes]:
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        return (line for line in whole if line.strip())

    def _accepted(self, line: bytes) -> requests.Request | None:
        """The request in ``line``, or None when it was answered here."""
        raw = _object(line)
        request_id = raw["id"]
        if not self._answers.expect(request_id):
            self._answers.stray(lines.bug(request_id, f"$.id: {request_id} waits for its answer already"))
            return None
        try:
            self._check(raw)
            request = requests.parse(raw)
        except Unsupported as error:
            self._answers.reply(lines.unsupported(request_id, error.what, error.problem))
        except (Invalid, ValueError) as error:
            self._answers.reply(lines.bug(request_id, str(error)))
        else:
            if not isinstance(request, requests.Describe):
                return request
            self._answers.reply(lines.described(request_id, self._rim.identity))
        return None


def _object(line: bytes) -> dict[str, Any]:
    """The JSON object in ``line``, which has an id that an answer can repeat. Else BrokenInput."""
    try:
        raw = json.loads(line)
    except ValueError as error:  # no JSON, or no UTF-8
        raise BrokenInput(f"{error}: {line[:200]!r}") from error
    request_id = raw.get("id") if isinstance(raw, dict) else None
    if type(request_id) is not int or request_id < 1:
        raise BrokenInput(f"$.id: no request id of 1 or more: {line[:200]!r}")
    return dict(raw)
