"""The spectrogram of a clip as a PNG inside the page."""

import base64
import io
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.sound.sound_file import read_sound
from daemon.sound.window import WINDOW_SAMPLES


def spectrogram(path: Path, description: str) -> str:
    """Return the log-mel frames of a clip's first 4 s as an image, low bands at the bottom.

    Empty if the clip cannot be read.
    """
    try:
        samples = read_sound(str(path))[:WINDOW_SAMPLES]
    except InputError:
        return ""
    frames = LogMel(FrontEnd()).frames(np.pad(samples, (0, WINDOW_SAMPLES - len(samples))))
    return f'<img alt="{escape(description)}" src="{_png(frames.T)}">'


def _png(bands: NDArray[np.float32]) -> str:
    """Return values (bands, frames) as a data address."""
    from matplotlib import image

    file = io.BytesIO()
    save: Any = image.imsave
    save(file, bands, cmap="magma", origin="lower", format="png")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
