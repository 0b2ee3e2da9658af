"""Settings and sounds for tests of distillation."""

import numpy as np
from numpy.typing import NDArray

from daemon.hearing.log_mel import FrontEnd, LogMel
from model_build.recipe import Teaching
from tests.model_build.conftest import tone

FAMILIES = ("flute", "organ")
TEACHING = Teaching(
    head_units=8,
    dropout=0.0,
    embedding_weight=1.0,
    classes_weight=1.0,
    family_weight=1.0,
    trunk_share=0.25,
    base_share=0.0,
    known_weight=0.5,
    music_weight=0.25,
)


def patches() -> NDArray[np.float32]:
    """Return two patches of tones, (2, 96, 64)."""
    samples = np.concatenate([tone(440.0, 0.98, 3), tone(200.0, 0.98, 9)])
    return np.stack([LogMel(FrontEnd()).frames(samples)[first : first + 96] for first in (0, 97)])
