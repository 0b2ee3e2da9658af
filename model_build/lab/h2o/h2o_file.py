"""The YAML file of an experiment of H2O Hydrogen Torch."""

import math
from pathlib import Path
from typing import Any

import yaml

from daemon.errors import InputError

_NOTHING = (None, "", "None")
"""Values that mean "not set"; the text `None` is as frequent as null."""


class H2oFile:
    """The values of a file, and which of them were used.

    Raises InputError if it cannot be read, or has no sections.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        """The file."""
        self.remarks: list[str] = []
        """What was changed."""
        self._used: set[tuple[str, str]] = set()
        self._sections = _read(path)

    def take(self, section: str, key: str, default: Any = None) -> Any:
        """Return a value; `default` if it is missing or means "not set".

        Raises InputError if the section has no keys.
        """
        self._used.add((section, key))
        values = (self._sections.get(section) or {}) if section else self._sections
        if not isinstance(values, dict):
            raise InputError(f"{self.path}: {section} has no keys below it; export it again")
        value = values.get(key)
        return default if value in _NOTHING else value

    def number(self, section: str, key: str, default: float) -> float:
        """Return a finite number. Raises InputError if the value is none."""
        value = self.take(section, key, default)
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise self._fault(section, key, value, "a number")
        return number

    def texts(self, section: str, key: str) -> list[str]:
        """Return a list of texts; a single value is a list of one."""
        value = self.take(section, key, [])
        return [str(one) for one in value] if isinstance(value, list) else [str(value)]

    def wholes(self, section: str, key: str) -> list[int]:
        """Return a list of whole numbers. Raises InputError if one of them is none."""
        try:
            return [int(text) for text in self.texts(section, key)]
        except ValueError:
            value = self.take(section, key)
            raise self._fault(section, key, value, "a list of whole numbers") from None

    def _fault(self, section: str, key: str, value: Any, needed: str) -> InputError:
        return InputError(f"{self.path}: {section}.{key}: {value!r} is not {needed}; correct it")

    def note(self, remark: str) -> None:
        """Add a remark on something that is changed."""
        self.remarks.append(remark)

    def unused(self) -> list[str]:
        """Return the keys that have a value and were not used."""
        return [
            f"{section}.{key}"
            for section, values in self._sections.items()
            if isinstance(values, dict)
            for key, value in values.items()
            if (section, key) not in self._used and value not in (*_NOTHING, [], False)
        ]


def _read(path: Path) -> dict[str, Any]:
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; correct the path") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        first = str(error).splitlines()[0]
        raise InputError(f"{path}: not a YAML file: {first}; export it again") from None
    if not isinstance(read, dict) or not isinstance(read.get("dataset"), dict):
        raise InputError(f"{path}: it has no section `dataset`; export the experiment again")
    return read
