"""Figures of key and chords on recordings with annotations, beside librosa's chroma."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmony.harmony import Chord, Harmony, HarmonyStream, harmony_of
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.chords.measures import (
    Labelled,
    key_number,
    key_score,
    majmin_class,
    majmin_share,
)
from model_build.chords.negatives import joined, negative_paths
from model_build.chords.peers import peer_chords, peer_chroma, peer_key
from model_build.chords.recordings import Recording, read_recordings, sounds

NEGATIVES = {"speech": 14, "noise": 14, "other": 12}
"""How many joined clips of each label have no key."""

_NEGATIVE_SEED = 0
_DRAWS = 2_000
_TRIAD_SOURCES = ("bach10", "bednarik-piano")
_TRIAD_STEP_SECONDS = 0.1
_LEAST_TRIADS = 10
_BLOCK_SAMPLES = 16_000


class Row(NamedTuple):
    """A figure and how certain it is."""

    figure: str
    value: float
    low: float
    """Lower end of the 95 % interval over independent sources."""
    high: float
    n: int
    """Recordings."""
    sources: int
    """Independent sources."""


class _Values:
    """Collects the values of each figure, with the source of each."""

    def __init__(self) -> None:
        self._values: dict[str, list[tuple[str, float]]] = defaultdict(list)

    def put(self, figure: str, value: float, source: str) -> None:
        self._values[figure].append((source, value))

    def rows(self) -> list[Row]:
        return [_row(figure, values) for figure, values in self._values.items()]


def harmony_rows(practice: Path, corpus: Path | None, *, rooms: bool) -> list[Row]:
    """Measure key and chords on the recordings, clean or in a room.

    Negatives of the corpus' dev split are in the clean rows only. Raises InputError if a folder is
    missing.
    """
    noises = negative_paths(corpus, "dev", "noise") if rooms else None
    wanted = [
        recording
        for recording in read_recordings(practice)
        if {"key", "chords"} & set(recording.truth) or _has_triads(recording)
    ]
    values = _Values()
    seconds = spent = 0.0
    for recording, samples in sounds(wanted, noises):
        started = time.process_time()
        found = harmony_of(samples)
        spent += time.process_time() - started
        seconds += len(samples) / SAMPLE_RATE_HZ
        chroma = peer_chroma(samples)
        if "key" in recording.truth:
            _measure_key(values, recording, found, samples, chroma)
        if "chords" in recording.truth:
            _measure_chords(values, recording, found, chroma)
        if _has_triads(recording):
            _measure_triads(values, recording, found, chroma)
    if not rooms:
        _measure_negatives(values, corpus)
    cost = 1000.0 * spent / seconds
    return [*values.rows(), Row("harmony, CPU ms per second", cost, cost, cost, len(wanted), 1)]


def table(rows: Sequence[Row]) -> str:
    """Return the rows as text, one a line."""
    return "\n".join(
        f"{row.figure:44} {row.value:7.3f}  {row.low:.3f} to {row.high:.3f}  "
        f"n = {row.n} of {row.sources} sources"
        for row in rows
    )


def _measure_key(
    values: _Values,
    recording: Recording,
    found: Harmony | None,
    samples: NDArray[np.float32],
    chroma: NDArray[np.float32],
) -> None:
    tonic, mode = recording.annotation("key")[0][:2]
    truth = key_number(f"{tonic} {mode}")
    short = _last_30_seconds(samples)
    guesses = {
        "key": found and found.guessed_key,
        "key, last 30 s": short and short.guessed_key,
    }
    for name, guess in guesses.items():
        score = key_score(key_number(guess), truth) if guess else 0.0
        values.put(f"{name}: weighted", score, recording.cluster)
        values.put(f"{name}: exact", float(score == 1.0), recording.cluster)
    peer = key_score(peer_key(chroma), truth)
    values.put("key, librosa with Krumhansl: weighted", peer, recording.cluster)
    values.put("key, librosa with Krumhansl: exact", float(peer == 1.0), recording.cluster)
    shown = key_score(key_number(found.key), truth) if found and found.key else None
    values.put("key: shown", float(shown is not None), recording.cluster)
    values.put("key: weighted, unknown as wrong", shown or 0.0, recording.cluster)
    if shown is not None:
        values.put("key: weighted, of the shown", shown, recording.cluster)


def _last_30_seconds(samples: NDArray[np.float32]) -> Harmony | None:
    stream = HarmonyStream()
    for start in range(0, len(samples), _BLOCK_SAMPLES):
        stream.push(samples[start : start + _BLOCK_SAMPLES])
    return stream.harmony()


def _measure_chords(
    values: _Values, recording: Recording, found: Harmony | None, chroma: NDArray[np.float32]
) -> None:
    truth = [
        Labelled(float(start), float(end), label)
        for start, end, label in recording.annotation("chords")
    ]
    for name, chords in (
        ("chords: majmin", _labelled(found)),
        ("chords, librosa with templates: majmin", peer_chords(chroma)),
    ):
        share = majmin_share(chords, truth)
        if share is not None:
            values.put(name, share, recording.cluster)


def _measure_triads(
    values: _Values, recording: Recording, found: Harmony | None, chroma: NDArray[np.float32]
) -> None:
    times, truth = triads(recording)
    if len(times) < _LEAST_TRIADS:
        return
    for name, chords in (
        ("chords of real triads", _labelled(found)),
        ("chords of real triads, librosa with templates", peer_chords(chroma)),
    ):
        starts = np.array([chord.start_seconds for chord in chords])
        places = np.searchsorted(starts, times, "right") - 1
        heard = np.array([majmin_class(chords[k].label) if k >= 0 else -1 for k in places])
        values.put(name, float(np.mean(heard == truth)), recording.cluster)


def triads(recording: Recording) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the times (n,), every 0.1 s, at which the notes are exactly a triad, and its class."""
    known = {
        frozenset((root + step) % 12 for step in (0, third, 7)): root + 12 * (third == 3)  # noqa: PLR2004 (a minor third)
        for root in range(12)
        for third in (4, 3)
    }
    notes = np.array([[float(x) for x in row[:3]] for row in recording.annotation("notes")])
    times, classes = [], []
    for instant in np.arange(_TRIAD_STEP_SECONDS, notes[:, 1].max(), _TRIAD_STEP_SECONDS):
        sounds_now = (notes[:, 0] + 0.03 <= instant) & (instant < notes[:, 1] + 0.05)
        pitches = frozenset(int(p) % 12 for p in np.rint(notes[sounds_now, 2]))
        if pitches in known:
            times.append(float(instant))
            classes.append(known[pitches])
    return np.array(times), np.array(classes, np.int64)


