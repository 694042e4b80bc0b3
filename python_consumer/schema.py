"""The contract's JSON Schema, checked at this end of the pipe.

Pure, but for reading the file. An object is held against the one definition that its tag names, which is as
strict as the schema's anyOf, faster, and gives a path into the object.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol


class SchemaProblem(Exception):
    """The schema folder is not usable: the file and what is wrong with it."""


class Invalid(Exception):
    """An object that the contract does not allow: JSON path and problem, in one line."""


class Problem(Protocol):
    """One thing that is wrong, as jsonschema-rs tells it."""

    @property
    def message(self) -> str:
        """What is wrong."""

    @property
    def instance_path(self) -> Iterable[str | int]:
        """Where, from the top of the object."""


class Validator(Protocol):
    """A compiled schema."""

    def is_valid(self, instance: Any) -> bool:
        """Whether the schema allows it."""

    def iter_errors(self, instance: Any) -> Iterable[Problem]:
        """What is wrong with it."""


class Schema:
    """One schema file whose top is a union, told apart by the field ``tag``."""

    def __init__(self, path: Path, tag: str, compiled: Callable[[dict[str, Any]], Validator]) -> None:
        """SchemaProblem if ``path`` cannot be read, is no JSON or is no union of definitions."""
        try:
            schema = json.loads(path.read_text(encoding="utf-8"))
            definitions = schema["$defs"]
            names = [option["$ref"].rsplit("/", 1)[1] for option in schema["anyOf"]]
            self._validators = {
                definitions[name]["properties"][tag]["enum"][0]: compiled(
                    {"$ref": f"#/$defs/{name}", "$defs": definitions}
                )
                for name in names
            }
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SchemaProblem(f"{path}: {type(error).__name__}: {error}") from error
        self._tag = tag

    def check(self, value: Any) -> None:
        """Invalid if the contract does not allow ``value``."""
        if not isinstance(value, dict):
            raise Invalid("$: is not an object")
        named = value.get(self._tag)
        validator = self._validators.get(named) if isinstance(named, str) else None
        if validator is None:
            raise Invalid(f"$.{self._tag}: {named!r} is none of {', '.join(self._validators)}")
        if not validator.is_valid(value):
            raise Invalid(_problem(validator, value))


def _problem(validator: Validator, value: Any) -> str:
    error = next(iter(validator.iter_errors(value)))
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
    return f"${path}: {error.message}"
