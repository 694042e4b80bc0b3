"""What a peer answered in a scenario, in words that can be compared, and who decided it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from harness.judge.verdict import Step
from harness.peers.protocol import Described, Failed, Reply
from harness.steps import Refused
from harness.tap.events import ClosedOnWire, HungUp

Answered: TypeAlias = Reply


def answer_words(wanted: object) -> str:
    """``ok``, ``confirmed``, ... or ``406 channel``."""
    return f"{wanted.code} {wanted.scope}" if isinstance(wanted, Refused) else str(wanted)


def said_words(reply: Answered) -> str:
    """The same of a reply. A refusal whose code the library does not tell has none: ``? channel``."""
    match reply:
        case Failed(kind="disconnected", code=code, scope=scope):
            return f"{'?' if code is None else code} {scope or 'connection'}"
        case Failed(kind=kind, message=message):
            return f"{kind}: {message}"
        case Described():
            return "described"
    return str(type(reply).__struct_config__.tag)


def told_words(reply: Answered) -> str:
    """The same for a person: with what the library says in place of a code."""
    match reply:
        case Failed(kind="disconnected", code=code, scope=scope, message=message):
            return refusal_words(code, scope or "connection", message)
    return said_words(reply)


def refusal_words(code: int | None, scope: str, text: str) -> str:
    """``406 channel``, or ``? connection: eof`` where there is no code."""
    return f"? {scope}{text and ': ' + text}" if code is None else f"{code} {scope}"


@dataclass(slots=True)
class OnWire:
    """What passed on a peer's wire during one step: messages returned to it; its declares, if that is the
    step; who ended the connection, if anybody did, and which; whether it came to the server, if it had to."""

    returned: int = 0
    declares: int | None = None
    ended: HungUp | None = None
    came: bool = True

    def end(self, event: HungUp) -> None:
        """Keep who was the first to end the latest connection; the other side only follows."""
        if self.ended is None or self.ended.connection < event.connection:
            self.ended = event


def by_whom(
    actor: Step, wanted: object, reply: Answered, seen: ClosedOnWire | None, wire: OnWire | None
) -> Step | None:
    """Whose doing an unexpected answer is. ``wire`` is None where nobody watched it.

    A closing on the wire that is as expected was told otherwise by the library; one that is not is the
    broker's, and so is an end without a word where all should have been well, if it is not of a connection
    that the peer had before, and never came again. What did not come back was the broker's to return. Where
    the broker had to refuse and did not, the library that asked for nothing is at fault; of one that asked,
    nobody can tell: it may have asked otherwise.
    """
    if seen is not None:
        return actor if f"{seen.code} {seen.scope}" == answer_words(wanted) else Step.BROKER
    if isinstance(reply, Failed):
        ended = wire.ended if wire is not None and wire.came else None
        return Step.BROKER if wanted == "ok" and ended is not None and ended.by == "broker" else actor
    if wire is not None and wanted == "returned":
        return actor if wire.returned else Step.BROKER
    if wire is not None and isinstance(wanted, Refused) and wire.declares == 0:
        return actor
    return None
