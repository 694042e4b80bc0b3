"""A consumed queue of rabbitpy: its channel, the thread that iterates over it, and how that may end.

Nothing ends it from outside, for ``Queue.stop_consuming``, which is made for that, ends in an error by chance
(2.0.1, 3.0.2: NotConsumingError where both threads cancel, RecursionError where the callback of an interrupt
waits for cancel-ok while the interrupt is still set). As no verdict may hang on chance, the rim declares
``op:cancel`` as unsupported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rabbitpy
import rabbitpy.exceptions

from python_consumer import lines, requests, threads
from python_consumer.lines import CONNECTION, Loss
from python_consumer.output import Answers
from python_consumer.rabbitpy_losses import RAISES, is_loss, loss_of
from python_consumer.rabbitpy_queue import Once, consuming, made_delivery


class Lane:
    """A channel that delivers. ``offset`` makes its delivery tags unique in the connection."""

    def __init__(self, channel: Any, offset: int) -> None:
        self.channel, self.offset = channel, offset
        self.loss: Loss | None = None
        self.amqp = rabbitpy.AMQP(channel)


class Consumer:
    """It starts to iterate when it is made. ``ended`` is told of the end, and says whether to speak of it."""

    def __init__(
        self,
        request: requests.Consume,
        lane: Lane,
        answers: Answers,
        ended: Callable[[Consumer, Loss | None], bool],
    ) -> None:
        """Whatever rabbitpy raises before it iterates."""
        self.queue = request.queue
        self._lane, self._answers, self._ended = lane, answers, ended
        self._asked = Once(request.id)
        self._messages = consuming(lane.channel, request, self._registered)
        threads.start(f"consume {request.queue}", self._iterate)

    def _registered(self) -> None:
        """basic.consume-ok has come."""
        self._tell(self._asked, lines.ok(self._asked.id))
        self._answers.flush()

    def _tell(self, asked: Once, line: dict[str, Any]) -> bool:
        """Answer, unless that was done before."""
        first = asked.take()
        if first:
            self._answers.reply(line)
        return first

    def _iterate(self) -> None:
        """Iterate as an application does, until the library stops or raises."""
        error: BaseException | None = None
        try:
            for message in self._messages:
                self._answers.event_soon(made_delivery(self.queue, self._lane.offset, message))
        except RAISES as raised:
            error = raised
        loss = self._lane.loss = self._loss(error)
        if self._ended(self, loss):
            self._report(error, loss)
            self._answers.flush()

    def _loss(self, error: BaseException | None) -> Loss | None:
        """What is gone with the end, for which nobody asked."""
        if isinstance(error, rabbitpy.exceptions.RemoteCancellationException):
            return None
        return loss_of(error or rabbitpy.exceptions.NotConsumingError())

    def _report(self, error: BaseException | None, loss: Loss | None) -> None:
        if isinstance(error, rabbitpy.exceptions.RemoteCancellationException):
            self._answers.event(lines.cancelled(self.queue))
        if loss is not None:
            asked, gone = self._asked.id, error is None or is_loss(error)
            refusal = lines.refused(asked, error) if error is not None and not gone else None
            told = self._tell(self._asked, refusal or lines.disconnected(asked, loss))
            if not told and loss.scope != CONNECTION:
                self._answers.event(lines.closed(loss))
