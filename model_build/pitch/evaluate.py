"""Measure the pitch curve and the tuning on annotated recordings, beside librosa."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from daemon.practice.pitch.curve import pitch_curve
from daemon.practice.spectral_peaks import steady_peaks
from daemon.practice.tuning import STANDARD_A4_HZ, estimated_tuning
from model_build.pitch.melody_figures import Melody, melody_figures
from model_build.pitch.peers import librosa_a4_hz, pyin_melody
from model_build.practice.across_a_room import Samples, across_a_room
from model_build.practice.joined_negatives import JoinedNegative
from model_build.practice.practice_set import Recording
from model_build.practice.row import OURS, Row, Sheet
from model_build.workers import parallel_map

PYIN, ESTIMATE_TUNING = "librosa.pyin", "librosa.estimate_tuning"

_CLOSE_CENTS = 5.0
_SEMITONE_CENTS = 100.0

Figures: TypeAlias = dict[tuple[str, str], float]
"""Figures of one recording, by name and program."""


class _Task(NamedTuple):
    recording: Recording
    noises: tuple[Path, ...]
    """Household noise; none: the recording is measured as it is, not across a room."""

    def heard(self) -> Samples:
        samples = self.recording.samples()
        if not self.noises:
            return samples
        return across_a_room(samples, self.noises, number=self.recording.number)


def pitch_rows(
    recordings: Sequence[Recording],
    noises: Sequence[Path],
    negatives: Sequence[JoinedNegative],
    workers: int | None = None,
) -> list[Row]:
    """Return the figures of pitch and A4, ours and librosa's, measured by several processes.

    With `noises`, each recording is heard across a room. Of `negatives`, the share that gets an A4
    is measured. Raises InputError if an annotation cannot be read.
    """
    sheet = Sheet()
    for kind, measure in (("f0", _pitch_figures), ("tuning", _tuning_figures)):
        tasks = [_Task(r, tuple(noises)) for r in recordings if kind in r.truth]
        _measure(sheet, tasks, measure, kind, workers)
    given = parallel_map(_has_a4, negatives, label="negatives", workers=workers)
    for number, (clip, value) in enumerate(zip(negatives, given, strict=True)):
        # Each clip is a source of its own: it joins four random recordings.
        sheet.put("negatives that get an A4", value, str(number))
        sheet.put(f"... {clip.sort}", value, str(number))
    return sheet.rows()


def _measure(
    sheet: Sheet,
    tasks: Sequence[_Task],
    measure: Callable[[_Task], Figures],
    label: str,
    workers: int | None,
) -> None:
    found = parallel_map(measure, tasks, label=label, workers=workers)
    for task, figures in zip(tasks, found, strict=True):
        for (figure, program), value in figures.items():
            sheet.put(figure, value, task.recording.cluster, program)


def _pitch_figures(task: _Task) -> Figures:
    heard = task.heard()
    truth = _annotated_pitch(task.recording)
    curve = pitch_curve(heard)
    melodies = {
        OURS: Melody(curve.seconds, curve.hz, curve.is_voiced),
        PYIN: pyin_melody(heard),
    }
    figures: Figures = {}
    for program, melody in melodies.items():
        of = melody_figures(*truth, melody)
        figures["pitch: raw accuracy", program] = of.raw_pitch
        figures["pitch: overall accuracy", program] = of.overall
        figures["pitch: false voicing", program] = of.false_voicing
    return figures


def _annotated_pitch(
    recording: Recording,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times (n,) in seconds and pitch (n,) in hertz; 0 is silence."""
    rows = [list(map(float, row.values())) for row in recording.annotation("f0")]
    table = np.array(rows)
    return table[:, 0], table[:, 1]


def _tuning_figures(task: _Task) -> Figures:
    heard = task.heard()
    truth_hz = float(task.recording.annotation("tuning")[0]["a4_hz"])
    estimate = estimated_tuning(steady_peaks(heard))
    best_hz = STANDARD_A4_HZ if estimate is None else estimate.best_a4_hz
    figures: Figures = {}
    for program, hz in ((OURS, best_hz), (ESTIMATE_TUNING, librosa_a4_hz(heard))):
        cents = _cents_apart(hz, truth_hz)
        figures["A4: mean error, cents", program] = cents
        figures["A4: within 5 cents", program] = float(cents <= _CLOSE_CENTS)
    is_unknown = estimate is None or estimate.a4_hz is None
    figures["A4: said to be unknown", OURS] = float(is_unknown)
    return figures


def _cents_apart(hz: float, truth_hz: float) -> float:
    """Return the distance of two A4 in cents, modulo a semitone."""
    cents = 1200.0 * math.log2(hz / truth_hz) % _SEMITONE_CENTS
    return min(cents, _SEMITONE_CENTS - cents)


def _has_a4(clip: JoinedNegative) -> float:
    estimate = estimated_tuning(steady_peaks(clip.read()))
    return float(estimate is not None and estimate.a4_hz is not None)
