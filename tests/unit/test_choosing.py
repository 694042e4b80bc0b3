"""What a person asks for becomes a plan: parts, brokers, and the names of cells."""

from __future__ import annotations

import pytest

from harness import listing, matrix
from harness.errors import UsageError

PAIR = (("raw",), ("raw",))


def chosen(*brokers: str, cases: tuple[str, ...] = ("headers/*",), shard: str | None = None) -> matrix.Chosen:
    return matrix.choose(*PAIR, cases, *brokers, shard=shard)


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_the_parts_of_a_plan_are_all_of_it_and_nothing_twice(of: int) -> None:
    whole = [cell.id for cell in chosen().plan.cells()]
    parts = [chosen(shard=f"{number}/{of}").plan for number in range(1, of + 1)]
    cells = [cell.id for part in parts for cell in part.cells()]
    assert sorted(cells) == sorted(whole)
    assert max(part.size for part in parts) - min(part.size for part in parts) <= 1


def test_a_part_says_which_it_is_and_what_the_whole_has() -> None:
    whole, part = chosen().plan, chosen(shard="2/5").plan
    assert part.shard is not None
    assert (part.shard.number, part.shard.of) == (2, 5)
    assert (part.shard.cases, part.shard.cells) == (len(whole.cases), whole.size)
    assert part.shard.full is whole.full
    assert chosen(shard="3/5").plan.shard != part.shard
    assert whole.shard is None


def test_a_part_of_a_full_plan_is_not_full() -> None:
    part = matrix.choose((), (), (), shard="1/2").plan
    assert part.shard is not None
    assert part.shard.full is matrix.choose((), (), ()).plan.full
    assert not part.full


@pytest.mark.parametrize("text", ["0/2", "3/2", "2", "1/0", "-1/2", "a/b", "1/2/3", " 1/2", "1/2 ", "1.0/2"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no part of a run"):
        chosen(shard=text)


def test_more_parts_than_cases_are_refused_for_every_part_alike() -> None:
    for number in (1, 2):
        with pytest.raises(UsageError, match="1 cases can't be cut into 2 parts"):
            chosen(cases=("headers/double",), shard=f"{number}/2")


def test_a_broker_that_is_named_twice_is_one() -> None:
    assert len(chosen("debian:trixie", "debian:trixie").specs) == 1
    both = chosen("debian:trixie", "local")
    assert both.cells == 2 * both.plan.size
    assert chosen().specs == (None,)


def test_cells_are_listed_by_broker_where_there_are_several() -> None:
    one = list(listing.cell_lines(chosen("local", cases=("headers/double",))))
    two = list(listing.cell_lines(chosen("local", "debian:trixie", cases=("headers/double",))))
    assert one == ["headers/double[raw->raw]"]
    assert two == ["headers/double[raw->raw]@local", "headers/double[raw->raw]@debian:trixie"]


@pytest.mark.parametrize(
    ("text", "parts", "broker"),
    [
        ("a/b[p->c]", ("a/b", "p", "c"), None),
        ("a/b[p->c]@debian:trixie", ("a/b", "p", "c"), "debian:trixie"),
        ("a/b[p@1->c@2[x@3]]", ("a/b", "p@1", "c@2[x@3]"), None),
        ("a/b[p@1[y@2]->c@2[x@3]]@local", ("a/b", "p@1[y@2]", "c@2[x@3]"), "local"),
        ("a/b[p->c]@amqp://u@[::1]:5672/", ("a/b", "p", "c"), "amqp://u@[::1]:5672/"),
    ],
)
def test_a_cell_is_taken_apart_as_it_was_put_together(
    text: str, parts: tuple[str, str, str], broker: str | None
) -> None:
    assert matrix.parse_cell(text) == parts
    assert matrix.broker_in(text) == broker
