"""An experiment with values of the command line, as in `training.epochs=5`."""

from collections.abc import Sequence
from typing import Any

import msgspec
import yaml

from daemon.errors import InputError
from model_build.lab.experiment.experiment import Experiment
from model_build.lab.experiment.variations import variation_faults


def assigned(experiment: Experiment, assignments: Sequence[str]) -> Experiment:
    """Return an experiment with other values of any keys, each written `SECTION.KEY=VALUE`.

    Lists and tables are written as in YAML, such as `data.kinds=[note]`. Raises InputError, which
    names the key, if one is unknown, if a value does not fit, or if the keys contradict each other.
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
        place[name] = _parsed(value.strip(), assignment)
    try:
        changed = msgspec.convert(written, Experiment, strict=False)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$")
        where = f"{place.strip('.`')}: " if place else ""
        raise InputError(f"--set {' '.join(assignments)}: {where}{reason}") from None
    if faults := variation_faults(changed):
        raise InputError(*(f"--set {' '.join(assignments)}: {fault}" for fault in faults))
    return changed


def _parsed(value: str, assignment: str) -> Any:
    """Return a list or table; other values stay text, which is converted to the key's type."""
    if not value.startswith(("[", "{")):
        return value
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        raise InputError(
            f"--set {assignment}: the list or table is not closed; put it in quotes on the "
            "command line"
        ) from None
