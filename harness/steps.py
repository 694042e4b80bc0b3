"""The steps of a scenario: what each one asks of whom, and what it must come to.

``by: broker`` is the suite's own client; what has no ``by`` and is no look at the broker is its own as well.
Data alone: it does not know how a step is played, nor whether it makes sense where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from harness.amqp.message import PropertyName
from harness.amqp.values import Field
from harness.cases import CaseBody, Scalar
from harness.entry import Terms, Url

Actor: TypeAlias = Literal["producer", "consumer"]
Scope: TypeAlias = Literal["channel", "connection"]
Plain: TypeAlias = bool | int | str
Argument: TypeAlias = Plain | Field
"""Typed as a header of a case is, where its type matters."""
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

    Without a name the broker chooses one, which must begin as ``named`` says; ``""`` in the next steps is
    then AMQP's own word for the queue that the channel declared last. Only by ``broker``.

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
    named: str = ""
    defaults: bool = False


class DeclareExchange(_Step, frozen=True, tag="declare_exchange"):
    """The same of an exchange.

    Only by ``broker``: ``internal``, RabbitMQ's extension, and ``extension``, a type that AMQP does not know,
    in place of ``kind``.
    """

    by: Actor | Literal["broker"]
    exchange: str
    kind: Literal["fanout", "direct", "topic", "headers"] = "direct"
    durable: bool = False
    auto_delete: bool = False
    passive: bool = False
    arguments: Arguments = {}
    gets: Answer = "ok"
    internal: bool = False
    extension: str = ""


class Bind(_Step, frozen=True, tag="bind"):
    """queue.bind"""

    by: Actor | Literal["broker"]
    queue: str
    exchange: str
    routing_key: str = ""
    arguments: Arguments = {}
    gets: Answer = "ok"


class Unbind(_Step, frozen=True, tag="unbind"):
    """queue.unbind"""

    queue: str
    exchange: str
    routing_key: str = ""
    arguments: Arguments = {}
    gets: Answer = "ok"


class BindExchange(_Step, frozen=True, tag="bind_exchange"):
    """exchange.bind, RabbitMQ's extension."""

    destination: str
    source: str
    routing_key: str = ""
    arguments: Arguments = {}
    gets: Answer = "ok"


class UnbindExchange(_Step, frozen=True, tag="unbind_exchange"):
    """exchange.unbind, RabbitMQ's extension."""

    destination: str
    source: str
    routing_key: str = ""
    arguments: Arguments = {}
    gets: Answer = "ok"


class Transact(_Step, frozen=True, tag="transact"):
    """tx.select, tx.commit or tx.rollback."""

    with_: Literal["select", "commit", "rollback"] = msgspec.field(name="with")


class DeleteQueue(_Step, frozen=True, tag="delete_queue"):
    """queue.delete, behind the peers' backs. ``messages``: how many the broker must say were in it."""

    queue: str
    if_unused: bool = False
    if_empty: bool = False
    messages: Count | None = None
    gets: Answer = "ok"


class Purge(_Step, frozen=True, tag="purge"):
    """queue.purge. ``messages``: how many the broker must say it threw away."""

    queue: str
    messages: Count | None = None
    gets: Answer = "ok"


class DeleteExchange(_Step, frozen=True, tag="delete_exchange"):
    """exchange.delete"""

    exchange: str
    if_unused: bool = False
    gets: Answer = "ok"


class Recover(_Step, frozen=True, tag="recover"):
    """basic.recover: what the suite's own client has not settled comes again, with ``requeue`` to anybody."""

    requeue: bool
    gets: Answer = "ok"


class Flow(_Step, frozen=True, tag="flow"):
    """channel.flow: the suite's own client wants deliveries to pause, or to go on."""

    active: bool
    gets: Answer = "ok"


class Publish(_Step, frozen=True, tag="publish"):
    """One message a body, in order, each with the same answer; by ``broker`` it is the suite's own client.

    Over the default exchange the routing key is the name of a queue of the scenario, or ``{reply-to}``: the
    reply_to of the consumer's last delivery. ``immediate`` only by ``broker``.
    """

    bodies: Annotated[tuple[str | CaseBody, ...], Meta(min_length=1)]
    by: Literal["producer", "broker"] = "producer"
    exchange: str = ""
    routing_key: str = ""
    properties: Mapping[PropertyName, Scalar] = {}
    mandatory: bool = False
    confirm: bool = True
    gets: Answer = "confirmed"
    immediate: bool = False


class Consume(_Step, frozen=True, tag="consume"):
    """basic.consume by the consumer; by ``broker`` it is the suite's own client, which keeps what it gets.

    ``prefetch_of``: basic.qos with global set, for the whole channel; ``tag``: the consumer tag. Both only by
    ``broker``.
    """

    queue: str
    by: Literal["consumer", "broker"] = "consumer"
    prefetch: Count = 0
    prefetch_of: Literal["consumer", "channel"] = "consumer"
    no_ack: bool = False
    exclusive: bool = False
    arguments: Arguments = {}
    gets: Answer = "ok"
    tag: str = ""


class Get(_Step, frozen=True, tag="get"):
    """basic.get by the consumer, or by ``broker``: a message is then received as any other.

    ``left``: how many messages the broker must say are left in the queue; only by ``broker``.
    """

    queue: str
    gets: Answer = "ok"
    by: Literal["consumer", "broker"] = "consumer"
    left: Count | None = None


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A delivery that must come; what is left out does not matter. ``headers`` may have more entries."""

    body: str | CaseBody
    redelivered: bool | None = None
    routing_key: str | None = None
    exchange: str | None = None
    headers: Mapping[str, Plain] = {}
    """By path, ``x-death[0].count``; one that is ``absent`` must not be there."""


class Receive(_Step, frozen=True, tag="receive"):
    """The consumer's next deliveries are these, in this order (``unordered``: in any), and no others.

    ``broker``: what came to the suite's own client.
    """

    messages: tuple[str | Wanted, ...]
    by: Literal["consumer", "broker"] = "consumer"
    unordered: bool = False


class _Settle(_Step, frozen=True):
    """``message`` is the number of a delivery, from 1, since the consumer connected; 0 is the last.

    ``tag`` is a delivery tag itself, whether there was such a delivery or not, only by ``broker``. AMQP has
    no answer to it: what the suite's own client ``gets`` is told by the next answer.
    """

    message: Count = 0
    by: Literal["consumer", "broker"] = "consumer"
    tag: Count | None = None
    gets: Answer = "ok"


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
    | Unbind
    | BindExchange
    | UnbindExchange
    | Transact
    | DeleteQueue
    | DeleteExchange
    | Purge
    | Recover
    | Flow
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
