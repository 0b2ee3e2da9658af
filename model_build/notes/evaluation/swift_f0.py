"""The pitch that SwiftF0 finds, to compare; it needs onnxruntime, which the build does without."""

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_LEAST_CONFIDENCE = 0.5
_LEAST_SAMPLES = 256

Samples = NDArray[np.float32]


def swift_f0_pitch(path: Path) -> Callable[[Samples], float | None] | None:
    """Return a function from samples at 16 kHz to a pitch: the median of SwiftF0's sure frames.

    None if the file or onnxruntime is missing.
    """
    if importlib.util.find_spec("onnxruntime") is None or not path.is_file():
        return None
    session = importlib.import_module("onnxruntime").InferenceSession(str(path))
    entry = session.get_inputs()[0].name

    def pitch(samples: Samples) -> float | None:
        padded = np.pad(samples, (0, max(0, _LEAST_SAMPLES - len(samples))))
        hz, confidence = session.run(None, {entry: padded[None]})[:2]
        sure = confidence[0] > min(_LEAST_CONFIDENCE, float(confidence.max()))
        found = hz[0][sure]
        return float(69.0 + 12.0 * np.log2(np.median(found) / 440.0)) if len(found) else None

    return pitch
