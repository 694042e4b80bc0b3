"""A consumed queue of rabbitpy: its channel, the thread that iterates over it, and how that may end.

It is ended from outside by ``stop_consuming``, as rabbitpy's manual has it, and answered when the iteration
has ended. Where messages are under way, rabbitpy may raise in either thread (2.0.1, 3.0.2: NotConsumingError,
or a RecursionError, for its interrupt's callback waits for cancel-ok with the interrupt still set): then the
answer is that.
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
        self._cancel: Once | None = None
        self._consuming = consuming(lane.channel, request, self._registered)
        threads.start(f"consume {request.queue}", self._iterate)

    def cancel(self, request: requests.Cancel) -> None:
        """End the iteration, whose thread answers when that is done."""
        self._cancel = Once(request.id)
        try:
            self._consuming.stop()
        except RAISES as error:
            self._tell(self._cancel, lines.refused(request.id, error))

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
            for message in self._consuming.messages:
                self._answers.event_soon(made_delivery(self.queue, self._lane.offset, message))
        except RAISES as raised:
            error = raised
        loss = self._lane.loss = self._loss(error)
        if self._ended(self, loss):
            self._report(error, loss)
            self._answers.flush()

    def _loss(self, error: BaseException | None) -> Loss | None:
        """What is gone with the end; a stop that nobody asked for is a loss too."""
        if isinstance(error, rabbitpy.exceptions.RemoteCancellationException):
            return None
        if self._cancel is not None and (error is None or _of_cancelling(error)):
            return None
        return loss_of(error or rabbitpy.exceptions.NotConsumingError())

    def _report(self, error: BaseException | None, loss: Loss | None) -> None:
        if isinstance(error, rabbitpy.exceptions.RemoteCancellationException):
            self._answers.event(lines.cancelled(self.queue))
            error = None
        if self._cancel is not None:
            asked = self._cancel.id
            refused = lines.ok(asked) if error is None else lines.refused(asked, error)
            self._tell(self._cancel, refused if loss is None else lines.disconnected(asked, loss))
        if loss is not None:
            asked, gone = self._asked.id, error is None or is_loss(error)
            refusal = lines.refused(asked, error) if error is not None and not gone else None
            told = self._tell(self._asked, refusal or lines.disconnected(asked, loss))
            if not told and loss.scope != CONNECTION:
                self._answers.event(lines.closed(loss))


def _of_cancelling(error: BaseException) -> bool:
    """Whether rabbitpy stumbled over its own cancelling, and the channel is still there."""
    return isinstance(error, rabbitpy.exceptions.NotConsumingError) or not is_loss(error)
