"""Measure tempo, beats and swells on annotated recordings, beside librosa's."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soxr
from numpy.typing import NDArray

from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.practice.dynamics import LevelMeter, Swell, swells
from daemon.practice.tempo import STABILITY_SECONDS, find_rhythm
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.practice.across_a_room import across_a_room
from model_build.practice.joined_negatives import JoinedNegative
from model_build.practice.practice_set import Recording
from model_build.practice.row import OURS, Row, Sheet
from model_build.progress import with_progress
from model_build.rhythm.measures import RATIOS, beats_f_measure, covered, is_near

KINDS = {"tempo", "beats", "dynamics"}
"""The annotations that are used."""
LIBROSA = "librosa"
"""The program that figures are compared with."""

_LIBROSA_RATE_HZ = 22_050
_LIVE_FRAMES = round(STABILITY_SECONDS * 100)

Samples = NDArray[np.float32]


class _Truth(NamedTuple):
    """What is annotated of a recording."""

    cluster: str
    """One player or recording."""
    bpm: float | None
    """The annotated tempo, if any."""
    beats_seconds: NDArray[np.float64]
    """The annotated beats (b,); empty without annotation."""
    swells: list[Swell]
    """The marked swells."""


def rhythm_rows(
    recordings: Sequence[Recording], noises: Sequence[Path], negatives: Sequence[JoinedNegative]
) -> list[Row]:
    """Return the figures of tempo, beats and swells, ours and librosa's.

    With `noises`, each recording is heard across a room. Of `negatives`, the share that gets a
    tempo is measured. Raises InputError if an annotation cannot be read.
    """
    sheet, log_mel = Sheet(), LogMel(FrontEnd())
    wanted = [recording for recording in recordings if KINDS & recording.truth.keys()]
    for recording in with_progress(wanted, "tempo and dynamics"):
        truth, samples = _truth(recording), recording.samples()
        if noises:
            samples = across_a_room(samples, noises, number=recording.number)
        if truth.bpm is not None:
            _measure_tempo(sheet, truth, samples, log_mel)
        if truth.swells:
            _measure_swells(sheet, truth, samples)
    for number, clip in enumerate(with_progress(negatives, "negatives")):
        found = find_rhythm(log_mel.frames(clip.read()))
        given = found is not None and found.is_steady
        sheet.put("negatives that get a tempo", float(given), str(number))
    return sheet.rows()


def _truth(recording: Recording) -> _Truth:
    tables = {kind: recording.annotation(kind) for kind in KINDS & recording.truth.keys()}
    tempo = tables.get("tempo")
    return _Truth(
        recording.cluster,
        float(tempo[0]["bpm"]) if tempo else None,
        np.array([float(line["time_s"]) for line in tables.get("beats", [])]),
        [_swell(line) for line in tables.get("dynamics", [])],
    )


def _swell(line: dict[str, str]) -> Swell:
    return Swell(
        float(line["start_s"]),
        float(line["end_s"]),
        "crescendo" if line["label"] == "crescendo" else "decrescendo",
    )


def _measure_tempo(sheet: Sheet, truth: _Truth, samples: Samples, log_mel: LogMel) -> None:
    frames = log_mel.frames(samples)
    start_seconds = max(0, len(frames) - _LIVE_FRAMES) / 100
    for name, part, start in (("", frames, 0.0), (", 30 s", frames[-_LIVE_FRAMES:], start_seconds)):
        found = find_rhythm(part)
        _put_tempo(sheet, truth, f"tempo{name}, best guess", found and found.guessed_bpm)
        _put_tempo(sheet, truth, f"tempo{name}, unknown is wrong", found and found.tempo_bpm)
        is_unknown = found is None or not found.is_steady
        sheet.put(f"tempo{name}, unknown", float(is_unknown), truth.cluster)
        beats = np.zeros(0) if found is None else found.beats_seconds + start
        _put_beats(sheet, truth, f"beats{name}, F", beats)
    bpm, beats = _librosa_rhythm(samples)
    _put_tempo(sheet, truth, "tempo, best guess", bpm, LIBROSA)
    _put_beats(sheet, truth, "beats, F", beats, LIBROSA)


def _put_tempo(
    sheet: Sheet, truth: _Truth, name: str, bpm: float | None, program: str = OURS
) -> None:
    true = truth.bpm or 0.0
    sheet.put(name, float(is_near(bpm, true)), truth.cluster, program)
    near = is_near(bpm, true, RATIOS)
    sheet.put(f"{name}, octaves allowed", float(near), truth.cluster, program)


def _put_beats(
    sheet: Sheet,
    truth: _Truth,
    name: str,
    beats_seconds: NDArray[np.float64],
    program: str = OURS,
) -> None:
    if len(truth.beats_seconds):
        value = beats_f_measure(beats_seconds, truth.beats_seconds)
        sheet.put(name, value, truth.cluster, program)


def _librosa_rhythm(samples: Samples) -> tuple[float, NDArray[np.float64]]:
    """Return librosa's tempo, and its beats in seconds (b,), at the rate it is made for."""
    import librosa

    sound = soxr.resample(samples, SAMPLE_RATE_HZ, _LIBROSA_RATE_HZ)
    bpm = librosa.feature.tempo(y=sound, sr=_LIBROSA_RATE_HZ)
    _, beats = librosa.beat.beat_track(y=sound, sr=_LIBROSA_RATE_HZ, units="time")
    return float(bpm[0]), np.asarray(beats, np.float64)


def _measure_swells(sheet: Sheet, truth: _Truth, samples: Samples) -> None:
    found = swells(LevelMeter(SAMPLE_RATE_HZ).levels(samples))
    sheet.put("marked swells found", covered(truth.swells, found), truth.cluster)
    sheet.put("swells said per marked", len(found) / len(truth.swells), truth.cluster)
