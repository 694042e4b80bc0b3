"""The results file: JSON lines, streamed. A head, a line a case, a line a cell, a foot.

No foot means that the run was cut. Written here, read here; what is in it is
described by ``contract/schema/results.schema.json``, made from these types. Passwords have no field to be in.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, TypeAlias

import msgspec

from harness.amqp.message import Message
from harness.amqp.values import Text
from harness.errors import UsageError
from harness.evidence import Kept
from harness.judge.difference import Shown
from harness.judge.expect import Outcome, Stale
from harness.judge.verdict import Scope, Step, StepDifference
from harness.steps import Step as ScenarioStep

FORMAT = 2
"""The version of the file's format; a reader takes this one and all before it.

2: lines of cases after the head, the evidence of cells that are not clean; several brokers, shards.
"""


def cell_id(case: str, producer: str, consumer: str, broker: str = "") -> str:
    """A cell's name; ``broker`` is the spec of its broker where a run has more than one, else ""."""
    return f"{case}[{producer}->{consumer}]" + (f"@{broker}" if broker else "")


class PeerInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """One peer of a run: ``stated`` is product and version as read on the wire, None with the tap off."""

    label: str
    name: str
    release: str
    language: str
    runtime: str
    roles: tuple[str, ...]
    unsupported: tuple[str, ...] = ()
    stated: str | None = None


class Broker(msgspec.Struct, frozen=True, omit_defaults=True):
    """What stood between them: the spec asked for, and what the broker said of itself.

    ``settings`` are the lines of its configuration that make it another than as packaged. ``feature_flags``
    and ``deprecated_features`` are their states by name, empty where the broker can't be asked.
    """

    spec: str
    product: str
    version: str
    platform: str
    build: str = ""
    settings: tuple[str, ...] = ()
    feature_flags: Mapping[str, str] = {}
    deprecated_features: Mapping[str, str] = {}


class Shard(msgspec.Struct, frozen=True):
    """Which part of a plan a run was, ``number`` (from 1) ``of`` so many, and what the whole plan has."""

    number: int
    of: int
    cases: int
    cells: int
    cases_sha256: str
    full: bool


class Head(msgspec.Struct, frozen=True, tag_field="line", tag="head", omit_defaults=True):
    """The first line. ``cells`` is how many the plan has; ``tap`` whether the wire was watched.

    ``more_brokers`` are those beside ``broker`` where a run has several. ``shard`` says which part of a plan
    this is. ``expectations_sha256`` is of the list in use, "" in files from before it was kept.
    """

    format: int
    suite: str
    date: str
    broker: Broker
    peers: tuple[PeerInfo, ...]
    cases: int
    cases_sha256: str
    cells: int
    tap: bool
    full: bool
    more_brokers: tuple[Broker, ...] = ()
    shard: Shard | None = None
    expectations_sha256: str = ""

    @property
    def brokers(self) -> tuple[Broker, ...]:
        """All of the run."""
        return (self.broker, *self.more_brokers)

    def broker_of(self, cell: CellLine) -> Broker:
        """The broker of one of its cells."""
        named = cell.id.removeprefix(f"{cell_id(cell.case, cell.producer, cell.consumer)}@")
        return next((broker for broker in self.more_brokers if broker.spec == named), self.broker)


class CaseLine(msgspec.Struct, frozen=True, tag_field="line", tag="case", omit_defaults=True):
    """One case of the run, between head and cells: what was asked of every producer.

    ``message`` is a case's, ``steps`` are a scenario's; each has the one and not the other.
    """

    id: str
    why: str
    source: str | None = None
    message: Message | None = None
    steps: tuple[ScenarioStep, ...] = ()
    exchange: str = "fanout"
    routing_key: Text | None = None


