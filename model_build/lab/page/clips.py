"""Sound and spectrograms of recordings as files that a page loads when it shows them."""

import hashlib
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.log_mel import FrontEnd, LogMel
from model_build.corpus.formats.labelled import Example
from model_build.lab.data.sound import Samples, read_example
from model_build.lab.executor.pool import Workers, open_pool, ordered
from model_build.lab.page.shared_file import shared_file

FOLDER = "clips"
MOST_SECONDS = 10.0
"""Seconds of a recording that a page plays and draws."""

_RATE_HZ = 24_000
_PICTURE_HZ = 16_000
_PICTURE = FrontEnd(fft_size=1_024, bands=96, low_hz=40.0, high_hz=8_000.0)
_MOST_COLUMNS = 400
_RANGE = 7.0
"""Natural logarithms between black and the brightest value: 61 dB."""
_PLAYED_BY_BROWSERS = {".wav", ".mp3", ".ogg", ".opus", ".flac"}
_MOST_COPIED_BYTES = 300_000


class ClipFile(msgspec.Struct, frozen=True):
    """The files of a recording, by their names in the folder of clips."""

    sound: str
    """Its sound."""
    picture: str
    """Its spectrogram."""
    seconds: float
    """Seconds of both."""


def write_clips(
    examples: Sequence[Example], folder: Path, workers: Workers = None
) -> list[ClipFile | None]:
    """Write the files of recordings to a folder, and return their names; None for unusable ones.

    Files that are there are kept: all runs of the same recordings share them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open_pool(workers) as pool:
        return list(ordered(pool, partial(_write_clip, folder), examples, label="clips"))


def spectrogram(samples: Samples) -> NDArray[np.uint8]:
    """Return brightness (bands, columns) of sound at 16 kHz, low bands at the bottom."""
    short = max(0, _PICTURE.frame_samples - len(samples))
    frames = LogMel(_PICTURE).frames(np.pad(samples, (0, short)))
    step = -(-len(frames) // _MOST_COLUMNS)
    columns = frames[: len(frames) // step * step].reshape(-1, step, frames.shape[1]).max(axis=1)
    return brightness(columns.T[::-1], float(columns.max()) - _RANGE)


def brightness(values: NDArray[np.float32], lowest: float | None = None) -> NDArray[np.uint8]:
    """Return values as brightness, from the lowest to the highest value."""
    low = float(values.min()) if lowest is None else lowest
    share = (values - low) / max(float(values.max()) - low, 1e-9)
    return np.asarray(np.clip(share, 0.0, 1.0) * 255, np.uint8)


def write_picture(path: Path, values: NDArray[np.uint8]) -> None:
    """Write brightness (rows, columns) as a picture in matplotlib's colours `magma`."""
    from matplotlib import colormaps
    from PIL import Image

    colours = colormaps["magma"](np.linspace(0.0, 1.0, 256))[:, :3] * 255
    with shared_file(path) as fresh:
        Image.fromarray(colours.astype(np.uint8)[values]).save(fresh, quality=70)


def clip_key(example: Example) -> str:
    """Return a name for the files of a recording, which changes if its file does."""
    state = Path(example.file).stat()
    parts = (example.file, state.st_size, state.st_mtime_ns, example.start_seconds, example.seconds)
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]


def _write_clip(folder: Path, example: Example) -> ClipFile | None:
    try:
        key = clip_key(example)
        note = folder / f"{key}.json"
        if not note.is_file():
            written = _written(folder, key, example)
            with shared_file(note) as fresh:
                fresh.write_bytes(msgspec.json.encode(written))
        return msgspec.json.decode(note.read_bytes(), type=ClipFile)
    except InputError:
        return None
    except OSError as error:
        if not Path(example.file).is_file():
            return None
        raise InputError(f"{folder}: {error.strerror}; make room for the clips") from None


def _written(folder: Path, key: str, example: Example) -> ClipFile:
    samples = read_example(example, _RATE_HZ)[: round(MOST_SECONDS * _RATE_HZ)]
    source = Path(example.file)
    suffix = source.suffix.lower()
    is_copied = (
        example.seconds is None
        and suffix in _PLAYED_BY_BROWSERS
        and source.stat().st_size <= _MOST_COPIED_BYTES
        and len(samples) < MOST_SECONDS * _RATE_HZ
    )
    sound = f"{key}{suffix if is_copied else '.flac'}"
    with shared_file(folder / sound) as fresh:
        if is_copied:
            shutil.copyfile(source, fresh)
        else:
            soundfile.write(fresh, np.clip(samples, -1.0, 1.0), _RATE_HZ)
    picture = f"{key}.webp"
    shown = soxr.resample(samples, _RATE_HZ, _PICTURE_HZ)
    write_picture(folder / picture, spectrogram(shown))
    return ClipFile(sound, picture, round(len(samples) / _RATE_HZ, 3))
