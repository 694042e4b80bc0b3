"""The matrix: every case from every producer to every consumer, one item a cell.

pytest tests/interop --producer streadway --consumer rabbitpy --case 'headers/*' --broker debian:trixie
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.results import CellLine, Results

pytestmark = pytest.mark.timeout(1800)  # the first item waits for the whole run


def test_cell(result: CellLine, assert_as_expected: Callable[[CellLine], None]) -> None:
    """Unsupported and expected differences are counted in the results; here they are no failure."""
    assert_as_expected(result)


def test_no_expectation_is_stale(interop_results: Results) -> None:
    assert interop_results.foot is not None
    assert interop_results.foot.stale == ()


def test_no_consumer_reported_what_was_not_due(interop_results: Results) -> None:
    assert interop_results.foot is not None
    assert interop_results.foot.strays == ()
