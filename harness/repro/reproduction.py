"""Run one cell and make a reproduction of what was seen: the rim of this package."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.broker import Broker, BrokerInfo, running
from harness.broker.spec import Image, parse_spec
from harness.engine.plan import Cell
from harness.engine.session import launches, plain_tap, session
from harness.engine.station import Station
from harness.errors import UsageError
from harness.matrix import Chosen
from harness.peers.build import TOOLCHAINS
from harness.peers.manifest import PeerSpec
from harness.report.explain import Exhibit, examine
from harness.repro.render import Recipe, Side, files, refuse, template_of
from harness.scenarios import Scenario

Say = Callable[[str], None]
IMAGE = "rabbitmq"
"""The name under which releases of RabbitMQ are to be had as images."""


def reproduction(chosen: Chosen, say: Say) -> dict[str, str]:
    """The files that reproduce the one cell of ``chosen``, by path. UsageError for one that can't be."""
    cell = next(chosen.plan.cells())
    check(cell)
    ready = launches(chosen.plan, say)

    async def seen(broker: Broker) -> Recipe:
        async with session(chosen.plan, broker, ready, plain_tap) as started:
            exhibit = await examine(started, cell)
            producer = started.producers[cell.producer.label]
            consumer = started.consumers[cell.consumer.label]
            return recipe(cell, exhibit, producer, consumer, image_of(broker.info), say)

    with running(chosen.spec, say=say) as broker:
        return files(asyncio.run(seen(broker)))


def check(cell: Cell) -> None:
    """What is known before anything runs. UsageError for a cell of which no reproduction is written."""
    if isinstance(cell.case, Scenario):
        raise UsageError(
            f"{cell.case.id} is a scenario: reproductions are written of messages only",
            "amqp-interop explain shows its steps",
        )
    refuse(cell.case)
    template_of(cell.producer, "producer")
    template_of(cell.consumer, "consumer")
    for spec in (cell.producer, cell.consumer):
        if spec.path is not None:
            raise UsageError(f"{spec.label} is a checkout: a reproduction pins a release")


def recipe(
    cell: Cell, exhibit: Exhibit, producer: Station, consumer: Station, image: str, say: Say
) -> Recipe:
    """What the files are made from, once the cell ran."""

    def side(station: Station, spec: PeerSpec) -> Side:
        described = station.described
        return Side(
            spec,
            station.role,
            described.runtime if described else "",
            TOOLCHAINS[spec.toolchain].make(spec, say).versions,
            described.types if described else (),
        )

    return Recipe(
        cell.message_case, side(producer, cell.producer), side(consumer, cell.consumer), exhibit, image
    )


def image_of(info: BrokerInfo) -> str:
    """The image that has this broker: its own, or the one of its version; "" if there is none."""
    spec = parse_spec(info.spec) if "://" not in info.spec else None
    if isinstance(spec, Image):
        return spec.reference
    return f"{IMAGE}:{info.version}" if info.product == "RabbitMQ" else ""


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write the files below ``folder``, which must be new or empty. UsageError if they can't be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty", "name a new folder with --out")
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        os.chmod(folder / "run.sh", 0o755)  # noqa: PTH101, S103
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}", "name another folder") from error
