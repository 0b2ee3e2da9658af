"""An experiment with values of the command line, as in `training.epochs=5`."""

from collections.abc import Sequence
from typing import Any

import msgspec

from daemon.configuration.yaml import type_hints
from daemon.configuration.yaml.yaml_file import read_value
from daemon.errors import InputError
from model_build.lab.experiment.experiment import Experiment
from model_build.lab.experiment.variations import variation_faults


def assigned(experiment: Experiment, assignments: Sequence[str]) -> Experiment:
    """Return an experiment with other values of any keys, each written `SECTION.KEY=VALUE`.

    Lists and tables are read as in the file, such as `data.only=[808, kick]`. Raises InputError,
    which names the key, if one is unknown, if a value does not fit, or if the keys contradict each
    other.
    """
    written: dict[str, Any] = msgspec.to_builtins(experiment)
    for assignment in assignments:
        key, is_assignment, value = assignment.partition("=")
        if not is_assignment:
            raise InputError(f"--set {assignment}: write KEY=VALUE, such as training.epochs=5")
        section, _, name = key.strip().rpartition(".")
        place = written.setdefault(section, {}) if section else written
        if not isinstance(place, dict):
            raise InputError(f"--set {assignment}: {section} is not a section")
        place[name] = _parsed(value.strip(), key.strip(), assignment)
    try:
        changed = msgspec.convert(written, Experiment, strict=False)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        where = f"{place.strip('.`')}: " if place else ""
        raise InputError(f"--set {' '.join(assignments)}: {where}{reason}") from None
    if faults := variation_faults(changed):
        raise InputError(*(f"--set {' '.join(assignments)}: {fault}" for fault in faults))
    return changed


def _parsed(value: str, key: str, assignment: str) -> Any:
    """Return a list or table; other values stay text, which is converted to the key's type."""
    hint = _hint(key)
    if hint is None or not value.startswith(("[", "{")):
        return value
    try:
        return msgspec.to_builtins(read_value(value, hint, key, f"--set {assignment}"))
    except InputError as error:
        if "not valid YAML" not in str(error):
            raise
        raise InputError(
            f"--set {assignment}: the list or table is not closed; put it in quotes on the "
            "command line"
        ) from None


def _hint(key: str) -> Any:
    """Return the type of a key of an experiment; None if there is no such key."""
    hint: Any = Experiment
    for name in key.split("."):
        kind = type_hints.struct_type(hint)
        fields = msgspec.structs.fields(kind) if kind else ()
        hint = next((one.type for one in fields if one.encode_name == name), None)
    return hint
