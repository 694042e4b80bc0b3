"""What a peer answered in a scenario, in words that can be compared, and who decided it. Pure."""

from __future__ import annotations

from typing import TypeAlias

from harness.judge.verdict import Step
from harness.peers.protocol import Described, Failed, Reply
from harness.scenarios import Refused
from harness.tap.events import ClosedOnWire

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


def by_whom(actor: Step, expected: str, reply: Answered, seen: ClosedOnWire | None) -> Step | None:
    """Whose doing an unexpected answer is.

    A closing on the wire that is as expected was told otherwise by the library; one that is not is the
    broker's. Where the broker had to refuse and did not, nobody can tell: the library may not have asked.
    """
    if seen is not None:
        return actor if f"{seen.code} {seen.scope}" == expected else Step.BROKER
    if isinstance(reply, Failed):
        return actor
    return None
