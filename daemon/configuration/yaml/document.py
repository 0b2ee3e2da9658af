"""The values of a YAML file, and its problems by key and line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, NamedTuple, Self, TypeVar

import msgspec

from daemon.errors import InputError

Struct = TypeVar("Struct", bound=msgspec.Struct)

_MOST_PROBLEMS = 20


class Problem(NamedTuple):
    """A problem with one value in the file."""

    key: str
    """The path of the key, such as `mqtt.port`; "" for the whole document."""
    text: str
    """The problem, and how to correct it."""

    def __str__(self) -> str:
        return f"{self.key}: {self.text}" if self.key else self.text


@dataclass(frozen=True)
class Document(Generic[Struct]):
    """The result of reading a YAML file."""

    path: Path
    """The file that was read."""
    value: Struct | None
    """The values, with the default for every invalid key; None if such a key has no default."""
    problems: tuple[Problem, ...]
    """All problems found so far."""
    lines: Mapping[str, int]
    """The line of each key in the file, counted from 1."""

    def with_problems(self, more: Iterable[Problem]) -> Self:
        """Return a copy with additional problems."""
        return replace(self, problems=(*self.problems, *more))

    def is_valid(self, *keys: str) -> bool:
        """Return whether none of `keys`, nor any key below them, has a problem."""
        return not any(
            problem.key == key or problem.key.startswith(f"{key}.")
            for problem in self.problems
            for key in keys
        )

    def error_lines(self, problems: Iterable[Problem]) -> list[str]:
        """Return `problems` as messages that name file and line, in the order of the file.

        After 20 messages, a last one gives the number of the others.
        """
        found = sorted((self._line_of(p.key), n, str(p)) for n, p in enumerate(problems))
        lines = [f"{self.path}{f', line {n}' if n else ''}: {text}" for n, _, text in found]
        if len(lines) > _MOST_PROBLEMS:
            more = len(lines) - _MOST_PROBLEMS
            lines[_MOST_PROBLEMS:] = [f"{self.path}: {more} more errors; correct these first"]
        return lines

    def valid_value(self) -> Struct:
        """Return the value; raises InputError with all problems if there are any."""
        if self.problems or self.value is None:
            raise InputError(*self.error_lines(self.problems))
        return self.value

    def _line_of(self, key: str) -> int:
        """Return the line of a key, or of the nearest key above it; 0 if the file has neither."""
        while key and key not in self.lines:
            key = key.rpartition(".")[0]
        return self.lines.get(key, 0) if key else 0