class CellLine(msgspec.Struct, frozen=True, tag_field="line", tag="cell", omit_defaults=True, gc=False):
    """One cell's verdict.

    ``path``, ``expected``, ``got`` are of the worst difference, ``differences`` are all. ``expectation`` is
    the line of ``contract/expectations.yaml`` that covers it, ``first_pass`` the verdict of the optimistic
    pass where that was another one, ``next_arrived`` whether the message after it came through. ``evidence``
    is kept of cells that neither pass nor are unsupported. ``as_asked``: it stopped as the case asks for.
    """

    id: str
    case: str
    producer: str
    consumer: str
    broker: str
    verdict: str
    outcome: Outcome
    step: Step | None = None
    path: str | None = None
    expected: Shown = None
    got: Shown = None
    differences: tuple[StepDifference, ...] = ()
    scope: Scope | None = None
    code: int | None = None
    next_arrived: bool | None = None
    expectation: int | None = None
    first_pass: str | None = None
    evidence: Kept | None = None
    as_asked: bool = False


class Foot(msgspec.Struct, frozen=True, tag_field="line", tag="foot", omit_defaults=True):
    """The last line: counts by outcome and by verdict, seconds by phase, and what is stale or went wrong."""

    outcomes: Mapping[str, int]
    verdicts: Mapping[str, int]
    seconds: Mapping[str, float]
    first_pass_cells: int = 0
    stale: tuple[Stale, ...] = ()
    strays: tuple[str, ...] = ()


Line: TypeAlias = Head | CaseLine | CellLine | Foot
_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


class ResultsWriter:
    """Writes lines to a file as they come. It is made at once: a path that can't be written fails early."""

    def __init__(self, path: Path) -> None:
        try:
            self._file: BinaryIO = path.open("wb", buffering=1 << 16)
        except OSError as error:
            raise UsageError(f"cannot write results to {path}: {error.strerror}") from error

    def write(self, line: Line) -> None:
        """Append one line."""
        self._file.write(_encoder.encode(line) + b"\n")

    def __enter__(self) -> ResultsWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


class Results(msgspec.Struct, frozen=True):
    """A results file: its ends in memory, its cells read from the file each time they are asked for.

    ``foot`` is None where the run was cut, or where cells are missing that the foot counted; ``outcomes``
    counts the cells that are there.
    """

    path: Path
    head: Head
    foot: Foot | None
    outcomes: Counter[str]

    def cases(self) -> Iterator[CaseLine]:
        """Its cases; none in a file of format 1."""
        lines = itertools.takewhile(lambda line: not isinstance(line, CellLine), read_lines(self.path))
        return (line for line in lines if isinstance(line, CaseLine))

    def cells(self) -> Iterator[CellLine]:
        """Its cells, in the order in which they were settled."""
        return (line for line in read_lines(self.path) if isinstance(line, CellLine))


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a file. UsageError names the line that is none; a cut last line ends the reading."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(f"cannot read results from {path}: {error.strerror}") from error
    with file:
        for number, text in enumerate(file, 1):
            if not text.endswith(b"\n"):
                return
            try:
                yield _decoder.decode(text)
            except (msgspec.ValidationError, msgspec.DecodeError) as error:
                raise UsageError(f"{path}:{number}: not a line of a results file: {error}") from error


def read_results(path: Path) -> Results:
    """The file at ``path``. UsageError where it has no head, a line that is none, or is of a later format."""
    head: Head | None = None
    foot: Foot | None = None
    outcomes: Counter[str] = Counter()
    for line in read_lines(path):
        match line:
            case CaseLine():
                pass
            case Head():
                if line.format > FORMAT:  # before a line that only that format has
                    raise UsageError(f"{path} is of format {line.format}, this suite reads up to {FORMAT}")
                if head is not None:
                    raise UsageError(f"{path} has two heads", "amqp-interop merge joins the parts of a run")
                head = line
            case CellLine():
                outcomes[line.outcome] += 1
            case Foot():
                foot = line
    if head is None:
        raise UsageError(f"{path} has no head: it is no results file")
    return Results(path, head, foot if outcomes.total() == head.cells else None, outcomes)
