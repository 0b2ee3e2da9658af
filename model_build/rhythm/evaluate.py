"""Measure tempo, beats and swells on annotated recordings, beside librosa's.

Run it as `python -m model_build.rhythm.evaluate --practice DIR --corpus DIR`.
"""

import argparse
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.practice.dynamics import LevelMeter, swells
from daemon.practice.tempo import STABILITY_SECONDS, find_rhythm
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.progress import with_progress
from model_build.rhythm.measures import RATIOS, Row, beats_f_measure, covered, is_near, row
from model_build.rhythm.practice_set import Recording, dev_noises, recordings, without_music

_LIBROSA_RATE_HZ = 22_050
_LIVE_FRAMES = round(STABILITY_SECONDS * 100)

Samples = NDArray[np.float32]


class _Sheet:
    """Values by figure, in the order in which they first came."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = defaultdict(list)
        self._sources: dict[str, list[str]] = defaultdict(list)

    def put(self, source: str, figure: str, value: float) -> None:
        self._values[figure].append(value)
        self._sources[figure].append(source)

    def rows(self) -> list[Row]:
        return [row(name, self._values[name], self._sources[name]) for name in self._values]


def rhythm_rows(practice: Path, corpus: Path, *, rooms: bool) -> list[Row]:
    """Return the figures of tempo, beats and swells, ours and librosa's, clean or in rooms.

    Clean rows also say how many of 40 recordings without music get a tempo. Raises InputError if a
    folder cannot be read.
    """
    sheet, log_mel = _Sheet(), LogMel(FrontEnd())
    noises = dev_noises(corpus) if rooms else []
    for recording in with_progress(recordings(practice, noises), "recordings"):
        if recording.bpm is not None:
            _measure_tempo(sheet, recording, log_mel)
        if recording.swells:
            _measure_swells(sheet, recording)
    if not rooms:
        for number, samples in enumerate(without_music(corpus, "dev")):
            found = find_rhythm(log_mel.frames(samples))
            given = found is not None and found.is_steady
            sheet.put(str(number), "no music, but a tempo", float(given))
    return sheet.rows()


def _measure_tempo(sheet: _Sheet, recording: Recording, log_mel: LogMel) -> None:
    frames = log_mel.frames(recording.samples)
    start_seconds = max(0, len(frames) - _LIVE_FRAMES) / 100
    for name, part, start in (("", frames, 0.0), (", 30 s", frames[-_LIVE_FRAMES:], start_seconds)):
        found = find_rhythm(part)
        _put_tempo(sheet, recording, f"tempo{name}, best guess", found and found.guessed_bpm)
        _put_tempo(sheet, recording, f"tempo{name}, unknown is wrong", found and found.tempo_bpm)
        sheet.put(
            recording.source,
            f"tempo{name}, unknown",
            float(found is None or not found.is_steady),
        )
        beats = np.zeros(0) if found is None else found.beats_seconds + start
        _put_beats(sheet, recording, f"beats{name}, F", beats)
    bpm, beats = _librosa_rhythm(recording.samples)
    _put_tempo(sheet, recording, "tempo, librosa", bpm)
    _put_beats(sheet, recording, "beats, librosa, F", beats)


def _put_tempo(sheet: _Sheet, recording: Recording, name: str, bpm: float | None) -> None:
    true = recording.bpm or 0.0
    sheet.put(recording.source, name, float(is_near(bpm, true)))
    sheet.put(recording.source, f"{name}, octaves allowed", float(is_near(bpm, true, RATIOS)))


def _put_beats(
    sheet: _Sheet, recording: Recording, name: str, beats_seconds: NDArray[np.float64]
) -> None:
    if len(recording.beats_seconds):
        value = beats_f_measure(beats_seconds, recording.beats_seconds)
        sheet.put(recording.source, name, value)


def _librosa_rhythm(samples: Samples) -> tuple[float, NDArray[np.float64]]:
    """Return librosa's tempo, and its beats in seconds (b,), at the rate it is made for."""
    import librosa

    sound = soxr.resample(samples, SAMPLE_RATE_HZ, _LIBROSA_RATE_HZ)
    bpm = librosa.feature.tempo(y=sound, sr=_LIBROSA_RATE_HZ)
    _, beats = librosa.beat.beat_track(y=sound, sr=_LIBROSA_RATE_HZ, units="time")
    return float(bpm[0]), np.asarray(beats, np.float64)


def _measure_swells(sheet: _Sheet, recording: Recording) -> None:
    found = swells(LevelMeter(SAMPLE_RATE_HZ).levels(recording.samples))
    marked = recording.swells
    sheet.put(recording.source, "marked swells found", covered(marked, found))
    sheet.put(recording.source, "swells said per marked", len(found) / len(marked))


def table(rows: list[Row]) -> Iterator[str]:
    """Yield a line for each row."""
    for figure, value, n, low, high in rows:
        yield f"{figure:48} {value:.3f}  {low:.3f}-{high:.3f}  n = {n}"


def main() -> None:
    """Print the figures, clean and in rooms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--practice", type=Path, default=os.environ.get("TIMBREL_PRACTICE"))
    parser.add_argument("--corpus", type=Path, default=os.environ.get("TIMBREL_CORPUS"))
    options = parser.parse_args()
    for rooms in (False, True):
        print("in rooms" if rooms else "clean")
        for line in table(rhythm_rows(options.practice, options.corpus, rooms=rooms)):
            print(f"  {line}")


if __name__ == "__main__":
    main()
