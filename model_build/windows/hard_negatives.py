"""Which negatives are hard: those that the base network takes for an instrument.

They are drawn more often, because a network learns little from the many that it gets right anyway:
Sung and Poggio, "Example-based learning for view-based human face detection" (1998).
"""

from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np

from daemon.sound.window import WINDOW_SAMPLES
from model_build.corpus.decoded import Sounds
from model_build.networks.peer import peer_scores
from model_build.progress import with_progress
from model_build.run_folder import RunFolder, write_json
from model_build.windows.used_clips import UsedClip

_CERTAIN = 0.05
"""Score of the base's classes of instruments from which a negative counts as hardest."""


def write_weights(used: Iterable[UsedClip], run: RunFolder, base: Path, weight: float) -> None:
    """Write how often each negative is drawn: 1 for easy ones, up to 1 + `weight` for hard ones.

    Raises InputError if `base` is not YAMNet.
    """
    if run.weights.exists():
        return
    score, sounds = peer_scores(base), Sounds(run.sounds)
    negatives = [(n, one.clip) for n, one in enumerate(used) if one.clip.kind == "negative"]
    found = {}
    for index, clip in with_progress(negatives, "hard negatives"):
        highest = float(score(np.resize(sounds[index], WINDOW_SAMPLES)).max())
        found[clip.path] = 1.0 + weight * min(1.0, highest / _CERTAIN)
    write_json(run.weights, found)


def read_weights(run: RunFolder) -> dict[str, float]:
    """Return the weight of each negative by path; empty if the run has none."""
    if not run.weights.exists():
        return {}
    return msgspec.json.decode(run.weights.read_bytes(), type=dict[str, float])
