"""How often models were measured on the dev clips: each one makes the figures more optimistic."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from daemon.configuration.yaml.yaml_file import read_yaml
from model_build.run_folder import write_json


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The measurements of one model."""

    model: str
    """Name of the model."""
    times: Annotated[int, Meta(ge=0)]
    """Number of measurements."""
    why: str = ""
    """Their reason."""


class DevReadings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `dev-readings.yaml`."""

    readings: tuple[Reading, ...] = ()
    """The measurements of each model, in the order of the table."""

    @property
    def times(self) -> int:
        """Number of all measurements."""
        return sum(reading.times for reading in self.readings)

    @property
    def times_in_words(self) -> str:
        """Number of all measurements in words; empty if there are none."""
        return {0: "", 1: "once"}.get(self.times, f"{self.times} times")


def count_reading(file: Path, model: str) -> None:
    """Add one measurement of the model to a file of readings, which is created if needed.

    Raises InputError if the file is invalid.
    """
    readings = read_yaml(file, DevReadings).readings if file.exists() else ()
    times = sum(reading.times for reading in readings if reading.model == model)
    counted = Reading(model, times + 1, why="measured at the end of timbrel-build all")
    write_json(file, DevReadings((*(r for r in readings if r.model != model), counted)))
