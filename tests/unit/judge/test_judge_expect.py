"""Expectations: what they cover, what they never cover, and how the list is kept from rotting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.amqp import values as v
from harness.amqp.message import Inline, Message, Routed
from harness.errors import UsageError
from harness.judge.difference import Kind
from harness.judge.expect import Expectations, Outcome
from harness.judge.listed import CellKey, Expectation, Listed, Party, read_expectations
from harness.judge.verdict import Evidence, Failure, Step, StepDifference, Stop, Verdict

CELL = "headers/double[streadway->pika]"
KEY = CellKey(
    "headers/double", Party("streadway", "1.1.0"), Party("pika", "1.4.4"), Party("RabbitMQ", "3.10.8")
)
SAME = Verdict(Kind.SAME, None, None, None, None, (), None)


def differing(*parts: tuple[Step | None, Kind, str]) -> Verdict:
    found = tuple(StepDifference(step, kind, path, v.Int8("1"), v.Int8("2")) for step, kind, path in parts)
    worst = max(found, key=lambda each: each.kind.severity)
    return Verdict(worst.kind, worst.step, worst.path, worst.expected, worst.got, found, None)


def stopped(stop: Stop, step: Step | None = Step.BROKER, code: int | None = None) -> Verdict:
    failure = Failure(stop, step, "why", code=code)
    return Verdict(stop, step, None, None, "why", (), failure)


NARROWED = differing((Step.CONSUMER, Kind.NARROWED, "headers.k"))


def entry(**changes: Any) -> Expectation:
    fields: dict[str, Any] = {
        "cases": ("headers/*",),
        "step": Step.CONSUMER,
        "difference": "narrowed",
        "what": "bug",
        "reason": "made for this test",
        "link": "https://example.org/",
    }
    return Expectation(**(fields | changes))


def listed(*entries: Expectation) -> Expectations:
    return Expectations(
        Path("list.yaml"), (Listed(10 * number, each) for number, each in enumerate(entries, 1))
    )


def outcome(verdict: Verdict, *entries: Expectation, key: CellKey = KEY) -> tuple[Outcome, int | None]:
    return listed(*entries).outcome(key, CELL, verdict, final=True)


# --- what is covered -----------------------------------------------------------------------------------


def test_a_cell_without_a_difference_passes() -> None:
    assert outcome(SAME) == ("pass", None)
    assert outcome(differing((Step.BROKER, Kind.RETYPED, "headers.k"))) == ("pass", None)


def test_a_difference_that_nobody_expects_fails() -> None:
    assert outcome(NARROWED) == ("fail", None)


def test_a_listed_difference_is_expected_and_names_its_line() -> None:
    assert outcome(NARROWED, entry(cases=("bodies/*",)), entry()) == ("expected", 20)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cases": ("headers/int*",)},
        {"unless": ("headers/dou*",)},
        {"step": Step.BROKER},
        {"difference": "altered"},
        {"path": "headers.other"},
        {"producer": "amqp091-go"},
        {"consumer": "pika<1.4"},
        {"consumer": ("rabbitpy", "aio-pika")},
        {"broker": "RabbitMQ>=3.13"},
    ],
)
def test_an_expectation_that_says_another_thing_does_not_cover(wrong: dict[str, Any]) -> None:
    assert outcome(NARROWED, entry(**wrong)) == ("fail", None)


@pytest.mark.parametrize(
    "right",
    [
        {"cases": ("bodies/*", "headers/dou*")},
        {"unless": ("headers/int*",)},
        {"path": "headers.*"},
        {"path": "*"},
        {"producer": "streadway"},
        {"producer": "streadway==1.1.0"},
        {"consumer": "PIKA>=1.4,<2"},
        {"consumer": ("rabbitpy", "pika")},
        {"broker": "RabbitMQ>=3.10,<3.13"},
    ],
)
def test_an_expectation_covers_what_its_globs_and_ranges_include(right: dict[str, Any]) -> None:
    assert outcome(NARROWED, entry(**right)) == ("expected", 10)


@pytest.mark.parametrize("release, covered", [("4.0.5", True), ("4.1.0-rc.1", True), ("3.13.7", False)])
def test_a_range_of_the_broker_is_a_range_of_versions_not_of_texts(release: str, covered: bool) -> None:
    key = CellKey(KEY.case, KEY.producer, KEY.consumer, Party("RabbitMQ", release))
    assert outcome(NARROWED, entry(broker="RabbitMQ>=4"), key=key)[0] == ("expected" if covered else "fail")


def test_a_release_that_is_no_version_is_in_no_range_but_has_its_name() -> None:
    key = CellKey(KEY.case, KEY.producer, Party("pika", "master"), KEY.broker)
    assert outcome(NARROWED, entry(consumer="pika>=0"), key=key)[0] == "fail"
    assert outcome(NARROWED, entry(consumer="pika"), key=key)[0] == "expected"


@pytest.mark.parametrize(
    "path, glob, covered",
    [
        ("headers.a[0]", "headers.a[0]", True),
        ("headers.a0", "headers.a[0]", False),
        ('headers["?"]', 'headers["?"]', True),
        ('headers["x"]', 'headers["?"]', False),
        ("headers.a[0].b", "headers.a[*", True),
        ("Priority", "priority", False),
    ],
)
def test_only_the_star_of_a_path_is_special(path: str, glob: str, covered: bool) -> None:
    verdict = differing((Step.CONSUMER, Kind.NARROWED, path))
    assert outcome(verdict, entry(path=glob))[0] == ("expected" if covered else "fail")


def test_every_failing_difference_of_a_cell_needs_to_be_expected() -> None:
    both = differing((Step.BROKER, Kind.LOST, "app_id"), (Step.CONSUMER, Kind.NARROWED, "headers.k"))
    lost = entry(step=Step.BROKER, difference="lost", path="app_id")
    assert outcome(both, entry()) == ("fail", None)
    assert outcome(both, lost) == ("fail", None)
    assert outcome(both, entry(), lost) == ("expected", 10)


def test_retyped_beside_a_listed_difference_needs_no_expectation() -> None:
    verdict = differing((Step.BROKER, Kind.RETYPED, "headers.k"), (Step.CONSUMER, Kind.NARROWED, "headers.k"))
    assert outcome(verdict, entry()) == ("expected", 10)


def test_a_difference_without_a_step_is_covered_by_nothing() -> None:
    assert outcome(differing((None, Kind.NARROWED, "headers.k")), entry()) == ("fail", None)


# --- what came out of no step --------------------------------------------------------------------------


def test_a_stop_is_covered_by_its_name_step_and_code() -> None:
    rejected = stopped(Stop.REJECTED, code=406)
    at_broker: dict[str, Any] = {"step": Step.BROKER, "difference": "rejected"}
    assert outcome(rejected, entry(**at_broker)) == ("expected", 10)
    assert outcome(rejected, entry(**at_broker, code=406)) == ("expected", 10)
    assert outcome(rejected, entry(**at_broker, code=404)) == ("fail", None)
    assert outcome(rejected, entry(difference="rejected")) == ("fail", None)
    assert outcome(rejected, entry(step=Step.BROKER, difference="hung")) == ("fail", None)


@pytest.mark.parametrize("stop", [Stop.PROTOCOL, Stop.BUG, Stop.UNKNOWN])
def test_an_expectation_never_covers_an_error(stop: Stop) -> None:
    covering = entry(step=Step.BROKER, difference=str(stop))  # read_expectations would not let it in
    assert outcome(stopped(stop), covering) == ("error", None)


def test_what_a_library_declared_to_be_unsupported_is_neutral() -> None:
    assert outcome(stopped(Stop.UNSUPPORTED, Step.PRODUCER)) == ("unsupported", None)


def test_a_rejection_that_the_case_asks_for_needs_no_expectation() -> None:
    failure = Failure(Stop.REJECTED, Step.BROKER, "why", code=406)
    verdict = Verdict(Stop.REJECTED, Step.BROKER, None, None, "why", (), failure, as_asked=True)
    assert outcome(verdict) == ("pass", None)


# --- what goes stale -----------------------------------------------------------------------------------


def stale(entries: Expectations, *, full: bool) -> list[tuple[str, str]]:
    return [(each.where, each.problem) for each in entries.stale(full=full)]


def test_an_expectation_that_is_borne_out_is_not_stale() -> None:
    entries = listed(entry())
    entries.outcome(KEY, CELL, NARROWED, final=True)
    assert stale(entries, full=True) == []


def test_an_expectation_whose_cell_passes_is_stale_in_any_run_and_names_its_line() -> None:
    entries = listed(entry(cases=("bodies/*",)), entry())
    entries.outcome(KEY, CELL, SAME, final=True)
    assert stale(entries, full=False) == [("list.yaml:20", f"narrowed did not show in {CELL}")]


def test_an_expectation_whose_cell_differs_otherwise_is_stale_too() -> None:
    entries = listed(entry())
    result = entries.outcome(KEY, CELL, differing((Step.CONSUMER, Kind.ALTERED, "headers.k")), final=True)
    assert result == ("fail", None)
    assert len(stale(entries, full=False)) == 1


def test_an_expectation_that_is_wrong_for_one_of_its_cells_is_stale_however_many_bear_it_out() -> None:
    entries = listed(entry())
    for number in range(5):
        entries.outcome(KEY, f"good{number}", NARROWED, final=True)
        entries.outcome(KEY, f"bad{number}", SAME, final=True)
    assert stale(entries, full=False) == [
        ("list.yaml:10", "narrowed did not show in bad0, bad1, bad2 and 2 more")
    ]


def test_the_first_pass_is_no_evidence_for_or_against_the_list() -> None:
    entries = listed(entry())
    entries.outcome(KEY, CELL, SAME, final=False)
    entries.outcome(KEY, CELL, NARROWED, final=False)
    assert stale(entries, full=False) == []
    assert len(stale(entries, full=True)) == 1


def test_an_expectation_that_matches_no_cell_is_stale_in_a_full_run_only() -> None:
    entries = listed(entry(cases=("headers/double", "headers/gone")))
    entries.outcome(KEY, CELL, NARROWED, final=True)
    assert stale(entries, full=False) == []
    assert stale(entries, full=True) == [("list.yaml:10", "no cell of this run bears out 'headers/gone'")]


@pytest.mark.parametrize("stop", [Stop.UNSUPPORTED, Stop.BUG, Stop.HUNG])
def test_a_cell_in_which_no_message_came_out_is_no_evidence_against_a_difference(stop: Stop) -> None:
    entries = listed(entry())
    entries.outcome(KEY, CELL, stopped(stop, Step.PRODUCER), final=True)
    assert stale(entries, full=False) == []


def test_a_message_that_came_out_is_evidence_against_an_expected_stop() -> None:
    entries = listed(entry(difference="hung"))
    entries.outcome(KEY, CELL, SAME, final=True)
    assert len(stale(entries, full=False)) == 1


def test_a_cell_that_ends_in_a_listed_way_is_no_evidence_against_another_end() -> None:
    hung = entry(step=Step.PRODUCER, difference="hung")
    entries = listed(hung, entry(step=Step.BROKER, difference="crashed"))
    result = entries.outcome(KEY, CELL, stopped(Stop.CRASHED), final=True)
    assert result == ("expected", 20)
    assert stale(entries, full=False) == []
    assert [where for where, _ in stale(entries, full=True)] == ["list.yaml:10"]  # nothing bears it out


def test_one_that_ends_in_no_listed_way_is() -> None:
    entries = listed(entry(step=Step.BROKER, difference="hung"))
    entries.outcome(KEY, CELL, stopped(Stop.CRASHED), final=True)
    assert len(stale(entries, full=False)) == 1


def test_a_play_that_ended_before_the_step_is_no_evidence_against_a_difference_at_it() -> None:
    def stale_after(path: str) -> list[tuple[str, str]]:
        entries = listed(entry(path="steps[10].gone", step=Step.BROKER, difference="altered"))
        entries.outcome(KEY, CELL, differing((Step.BROKER, Kind.ALTERED, path)), final=True)
        return stale(entries, full=False)

    assert stale_after("steps[9].declare_queue.gets") == []
    assert stale_after("steps[10].gone") == []
    assert len(stale_after("steps[10].holds")) == 1
    assert len(stale_after("steps[11].declare_queue.gets")) == 1


def test_a_play_that_ended_in_a_listed_way_is_no_evidence_against_another_at_that_step_or_at_any() -> None:
    def stale_after(path: str, listed_path: str) -> list[tuple[str, str]]:
        ended = entry(path="steps[9].publish.gets", step=Step.BROKER, difference="altered")
        entries = listed(ended, entry(path=listed_path, step=Step.BROKER, difference="lost"))
        entries.outcome(KEY, CELL, differing((Step.BROKER, Kind.ALTERED, path)), final=True)
        return [problem for problem in stale(entries, full=False) if problem[0] == "list.yaml:20"]

    assert stale_after("steps[9].publish.gets", "steps[*].holds.ready") == []
    assert stale_after("steps[9].publish.gets", "steps[9].publish.frame") == []
    assert len(stale_after("steps[9].publish.gets", "steps[8].holds.ready")) == 1
    assert len(stale_after("steps[9].publish.other", "steps[*].holds.ready")) == 1
    assert len(stale_after("headers.k", "steps[*].holds.ready")) == 1


def test_what_nobody_can_tell_the_step_of_is_no_evidence_against_a_difference_there() -> None:
    entries = listed(entry())
    entries.outcome(KEY, CELL, differing((None, Kind.NARROWED, "headers.k")), final=True)
    assert stale(entries, full=False) == []
    elsewhere = listed(entry(path="headers.k"))
    elsewhere.outcome(KEY, CELL, differing((None, Kind.NARROWED, "type")), final=True)
    assert len(stale(elsewhere, full=False)) == 1


# --- the file ------------------------------------------------------------------------------------------

GOOD = """\
# a comment
- cases: [headers/*]
  step: consumer
  difference: narrowed
  what: bug
  reason: a reason that is long enough
  link: https://example.org/
"""


def read(tmp_path: Path, text: str) -> tuple[Listed, ...]:
    path = tmp_path / "list.yaml"
    path.write_text(text, encoding="utf-8")
    return read_expectations(path)


def test_an_entry_is_known_by_the_line_on_which_it_starts(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD + "\n" + GOOD)
    assert [each.line for each in found] == [2, 10]
    assert found[0].expectation == Expectation(
        cases=("headers/*",),
        step=Step.CONSUMER,
        difference="narrowed",
        what="bug",
        reason="a reason that is long enough",
        link="https://example.org/",
    )


def test_an_empty_file_expects_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "# nothing yet\n") == ()


@pytest.mark.parametrize(
    "before, after, says",
    [
        ("step: consumer", "step: nowhere", "nowhere"),
        ("step: consumer", "", "`step`"),
        ("difference: narrowed", "difference: [narrowed, lost]", "only of stops there may be several"),
        ("difference: narrowed", "difference: narrowed\n  scenarios: ['*']", "not both"),
        ("difference: narrowed", "difference: worse", "'worse' is no difference; known: same"),
        ("difference: narrowed", "difference: retyped", "passes and needs no expectation"),
        ("difference: narrowed", "difference: bug", "can't be expected"),
        ("difference: narrowed", "difference: protocol", "can't be expected"),
        ("difference: narrowed", "difference: unsupported", "can't be expected"),
        ("difference: narrowed", "difference: unknown", "can't be expected"),
        ("what: bug", "what: feature", "feature"),
        ("cases: [headers/*]", "cases: []", "cases"),
        ("reason: a reason that is long enough", "reason: short", "reason"),
        ("link: https://example.org/", "", "`link`"),
        ("what: bug", "what: bug\n  consumer: pika=>1", "pika=>1"),
        ("what: bug", "what: bug\n  consumer: [rabbitpy, '>=3']", ">=3"),
        ("what: bug", "what: bug\n  colour: red", "`colour`"),
        ("what: bug", "what: bug\n  code: '406'", "code"),
    ],
)
def test_a_broken_entry_names_file_line_and_what_is_wrong(
    tmp_path: Path, before: str, after: str, says: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, GOOD + GOOD.replace(before, after))
    assert caught.value.problem.startswith(f"{tmp_path}/list.yaml:9: ")
    assert says in caught.value.problem


@pytest.mark.parametrize(
    "text, line", [("- cases: [a\n", 2), ("cases: [a]\n", 1), ("just words\n", 1), ("- a\n", 1)]
)
def test_a_file_that_is_no_list_of_entries_names_the_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(UsageError, match=f"list.yaml:{line}: "):
        read(tmp_path, text)


def test_a_file_that_is_not_there_is_an_error_of_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        read_expectations(tmp_path / "gone.yaml")


@pytest.mark.parametrize(
    "path, contradicted", [("headers.k", False), ("headers.other", True), ("priority", True)]
)
def test_what_an_earlier_step_changed_tells_nothing_of_a_later_one(path: str, contradicted: bool) -> None:
    entries = listed(entry(path="headers.k"))
    entries.outcome(KEY, CELL, differing((Step.PRODUCER, Kind.RETYPED, path)), final=True)
    assert bool(stale(entries, full=False)) is contradicted


def test_an_expected_stop_is_not_contradicted_where_something_else_was_sent() -> None:
    entries = listed(entry(step=Step.BROKER, difference="rejected"))
    entries.outcome(KEY, CELL, differing((Step.PRODUCER, Kind.LOST, "delivery_mode")), final=True)
    assert stale(entries, full=False) == []
    entries.outcome(KEY, CELL, differing((Step.CONSUMER, Kind.LOST, "delivery_mode")), final=True)
    assert len(stale(entries, full=False)) == 1


@pytest.mark.parametrize("stop", [Stop.HUNG, Stop.REJECTED])
def test_several_stops_are_expected_where_chance_decides(stop: Stop) -> None:
    said = entry(step=Step.PRODUCER, difference=("hung", "rejected"))
    assert outcome(stopped(stop, Step.PRODUCER), said)[0] == "expected"


def test_scenarios_and_cases_are_told_apart() -> None:
    entries = listed(entry(cases=("*",)), entry(cases=(), scenarios=("*",), difference="lost"))
    key = msgspec.structs.replace(KEY, scenario=True)
    assert entries.outcome(key, CELL, SAME, final=True)[0] == "pass"
    assert [where for where, _ in stale(entries, full=False)] == ["list.yaml:20"]


def carrying(value: v.Value | None) -> Evidence:
    """A message whose header ``k`` comes to the consumer as ``value``."""
    headers = v.Table(() if value is None else (("k", value),))
    message = Routed("", "", Message({"headers": headers}, Inline("")))
    return Evidence(message, message, message, message)


@pytest.mark.parametrize(
    "value, verdict, contradicted",
    [
        (v.Int8("-1"), SAME, True),
        (v.Int8("1"), SAME, False),
        (v.Int16("-1"), SAME, False),
        (None, SAME, False),
        (v.Int8("-1"), NARROWED, False),
        (v.Int8("-1"), differing((Step.CONSUMER, Kind.ALTERED, "headers.k")), True),
        (v.Int8("-1"), stopped(Stop.HUNG, Step.CONSUMER), False),
    ],
)
def test_an_expectation_about_a_value_is_contradicted_by_a_cell_that_hands_the_value_over(
    value: v.Value | None, verdict: Verdict, contradicted: bool
) -> None:
    entries = listed(entry(path="headers.*", of="int8 -*"))
    entries.note(KEY, CELL, entries.weigh(KEY, verdict, carrying(value)))
    assert bool(stale(entries, full=False)) is contradicted


@pytest.mark.parametrize(
    "of, result", [("int8 1", "expected"), (("int16 *", "int8 1"), "expected"), ("int8 2", "fail")]
)
def test_an_expectation_about_a_value_covers_no_other(of: str | tuple[str, ...], result: str) -> None:
    assert listed(entry(of=of)).weigh(KEY, NARROWED).outcome == result


def test_what_an_earlier_step_did_not_let_through_tells_nothing_of_a_later_one() -> None:
    entries = listed(entry(step=Step.BROKER, difference="rejected"))
    entries.outcome(KEY, CELL, stopped(Stop.REFUSED, Step.PRODUCER), final=True)
    assert stale(entries, full=False) == []
    entries.outcome(KEY, CELL, stopped(Stop.HUNG, Step.CONSUMER), final=True)
    assert len(stale(entries, full=False)) == 1
