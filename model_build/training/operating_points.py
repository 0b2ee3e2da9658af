"""The operating points of a run: how its model turns logits into detections."""

import msgspec

from daemon.hearing.model_file import Calibration
from model_build.run_folder import RunFolder


class OperatingPoints(msgspec.Struct, frozen=True):
    """Calibration and threshold of each family, in the recipe's order, and their quality."""

    calibration: tuple[Calibration, ...]
    """Temperature and offset of each family."""
    thresholds: tuple[float, ...]
    """Score in 0..1 from which on a family counts as detected."""
    precision: tuple[float, ...]
    """Share of detections in held-out windows that are right, 0..1."""
    recall: tuple[float, ...]
    """Share of held-out windows of the family that are detected, 0..1."""


def read_operating_points(run: RunFolder) -> OperatingPoints:
    """Read the run's operating points. Raises InputError if there are none yet."""
    document = run.needed(run.operating_points, "thresholds").read_bytes()
    return msgspec.json.decode(document, type=OperatingPoints)
