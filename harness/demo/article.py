"""The demo: the article's producer to each of the article's consumers, on a broker that is ready.

Which libraries these are is said by the manifests of the article's two folders: the first producer of
go_producer, and every library of python_consumer at its first release.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TextIO

from harness.broker import Broker
from harness.demo.performance import Patience, perform
from harness.demo.program import Command
from harness.demo.stage import EXCHANGE, clear_queues, stage
from harness.peers.build import Launch, make_ready
from harness.peers.manifest import PeerSpec, find_peers
from harness.peers.protocol import Role

PRODUCERS, CONSUMERS = "go_producer", "python_consumer"
"""The folders of the article's two programs."""

Say = Callable[[str], None]


async def demo(broker: Broker, say: Say, out: TextIO) -> None:
    """Show the article on ``broker``: what is run and what it says goes to ``out``, words about it
    to ``say``.

    SetupError if a name of the article's is taken on the broker, or a program can't be made; DemoFailed if
    the programs don't do what the article shows. Nothing stays behind, on Ctrl-C neither (that is, when this
    is cancelled: asyncio.run does so).
    """

    def show(line: str) -> None:
        out.write(f"{line}\n")
        out.flush()

    producer, *_ = article_peers(PRODUCERS, "producer")
    consumers = article_peers(CONSUMERS, "consumer")
    async with stage(broker):
        say(f"declared exchange {EXCHANGE} (fanout), which neither program of the article does")
        publisher, *listeners = await asyncio.to_thread(_ready, (producer, *consumers), say)
        for consumer, listener in zip(consumers, listeners, strict=True):
            show(f"\n--- {_named(producer)} publishes, {_named(consumer)} listens ---")
            await perform(
                consumer_command(consumer, listener, broker.url),
                producer_command(publisher, broker.url),
                show,
                Patience(),
            )
            await clear_queues(broker)


def article_peers(folder: str, role: Role) -> tuple[PeerSpec, ...]:
    """Libraries of an article's folder whose program can be used by hand in this role, each at the release
    that its bare name means."""
    return tuple(
        spec
        for spec in find_peers()
        if spec.folder.name == folder
        and role in spec.roles
        and spec.label == spec.name
        and spec.entry.by_hand
    )


def article_labels() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Producers and consumers of the demo's matrix: the article's libraries, in all default releases."""
    by_hand = [spec for spec in find_peers() if spec.entry.by_hand]
    return (
        tuple(spec.label for spec in by_hand if spec.folder.name == PRODUCERS),
        tuple(spec.label for spec in by_hand if spec.folder.name == CONSUMERS),
    )


def producer_command(launch: Launch, url: str | None, *flags: str) -> Command:
    """The article's producer: the program of the peer, by hand."""
    return Command((launch.command[0], *flags), url)


def consumer_command(spec: PeerSpec, launch: Launch, url: str | None, *arguments: str) -> Command:
    """The article's consumer on the library of ``spec``, in that peer's environment."""
    words = (launch.command[0], "-m", CONSUMERS, "--library", spec.name, *arguments)
    return Command(words, url)


def _ready(specs: tuple[PeerSpec, ...], say: Say) -> list[Launch]:
    return [make_ready(spec, say) for spec in specs]


def _named(spec: PeerSpec) -> str:
    return f"{spec.name} {spec.release}"
