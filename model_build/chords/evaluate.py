"""Figures of key and chords on recordings with annotations, beside librosa's chroma."""

from collections.abc import Sequence
from pathlib import Path

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
from model_build.chords.peers import peer_chords, peer_chroma, peer_key
from model_build.practice.across_a_room import across_a_room
from model_build.practice.joined_negatives import JoinedNegative
from model_build.practice.practice_set import Recording
from model_build.practice.row import OURS, Row, Sheet
from model_build.progress import with_progress

KRUMHANSL, TEMPLATES = "Krumhansl on chroma", "chroma templates"
"""The programs that figures are compared with, both on librosa's chroma."""

_TRIAD_SOURCES = ("bach10", "bednarik-piano")
_TRIAD_STEP_SECONDS = 0.1
_LEAST_TRIADS = 10
_BLOCK_SAMPLES = 16_000


def harmony_rows(
    recordings: Sequence[Recording], noises: Sequence[Path], negatives: Sequence[JoinedNegative]
) -> list[Row]:
    """Return the figures of key and chords, ours and those of usual methods.

    With `noises`, each recording is heard across a room. Of `negatives`, the share that gets a key
    is measured. Raises InputError if an annotation cannot be read.
    """
    sheet = Sheet()
    wanted = [r for r in recordings if {"key", "chords"} & set(r.truth) or _has_triads(r)]
    for recording in with_progress(wanted, "key and chords"):
        samples = recording.samples()
        if noises:
            samples = across_a_room(samples, noises, number=recording.number)
        found, chroma = harmony_of(samples), peer_chroma(samples)
        if "key" in recording.truth:
            _measure_key(sheet, recording, found, samples, chroma)
        if "chords" in recording.truth:
            _measure_chords(sheet, recording, found, chroma)
        if _has_triads(recording):
            _measure_triads(sheet, recording, found, chroma)
    for number, clip in enumerate(with_progress(negatives, "negatives")):
        _measure_negative(sheet, clip.read(), str(number))
    return sheet.rows()


def _measure_key(
    sheet: Sheet,
    recording: Recording,
    found: Harmony | None,
    samples: NDArray[np.float32],
    chroma: NDArray[np.float32],
) -> None:
    row = recording.annotation("key")[0]
    truth = key_number(f"{row['tonic']} {row['mode']}")
    short = _last_30_seconds(samples)
    guesses = {
        "key": found and found.guessed_key,
        "key, last 30 s": short and short.guessed_key,
    }
    for name, guess in guesses.items():
        score = key_score(key_number(guess), truth) if guess else 0.0
        sheet.put(f"{name}: weighted", score, recording.cluster)
        sheet.put(f"{name}: exact", float(score == 1.0), recording.cluster)
    peer = key_score(peer_key(chroma), truth)
    sheet.put("key: weighted", peer, recording.cluster, KRUMHANSL)
    sheet.put("key: exact", float(peer == 1.0), recording.cluster, KRUMHANSL)
    shown = key_score(key_number(found.key), truth) if found and found.key else None
    sheet.put("key: shown", float(shown is not None), recording.cluster)
    sheet.put("key: weighted, unknown as wrong", shown or 0.0, recording.cluster)
    if shown is not None:
        sheet.put("key: weighted, of the shown", shown, recording.cluster)


def _last_30_seconds(samples: NDArray[np.float32]) -> Harmony | None:
    stream = HarmonyStream()
    for start in range(0, len(samples), _BLOCK_SAMPLES):
        stream.push(samples[start : start + _BLOCK_SAMPLES])
    return stream.harmony()


def _measure_chords(
    sheet: Sheet, recording: Recording, found: Harmony | None, chroma: NDArray[np.float32]
) -> None:
    truth = [
        Labelled(float(row["start_s"]), float(row["end_s"]), row["label"])
        for row in recording.annotation("chords")
    ]
    for program, chords in ((OURS, _labelled(found)), (TEMPLATES, peer_chords(chroma))):
        share = majmin_share(chords, truth)
        if share is not None:
            sheet.put("chords: majmin", share, recording.cluster, program)


def _measure_triads(
    sheet: Sheet, recording: Recording, found: Harmony | None, chroma: NDArray[np.float32]
) -> None:
    times, truth = triads(recording)
    if len(times) < _LEAST_TRIADS:
        return
    for program, chords in ((OURS, _labelled(found)), (TEMPLATES, peer_chords(chroma))):
        starts = np.array([chord.start_seconds for chord in chords])
        places = np.searchsorted(starts, times, "right") - 1
        heard = np.array([majmin_class(chords[k].label) if k >= 0 else -1 for k in places])
        share = float(np.mean(heard == truth))
        sheet.put("chords of real triads", share, recording.cluster, program)


def triads(recording: Recording) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the times (n,), every 0.1 s, at which the notes are exactly a triad, and its class."""
    known = {
        frozenset((root + step) % 12 for step in (0, third, 7)): root + 12 * (third == 3)  # noqa: PLR2004 (a minor third)
        for root in range(12)
        for third in (4, 3)
    }
    columns = ("onset_s", "offset_s", "pitch_midi")
    rows = recording.annotation("notes")
    notes = np.array([[float(row[name]) for name in columns] for row in rows])
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


def _measure_negative(sheet: Sheet, sound: NDArray[np.float32], name: str) -> None:
    found = harmony_of(sound)
    shown = found is not None and found.key is not None
    sheet.put("negatives that get a key", float(shown), name)
    chords: list[Chord] = found.chords if found else []
    named = sum(end - start for start, end, label in chords if label != "N")
    share = named * SAMPLE_RATE_HZ / len(sound)
    sheet.put("negatives: share of time with a chord", share, name)


def _labelled(found: Harmony | None) -> list[Labelled]:
    return [Labelled(*chord) for chord in found.chords] if found else []