def _has_triads(recording: Recording) -> bool:
    return (
        recording.source in _TRIAD_SOURCES
        and recording.is_polyphonic
        and "notes" in recording.truth
    )


def _measure_negatives(values: _Values, corpus: Path | None) -> None:
    for number, sound in enumerate(negative_sounds(corpus)):
        found = harmony_of(sound)
        source = str(number)
        shown = found is not None and found.key is not None
        values.put("negatives with a key", float(shown), source)
        chords: list[Chord] = found.chords if found else []
        named = sum(end - start for start, end, label in chords if label != "N")
        values.put(
            "negatives: share of time with a chord", named * SAMPLE_RATE_HZ / len(sound), source
        )


def negative_sounds(corpus: Path | None) -> Iterator[NDArray[np.float32]]:
    """Yield 40 clips of about 16 s of the dev split's speech, noise and other sound."""
    for label, count in NEGATIVES.items():
        rng = np.random.default_rng(_NEGATIVE_SEED)
        yield from joined(negative_paths(corpus, "dev", label), rng, count)


def _labelled(found: Harmony | None) -> list[Labelled]:
    return [Labelled(*chord) for chord in found.chords] if found else []


def _row(figure: str, values: list[tuple[str, float]]) -> Row:
    """Return the mean with its interval: the bootstrap over sources."""
    names = sorted({source for source, _ in values})
    sums = np.array([sum(v for s, v in values if s == name) for name in names])
    counts = np.array([sum(1 for s, _ in values if s == name) for name in names])
    draws = np.random.default_rng(0).integers(len(names), size=(_DRAWS, len(names)))
    means = sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    mean = float(sums.sum() / counts.sum())
    return Row(figure, mean, float(low), float(high), len(values), len(names))
