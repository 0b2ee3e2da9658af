"""Carry the thresholds of an earlier model over to a model that continues its training."""

from collections.abc import Sequence
from pathlib import Path

from daemon.hearing.logits import logit, shift_probability
from daemon.hearing.model_file import Calibration, read_contract

EARLIER_SHARE = 0.5
"""Weight of the earlier model's thresholds in the mean, in logits.

The rehearsed days hold few players of each family. On them, the mean had as many hits as the
earlier thresholds, with two thirds of the false events.
"""


def with_earlier_thresholds(
    families: Sequence[str],
    thresholds: Sequence[float],
    calibration: Sequence[Calibration],
    earlier: Path,
) -> tuple[float, ...]:
    """Return the mean of rehearsed thresholds and those of the model file `earlier`.

    Both are compared as the logits of the network, because each model has its own calibration, and
    averaged as logits of this model's scores. Both models have the same families. Raises InputError
    if the file cannot be read.
    """
    contract = read_contract(earlier)
    operating_points = zip(contract.thresholds, contract.calibration, strict=True)
    known = dict(zip(contract.families, operating_points, strict=True))
    mean = []
    for family, found, own in zip(families, thresholds, calibration, strict=True):
        before, its_own = known[family]
        of_network = (logit(before) - its_own.offset) * its_own.temperature
        carried = of_network / own.temperature + own.offset
        mean.append(shift_probability(found, EARLIER_SHARE * (carried - logit(found))))
    return tuple(mean)
