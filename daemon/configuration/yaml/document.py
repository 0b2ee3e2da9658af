"""A settings file's values, and its errors by key and line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, NamedTuple, Self, TypeVar

import msgspec

from daemon.errors import InputError

Struct = TypeVar("Struct", bound=msgspec.Struct)

_MOST_PROBLEMS = 20


class Problem(NamedTuple):
    """What is wrong with the value of `key` ("" for the document), and the remedy."""

    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.key}: {self.text}" if self.key else self.text


@dataclass(frozen=True)
class Document(Generic[Struct]):
    """What a file says: `value` has the default where a key is faulty, and is None without one.

    `lines` are the lines of the keys in the file, counted from 1.
    """

    path: Path
    value: Struct | None
    problems: tuple[Problem, ...]
    lines: Mapping[str, int]

    def with_problems(self, more: Iterable[Problem]) -> Self:
        """The same with more problems."""
        return replace(self, problems=(*self.problems, *more))

    def is_sound(self, *keys: str) -> bool:
        """Whether none of these keys, nor any key below them, has a problem."""
        return not any(
            problem.key == key or problem.key.startswith(f"{key}.")
            for problem in self.problems
            for key in keys
        )

    def located(self, problems: Iterable[Problem]) -> list[str]:
        """The problems as lines that name file and line, in the order of the file."""
        found = sorted((self._line_of(p.key), n, str(p)) for n, p in enumerate(problems))
        lines = [f"{self.path}{f', line {n}' if n else ''}: {text}" for n, _, text in found]
        if len(lines) > _MOST_PROBLEMS:
            more = len(lines) - _MOST_PROBLEMS
            lines[_MOST_PROBLEMS:] = [f"{self.path}: {more} more errors; correct these first"]
        return lines

    def sound(self) -> Struct:
        """The value; raises InputError with every problem where there are any."""
        if self.problems or self.value is None:
            raise InputError(*self.located(self.problems))
        return self.value

    def _line_of(self, key: str) -> int:
        """The line of a key, else of the nearest key above it; 0 where the file has neither."""
        while key and key not in self.lines:
            key = key.rpartition(".")[0]
        return self.lines.get(key, 0) if key else 0
