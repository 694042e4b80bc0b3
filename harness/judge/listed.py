"""The list of expectations: what an entry says, how it is read, which cells it is about."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec
import yaml
from msgspec import Meta
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from harness.errors import UsageError
from harness.judge.difference import Kind
from harness.judge.verdict import Step, Stop

Names: TypeAlias = str | tuple[str, ...]
KINDS = (*map(str, Kind), *map(str, Stop))
"""All that an expectation can name as its difference, in so far as it is not excluded."""
STOPS = frozenset(Stop)


class Party(msgspec.Struct, frozen=True, cache_hash=True, gc=False):
    """A library or a broker, as a cell has it: its name and release, and of a broker the lines of its
    configuration that make it another than as packaged."""

    name: str
    release: str
    settings: tuple[str, ...] = ()


def broker_party(product: str, release: str, settings: tuple[str, ...] = ()) -> Party:
    """The broker that states ``product``, in one word: an expectation can't name it with spaces."""
    return Party("-".join(product.split()), release, settings)


class CellKey(msgspec.Struct, frozen=True, gc=False):
    """All that an expectation can ask of a cell before it runs. ``scenario``: ``case`` is the id of one."""

    case: str
    producer: Party
    consumer: Party
    broker: Party
    scenario: bool = False


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, cache_hash=True):
    """One entry of ``contract/expectations.yaml``.

    ``producer``, ``consumer`` and ``broker``: ``*``, a name, or a name with a range, ``pika>=1.0,<1.5``; or a
    list of those; ``setting`` is a line of configuration that the broker must have beyond its package's.
    ``cases``, ``unless`` (which takes cases out again) and ``path`` are globs; so is ``scenarios``, which an
    entry about scenarios has in place of ``cases``.
    ``step`` is null where nobody can tell, as in a scenario whose refusal never came.
    ``difference`` is a kind of difference or a stop, or a list of stops where chance decides between them;
    ``code`` is the broker's reply code where the stop has one. ``of`` are globs on what was changed, by type
    and value as :func:`.bearing.words_of` has it: such an entry is about values, whichever producer sent
    them. Then a cell contradicts it in which such a value comes to the step, at such a path, and is not
    changed so. ``by_chance``: what shows depends on what comes first, so that no run speaks against it.
    """

    step: Step | None
    difference: Names
    what: Literal["bug", "by-design"]
    reason: Annotated[str, Meta(min_length=15)]
    link: Annotated[str, Meta(min_length=5)]
    cases: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    producer: Names = "*"
    consumer: Names = "*"
    broker: Names = "*"
    setting: str | None = None
    unless: tuple[str, ...] = ()
    path: str = "*"
    code: int | None = None
    of: Names | None = None
    by_chance: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """The differences that it covers: one, or several stops."""
        return each_of(self.difference)

    @property
    def globs(self) -> tuple[str, ...]:
        """Of the cases or of the scenarios: an entry has one of the two."""
        return self.cases or self.scenarios


class Listed(msgspec.Struct, frozen=True):
    """An expectation and the line of its file on which it starts."""

    line: int
    expectation: Expectation


def read_expectations(path: Path) -> tuple[Listed, ...]:
    """The list at ``path``. UsageError names the file, the line and what is wrong."""
    node = _composed(path)
    if node is None:
        return ()
    if not isinstance(node, yaml.SequenceNode):
        raise UsageError(f"{path}:{node.start_mark.line + 1}: not a list of expectations")
    listed = []
    for item in node.value:
        line = item.start_mark.line + 1
        try:
            raw = yaml.load(yaml.serialize(item), yaml.CSafeLoader)
            expectation = msgspec.convert(raw, Expectation)
            _check(expectation)
        except (msgspec.ValidationError, InvalidRequirement, ValueError) as error:
            raise UsageError(
                f"{path}:{line}: {error}", "docs/reading_a_verdict.md describes the list"
            ) from error
        listed.append(Listed(line, expectation))
    return tuple(listed)


def _composed(path: Path) -> yaml.Node | None:
    try:
        node: yaml.Node | None = yaml.compose(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    except OSError as error:
        raise UsageError(f"cannot read expectations from {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"cannot read expectations from {path}: not UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError(f"{path}:{line}: {error.problem}") from error
    return node


def _check(expectation: Expectation) -> None:
    if bool(expectation.cases) is bool(expectation.scenarios):
        raise ValueError("an expectation has cases or scenarios, at least one, and not both")
    for names in (expectation.producer, expectation.consumer, expectation.broker):
        for name in each_of(names):
            if name != "*":
                Requirement(name)
    for difference in expectation.kinds:
        _check_kind(difference)
    if len(expectation.kinds) > 1 and not STOPS.issuperset(expectation.kinds):
        raise ValueError("only of stops there may be several: a difference of fields is no matter of chance")


def _check_kind(difference: str) -> None:
    if difference not in KINDS:
        raise ValueError(f"{difference!r} is no difference; known: {', '.join(KINDS)}")
    if difference in set(Kind) and Kind(difference).passes:
        raise ValueError(f"{difference} passes and needs no expectation")
    if difference in set(Stop) and (
        Stop(difference).is_error or difference in (Stop.UNSUPPORTED, Stop.UNKNOWN)
    ):
        raise ValueError(f"{difference} can't be expected: it is no result about a library")


def each_of(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names


def names_it(names: Names, party: Party) -> bool:
    return any(name == "*" or _covers(Requirement(name), party) for name in each_of(names))


def is_about(said: Expectation, broker: Party) -> bool:
    return names_it(said.broker, broker) and (said.setting is None or said.setting in broker.settings)


def _covers(wanted: Requirement, party: Party) -> bool:
    if wanted.name.lower() != party.name.lower():
        return False
    if not wanted.specifier:
        return True
    try:
        return wanted.specifier.contains(Version(party.release), prereleases=True)
    except InvalidVersion:
        return False


def of_other_releases(names: Names, parties: Collection[Party]) -> bool:
    """Whether it is about ``parties``, and about none of the releases that they are."""
    known = {party.name.lower() for party in parties}
    meant = any(name != "*" and Requirement(name).name.lower() in known for name in each_of(names))
    return meant and not any(names_it(names, party) for party in parties)


def among(case: str, globs: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(case, glob) for glob in globs)
