"""Several brokers in one run: started side by side as far as memory allows, else one lot after another."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TypeAlias

from harness.broker import Broker, BrokerInfo, Say, Spec, running
from harness.broker.describe import described

MEMORY_EACH = 400 * 1024**2
"""Bytes that a broker needs for a run of the matrix: RabbitMQ takes 150 to 300 MiB."""
MEMINFO = Path("/proc/meminfo")
Specs: TypeAlias = Sequence[Spec | None]


@contextmanager
def running_all(specs: Specs, *, say: Say) -> Iterator[tuple[Broker, ...]]:
    """All of them, ready, started at the same time. The first that does not start ends the others."""
    with ExitStack() as stack:
        if len(specs) == 1:
            yield (stack.enter_context(running(specs[0], say=say)),)
            return
        with ThreadPoolExecutor(max_workers=len(specs)) as pool:
            started = [pool.submit(stack.enter_context, running(spec, say=say)) for spec in specs]
        yield tuple(one.result() for one in started)


@contextmanager
def known(specs: Specs, *, say: Say) -> Iterator[tuple[tuple[BrokerInfo, ...], Iterator[Broker]]]:
    """What every broker says of itself, and the brokers, each ready when it is its turn.

    Where memory does not hold them all, they are started once more to be asked beforehand: the head of a
    results file names them all.
    """
    whole, *later = lots = in_lots(specs, available())
    if not later:
        with running_all(whole, say=say) as brokers:
            yield _described(brokers), iter(brokers)
        return
    say(f"memory holds {len(whole)} of {len(specs)} brokers at a time")
    infos = _described(_in_turn(lots, say))
    with closing(_in_turn(lots, say)) as turns:
        yield infos, turns


def _described(brokers: Iterable[Broker]) -> tuple[BrokerInfo, ...]:
    return tuple(map(described, brokers))


def _in_turn(lots: Sequence[Specs], say: Say) -> Generator[Broker, None, None]:
    for lot in lots:
        with running_all(lot, say=say) as brokers:
            yield from brokers


def in_lots(specs: Specs, memory: int | None) -> list[Specs]:
    """``specs`` cut into lots of as many as ``memory`` bytes hold, at least one; None: all at once."""
    size = len(specs) if memory is None else max(1, memory // MEMORY_EACH)
    return [specs[start : start + size] for start in range(0, len(specs), size)]


def available() -> int | None:
    """Bytes of memory that can be had without swapping; None where the system does not say."""
    if not MEMINFO.exists():
        return None
    rows = dict(line.split(":") for line in MEMINFO.read_text(encoding="ascii").splitlines())
    return int(rows["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in rows else None
