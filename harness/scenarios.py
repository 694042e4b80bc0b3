"""Scenarios: what a broker decides, step by step, read from ``contract/scenarios/<topic>/<name>.yaml``.

A case is one message; a scenario is a short play of producer, consumer and broker about queues, deliveries
and refusals: it counts and orders messages rather than compare their fields. Pure: reads text, makes values.
Queues and exchanges have plain names in the file; each run gives them names of its own (:class:`Names`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from harness.amqp.message import PropertyName
from harness.amqp.values import Array, Boolean, Int32, Int64, Longstr, Table, Value
from harness.cases import CaseBody, Scalar, load_folder, read_yaml, to_body, to_property
from harness.entry import Terms, Url

Actor: TypeAlias = Literal["producer", "consumer"]
Scope: TypeAlias = Literal["channel", "connection"]
Argument: TypeAlias = bool | int | str
Arguments: TypeAlias = Mapping[str, Argument]
Count: TypeAlias = Annotated[int, Meta(ge=0)]


class Refused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The broker must refuse it with this reply code, closing that scope."""

    code: int
    scope: Scope


Answer: TypeAlias = Literal["ok", "confirmed", "nacked", "returned", "empty"] | Refused


class _Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", omit_defaults=True):
    pass


class Connect(_Step, frozen=True, tag="connect"):
    """A new connection; the one that is open is closed first.

    ``url``: by another one than the run's own. ``server``: to a server on other terms than the broker's; what
    the peer agrees to, and whether it keeps to that, is judged from then on.
    """

    by: Actor
    url: Url | None = None
    server: Terms | None = None
    gets: Answer = "ok"

    @property
    def plain(self) -> bool:
        """Whether there is nothing special about it."""
        return self.url is None and self.server is None


class Beats(_Step, frozen=True, tag="beats"):
    """The peer, left alone, sends so many heartbeats, unless it agreed on none."""

    by: Actor
    count: Annotated[int, Meta(ge=1)] = 1


class Cut(_Step, frozen=True, tag="cut"):
    """The peer's process ends with SIGKILL and the broker is not told: the connection stays, silent."""

    by: Actor


class Kill(_Step, frozen=True, tag="kill"):
    """The peer's process is ended with SIGKILL; ``connect`` starts it anew."""

    by: Actor


class DeclareQueue(_Step, frozen=True, tag="declare_queue"):
    """By the peer's library, or by the suite's own client (``broker``), which settles what is about.

    ``defaults``: a peer's library is given the name alone, and what it makes of the rest is its own affair.
    """

    by: Actor | Literal["broker"]
    queue: str
    durable: bool = False
    exclusive: bool = False
    auto_delete: bool = False
    passive: bool = False
    arguments: Arguments = {}
    gets: Answer = "ok"
    defaults: bool = False


class DeclareExchange(_Step, frozen=True, tag="declare_exchange"):
    """The same of an exchange."""

    by: Actor | Literal["broker"]
    exchange: str
    kind: Literal["fanout", "direct", "topic", "headers"] = "direct"
    durable: bool = False
    auto_delete: bool = False
    passive: bool = False
    arguments: Arguments = {}
    gets: Answer = "ok"


class Bind(_Step, frozen=True, tag="bind"):
    """queue.bind"""

    by: Actor | Literal["broker"]
    queue: str
    exchange: str
    routing_key: str = ""
    arguments: Arguments = {}
    gets: Answer = "ok"


class BindExchange(_Step, frozen=True, tag="bind_exchange"):
    """exchange.bind, RabbitMQ's extension, by the suite's own client."""

    destination: str
    source: str
    routing_key: str = ""
    arguments: Arguments = {}


class Transact(_Step, frozen=True, tag="transact"):
    """tx.select, tx.commit or tx.rollback on the channel of the suite's own client."""

    with_: Literal["select", "commit", "rollback"] = msgspec.field(name="with")


class DeleteQueue(_Step, frozen=True, tag="delete_queue"):
    """By the suite's own client, behind the peers' backs."""

    queue: str


class Publish(_Step, frozen=True, tag="publish"):
    """One message a body, in order, each with the same answer; by ``broker`` it is the suite's own client.

    Over the default exchange the routing key is the name of a queue of the scenario, or ``{reply-to}``: the
    reply_to of the consumer's last delivery.
    """

    bodies: Annotated[tuple[str | CaseBody, ...], Meta(min_length=1)]
    by: Literal["producer", "broker"] = "producer"
    exchange: str = ""
    routing_key: str = ""
    properties: Mapping[PropertyName, Scalar] = {}
    mandatory: bool = False
    confirm: bool = True
    gets: Answer = "confirmed"


