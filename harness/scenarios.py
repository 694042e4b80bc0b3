"""Scenarios: what a broker decides, step by step, read from ``contract/scenarios/<topic>/<name>.yaml``.

A case is one message; a scenario is a short play of producer, consumer and broker about queues, deliveries
and refusals: it counts and orders messages rather than compare their fields. Pure: reads text, makes values.
Queues and exchanges have plain names in the file; each run gives them names of its own (:class:`Names`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from harness.amqp.values import Array, Boolean, Int32, Int64, Longstr, Table, Value
from harness.cases import Scalar, load_folder, read_yaml, to_body, to_property
from harness.steps import (
    Actor,
    Argument,
    Arguments,
    DeclareExchange,
    DeclareQueue,
    Publish,
    Step,
)


class ScenarioFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a scenario file may say.

    ``about`` is whose behaviour it is about: it runs once a peer of that role, with one of the other role.
    What is about the broker runs once.
    """

    why: Annotated[str, Meta(min_length=10, max_length=240)]
    source: Annotated[str, Meta(min_length=5)]
    about: Actor | Literal["broker"]
    steps: Annotated[tuple[Step, ...], Meta(min_length=1)]


class Scenario(msgspec.Struct, frozen=True):
    """A scenario file, read."""

    id: str
    why: str
    source: str
    about: Actor | Literal["broker"]
    steps: tuple[Step, ...]

    @property
    def topic(self) -> str:
        """The folder: what it is about."""
        return self.id.split("/", 1)[0]

    @property
    def actors(self) -> tuple[Actor, ...]:
        """Who takes part at all."""
        acting = {getattr(step, "by", None) for step in self.steps}
        actors: tuple[Actor, ...] = ("producer", "consumer")
        return tuple(actor for actor in actors if actor in acting)

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues that it may declare."""
        named = (step.queue for step in self.steps if isinstance(step, DeclareQueue) and step.queue)
        return tuple(dict.fromkeys(named))

    @property
    def exchanges(self) -> tuple[str, ...]:
        """The exchanges that it may declare."""
        named = (step.exchange for step in self.steps if isinstance(step, DeclareExchange))
        return tuple(dict.fromkeys(named))


class Names:
    """The names of one run: ``q`` becomes ``interop.TOKEN.q``, in arguments too, as ``{q}``.

    ``{user}`` is the user that the peers log in as.
    """

    def __init__(self, token: str, user: str = "") -> None:
        self._token, self._user = token, user

    def of(self, plain: str) -> str:
        """The real name. The default exchange and the broker's own (``amq.``) stay what they are."""
        return plain if plain == "" or plain.startswith("amq.") else f"interop.{self._token}.{plain}"

    def within(self, text: str) -> str:
        """``text`` with real names in place of the braces."""
        return re.sub(r"\{([a-z0-9-]+)\}", lambda found: self._named(found[1]), text)

    def _named(self, plain: str) -> str:
        return self._user if plain == "user" else self.of(plain)

    def scalar(self, scalar: Scalar) -> Scalar:
        """A property with real names in place of the braces, those within headers included."""
        match scalar:
            case str():
                return self.within(scalar)
            case tuple():
                return tuple((key, self._inside(value)) for key, value in scalar)
        return scalar

    def _inside(self, value: Value) -> Value:
        match value:
            case Longstr(str(text)):
                return Longstr(self.within(text))
            case Array(values):
                return Array(tuple(self._inside(one) for one in values))
            case Table(pairs):
                return Table(tuple((key, self._inside(one)) for key, one in pairs))
        return value

    def table(self, arguments: Arguments) -> Table:
        """Arguments as a field table: whole numbers as the smallest of int32 and int64, text as longstr."""
        return Table(tuple((key, self._value(argument)) for key, argument in arguments.items()))

    def _value(self, argument: Argument) -> Value:
        match argument:
            case bool():
                return Boolean("true" if argument else "false")
            case int():
                return Int32(str(argument)) if -(2**31) <= argument < 2**31 else Int64(str(argument))
            case str():
                return Longstr(self.within(argument))
        return self._inside(argument)


_OF_SUITE = frozenset({"extension", "immediate", "internal", "left", "named", "prefetch_of", "tag"})
"""What no request of the peer protocol says."""


def parse_scenario(path: Path, identity: str, text: str) -> Scenario:
    """The scenario in ``text``. CaseError names ``path`` and, where it is known, the line."""
    return read_yaml(path, text, ScenarioFile, lambda file: _scenario(identity, file))


def _scenario(identity: str, file: ScenarioFile) -> Scenario:
    for step in file.steps:
        if isinstance(step, Publish):
            for name, scalar in step.properties.items():
                to_property(name, scalar)
            for body in step.bodies:
                to_body(body)
        given = _OF_SUITE.intersection(msgspec.to_builtins(step))
        if given and getattr(step, "by", "broker") != "broker":
            raise ValueError(f"only the suite's own client can be told {min(given)} - at `$.steps`")
        if isinstance(step, DeclareQueue) and step.defaults and step != _by_defaults(step):
            raise ValueError(
                "by its library's defaults a peer declares, and says the name alone - at `$.steps`"
            )
    scenario = Scenario(identity, file.why, file.source, file.about, file.steps)
    if scenario.about not in (*scenario.actors, "broker"):
        raise ValueError(f"it is about the {file.about}, which does nothing in it - at `$.about`")
    return scenario


def _by_defaults(step: DeclareQueue) -> DeclareQueue:
    """The step in so far as it may say more than the name."""
    by: Actor = "producer" if step.by == "producer" else "consumer"
    return DeclareQueue(by, step.queue, gets=step.gets, defaults=True)


def load_scenarios(folder: Path) -> tuple[Scenario, ...]:
    """All scenarios under ``folder``, by id. CaseError at the first file that cannot be read."""
    return load_folder(folder, parse_scenario)
