"""Measure the pitch curve and the tuning on annotated recordings, beside librosa.

Run: python -m model_build.pitch.evaluate [--rooms]; the folders come from TIMBREL_PRACTICE and
TIMBREL_CORPUS. The recordings are for measuring only: never choose a constant by these figures.
"""

import argparse
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from daemon.practice.pitch.curve import pitch_curve
from daemon.practice.spectral_peaks import steady_peaks
from daemon.practice.tuning import STANDARD_A4_HZ, estimated_tuning
from daemon.sound.sound_file import read_sound
from model_build.pitch.across_a_room import Samples, across_a_room
from model_build.pitch.joined_negatives import JoinedNegative, joined_negatives, negative_files
from model_build.pitch.melody_figures import Melody, melody_figures
from model_build.pitch.peers import compile_peers, librosa_a4_hz, pyin_melody
from model_build.pitch.practice_set import Recording, read_a4_hz, read_pitch, read_practice
from model_build.pitch.source_interval import Estimate, mean_over_sources
from model_build.workers import parallel_map

OURS, PYIN, ESTIMATE_TUNING = "timbrel", "librosa.pyin", "librosa.estimate_tuning"

_CLOSE_CENTS = 5.0
_SEMITONE_CENTS = 100.0

Figures: TypeAlias = dict[tuple[str, str], float]
"""Figures of one recording, by name and program."""


class Row(NamedTuple):
    """One figure of one program."""

    figure: str
    """What is measured."""
    program: str
    """`timbrel` or the peer."""
    estimate: Estimate
    """Mean over recordings, with its interval over sources."""


class _Task(NamedTuple):
    recording: Recording
    noises: tuple[Path, ...] | None
    """Household noise; None: the recording is measured as it is, not across a room."""

    def heard(self) -> Samples:
        samples = read_sound(str(self.recording.path))
        if self.noises is None:
            return samples
        return across_a_room(samples, self.noises, number=self.recording.number)


def pitch_rows(
    practice: Path | None, corpus: Path | None, *, rooms: bool, workers: int | None = None
) -> list[Row]:
    """Return all rows; with `rooms`, each recording is heard across a room with household noise.

    Without `rooms`, the rows include the negatives of the corpus. Raises InputError if a folder is
    missing.
    """
    recordings = read_practice(practice)
    noises = tuple(negative_files(corpus, "noise")) if rooms else None
    compile_peers()
    rows = _rows(_tasks(recordings, "f0", noises), _pitch_figures, "pitch", workers)
    rows += _rows(_tasks(recordings, "tuning", noises), _tuning_figures, "tuning", workers)
    return rows if rooms else rows + _negative_rows(corpus, workers)


def text_of(row: Row) -> str:
    """Return a row as a line: figure, program, mean, interval and number of recordings."""
    value, low, high, n = row.estimate
    return f"{row.figure:32} {row.program:24} {value:7.3f}  [{low:.3f}, {high:.3f}]  n = {n}"


def _tasks(
    recordings: Sequence[Recording], kind: str, noises: tuple[Path, ...] | None
) -> list[_Task]:
    return [_Task(recording, noises) for recording in recordings if kind in recording.truth]


def _rows(
    tasks: Sequence[_Task], measure: Callable[[_Task], Figures], label: str, workers: int | None
) -> list[Row]:
    found = list(parallel_map(measure, tasks, label=label, workers=workers))
    sources = [task.recording.source for task in tasks]
    return [
        Row(*name, mean_over_sources([figures[name] for figures in found], sources))
        for name in (found[0] if found else {})
    ]


def _pitch_figures(task: _Task) -> Figures:
    heard = task.heard()
    truth = read_pitch(task.recording.truth["f0"])
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


def _tuning_figures(task: _Task) -> Figures:
    heard = task.heard()
    truth_hz = read_a4_hz(task.recording.truth["tuning"])
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


def _negative_rows(corpus: Path | None, workers: int | None) -> list[Row]:
    clips = joined_negatives(corpus)
    given = list(parallel_map(_has_a4, clips, label="negatives", workers=workers))
    # Each clip is a source of its own: it joins four random recordings.
    names = [str(number) for number in range(len(clips))]
    rows = [Row("negatives that get an A4", OURS, mean_over_sources(given, names))]
    for sort in sorted({clip.sort for clip in clips}):
        of = [value for value, clip in zip(given, clips, strict=True) if clip.sort == sort]
        rows.append(Row(f"... {sort}", OURS, mean_over_sources(of, names[: len(of)])))
    return rows


def _has_a4(clip: JoinedNegative) -> float:
    estimate = estimated_tuning(steady_peaks(clip.read()))
    return float(estimate is not None and estimate.a4_hz is not None)


def _main() -> None:
    parser = argparse.ArgumentParser(description="Measure the pitch curve and the tuning.")
    parser.add_argument("--rooms", action="store_true", help="across a room, with household noise")
    parser.add_argument("--workers", type=int, metavar="N", help="number of processes")
    options = parser.parse_args()
    folders = (os.environ.get(name) for name in ("TIMBREL_PRACTICE", "TIMBREL_CORPUS"))
    practice, corpus = (Path(folder) if folder else None for folder in folders)
    for row in pitch_rows(practice, corpus, rooms=options.rooms, workers=options.workers):
        print(text_of(row))


if __name__ == "__main__":
    _main()
