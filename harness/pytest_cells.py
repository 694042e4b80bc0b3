"""The matrix as pytest items: one a cell, judged by the same engine as the command line.

A test that takes ``cell`` is made into an item a cell of the matrix that ``--producer``, ``--consumer`` and
``--case`` choose. The first item that needs a result has the engine run all cells that were selected; under
pytest-xdist the first worker does, and the others read its results.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import matrix
from harness.broker import Broker
from harness.engine.plan import Cell, Plan
from harness.engine.session import plain_tap
from harness.errors import UsageError
from harness.report.failure import failure_text
from harness.results import CellLine, Results, ResultsWriter, read_results

CHOSEN = pytest.StashKey[matrix.Chosen]()
SELECTED = pytest.StashKey[list[Cell]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options that choose cells and a broker, as on the command line."""
    group = parser.getgroup("amqp-interop", "AMQP interoperability")
    for name, what in (
        ("--producer", "a producing peer, NAME or NAME@RELEASE; repeatable (default: all)"),
        ("--consumer", "a consuming peer; repeatable (default: all)"),
        ("--case", "a glob of case ids, 'headers/*'; repeatable (default: all)"),
    ):
        group.addoption(name, action="append", default=[], help=what)
    group.addoption("--broker", default=None, help="a broker spec, such as debian:trixie or amqp://...")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """An item a cell for every test that takes ``cell``."""
    if "cell" not in metafunc.fixturenames:
        return
    config = metafunc.config
    if CHOSEN not in config.stash:
        options = [config.getoption(name) for name in ("--producer", "--consumer", "--case", "--broker")]
        try:
            config.stash[CHOSEN] = matrix.choose(*options)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from error
    cells = list(config.stash[CHOSEN].plan.cells())
    metafunc.parametrize("cell", cells, ids=[cell.id for cell in cells])


def pytest_collection_finish(session: pytest.Session) -> None:
    """Remember which cells were selected: only their peers and cases will run."""
    params = (item.callspec.params for item in session.items if hasattr(item, "callspec"))
    cells: list[Cell] = [each["cell"] for each in params if "cell" in each]
    session.config.stash[SELECTED] = cells


def _selected(config: pytest.Config) -> Plan:
    """The smallest plan that has all selected cells."""
    cells, whole = config.stash[SELECTED], config.stash[CHOSEN].plan
    full = whole.full and len(cells) == whole.size
    return Plan(
        tuple({cell.case.id: cell.case for cell in cells}.values()),
        tuple({cell.producer.label: cell.producer for cell in cells}.values()),
        tuple({cell.consumer.label: cell.consumer for cell in cells}.values()),
        full,
    )


@pytest.fixture(scope="session")
def interop_results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The results of all selected cells, from one run of the engine; needs a session fixture ``broker``."""
    worker = hasattr(request.config, "workerinput")
    base = tmp_path_factory.getbasetemp()
    path = (base.parent if worker else base) / "interop-results.jsonl"
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            broker: Broker = request.getfixturevalue("broker")
            _run(broker, request.config, path)
    return read_results(path)


def _run(broker: Broker, config: pytest.Config, path: Path) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    say: Callable[[str], None] = reporter.write_line if reporter is not None else lambda line: None
    half = path.with_suffix(".half")
    with ResultsWriter(half) as writer:
        matrix.carry_out(broker, _selected(config), plain_tap, say, writer.write)
    half.rename(path)


@pytest.fixture(scope="session")
def _by_id(interop_results: Results) -> dict[str, CellLine]:
    return {line.id: line for line in interop_results.cells()}


@pytest.fixture
def result(cell: Cell, _by_id: dict[str, CellLine]) -> CellLine:
    """The verdict on the item's cell."""
    return _by_id[cell.id]


@pytest.fixture
def assert_as_expected(
    interop_results: Results, record_property: Callable[[str, object], None]
) -> Callable[[CellLine], None]:
    """Fails with the differences by field and the command that repeats the cell, unless it is as expected."""

    def check(line: CellLine) -> None:
        record_property("verdict", line.verdict)
        if line.outcome in ("fail", "error"):
            pytest.fail(failure_text(interop_results.head, line), pytrace=False)

    return check