class Consume(_Step, frozen=True, tag="consume"):
    """basic.consume by the consumer; by ``broker`` it is the suite's own client, which keeps what it gets.

    ``prefetch_of``: basic.qos with global set, for the whole channel; only by ``broker``.
    """

    queue: str
    by: Literal["consumer", "broker"] = "consumer"
    prefetch: Count = 0
    prefetch_of: Literal["consumer", "channel"] = "consumer"
    no_ack: bool = False
    exclusive: bool = False
    arguments: Arguments = {}
    gets: Answer = "ok"


class Get(_Step, frozen=True, tag="get"):
    """basic.get by the consumer: a message is then received as any other."""

    queue: str
    gets: Answer = "ok"


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A delivery that must come; what is left out does not matter. ``headers`` may have more entries."""

    body: str | CaseBody
    redelivered: bool | None = None
    routing_key: str | None = None
    exchange: str | None = None
    headers: Mapping[str, Argument] = {}
    """By path, ``x-death[0].count``; one that is ``absent`` must not be there."""


class Receive(_Step, frozen=True, tag="receive"):
    """The consumer's next deliveries are these, in this order (``unordered``: in any), and no others.

    ``broker``: what came to the suite's own client.
    """

    messages: tuple[str | Wanted, ...]
    by: Literal["consumer", "broker"] = "consumer"
    unordered: bool = False


class _Settle(_Step, frozen=True):
    """``message`` is the number of a delivery, from 1, since the consumer connected; 0 is the last."""

    message: Count = 0


class Ack(_Settle, frozen=True, tag="ack"):
    """basic.ack"""

    multiple: bool = False


class Nack(_Settle, frozen=True, tag="nack"):
    """basic.nack"""

    multiple: bool = False
    requeue: bool = True


class Reject(_Settle, frozen=True, tag="reject"):
    """basic.reject"""

    requeue: bool = True


class Cancel(_Step, frozen=True, tag="cancel"):
    """basic.cancel."""

    queue: str
    by: Literal["consumer", "broker"] = "consumer"


class Told(_Step, frozen=True, tag="told"):
    """The peer's application hears by itself that its consumer was cancelled, or its channel closed."""

    by: Actor
    event: Literal["cancelled", "closed"]
    code: int | None = None


class Holds(_Step, frozen=True, tag="holds"):
    """The queue comes to hold so many messages that are ready, and to have so many consumers."""

    queue: str
    ready: Count
    consumers: Count | None = None


class Gone(_Step, frozen=True, tag="gone"):
    """The queue comes not to be there any more."""

    queue: str


Step: TypeAlias = (
    Connect
    | Cut
    | Beats
    | Kill
    | DeclareQueue
    | DeclareExchange
    | Bind
    | BindExchange
    | Transact
    | DeleteQueue
    | Publish
    | Consume
    | Get
    | Receive
    | Ack
    | Nack
    | Reject
    | Cancel
    | Told
    | Holds
    | Gone
)


class ScenarioFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a scenario file may say.

    ``about`` is whose behaviour it is about: it runs once a peer of that role, with one of the other role.
    """

    why: Annotated[str, Meta(min_length=10, max_length=240)]
    source: Annotated[str, Meta(min_length=5)]
    about: Actor
    steps: Annotated[tuple[Step, ...], Meta(min_length=1)]


class Scenario(msgspec.Struct, frozen=True):
    """A scenario file, read."""

    id: str
    why: str
    source: str
    about: Actor
    steps: tuple[Step, ...]

    @property
    def topic(self) -> str:
        """The folder: what it is about."""
        return self.id.split("/", 1)[0]

    @property
    def actors(self) -> tuple[Actor, ...]:
        """Who takes part at all."""
        acting = {getattr(step, "by", None) for step in self.steps}
        if any(isinstance(step, Get) for step in self.steps):
            acting.add("consumer")
        actors: tuple[Actor, ...] = ("producer", "consumer")
        return tuple(actor for actor in actors if actor in acting)

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues that it may declare."""
        named = (step.queue for step in self.steps if isinstance(step, DeclareQueue))
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
        if isinstance(step, Consume) and step.by == "consumer" and step.prefetch_of == "channel":
            raise ValueError(
                "only the suite's own client sets the prefetch count of a channel - at `$.steps`"
            )
        if isinstance(step, DeclareQueue) and step.defaults and step != _by_defaults(step):
            raise ValueError(
                "by its library's defaults a peer declares, and says the name alone - at `$.steps`"
            )
    scenario = Scenario(identity, file.why, file.source, file.about, file.steps)
    if scenario.about not in scenario.actors:
        raise ValueError(f"it is about the {file.about}, which does nothing in it - at `$.about`")
    return scenario


def _by_defaults(step: DeclareQueue) -> DeclareQueue:
    """The step in so far as it may say more than the name."""
    by: Actor = "producer" if step.by == "producer" else "consumer"
    return DeclareQueue(by, step.queue, gets=step.gets, defaults=True)


def load_scenarios(folder: Path) -> tuple[Scenario, ...]:
    """All scenarios under ``folder``, by id. CaseError at the first file that cannot be read."""
    return load_folder(folder, parse_scenario)
