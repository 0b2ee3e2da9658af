"""Measure the pitch of single recorded notes, of groups that training never saw."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.notes.log_frequency import LogFrequency
from daemon.practice.notes.note_creation import CONTOUR_BINS, LOWEST_MIDI
from daemon.practice.notes.note_network import NoteNetwork
from daemon.sound.sound_file import read_sound
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.corpus.clips import Corpus
from model_build.notes.activations import activations_of
from model_build.notes.material.sampled_notes import held_note_groups
from model_build.practice.across_a_room import SEED, in_room, random_response

_LONGEST_SAMPLES = 64_000
_RESPONSES = 40
_SNR_DB = 10.0
_PEAK = 0.5
_SURE_SHARE, _LEAST_ACTIVATION = 0.3, 0.05
_REACH_BINS = 2
_YIN_HZ, _YIN_FRAME, _YIN_HOP = (25.0, 4_500.0), 2_048, 256
_LOUD_SHARE = 0.1

Samples = NDArray[np.float32]
Pitch = Callable[[Samples], float | None]


class SingleNote(NamedTuple):
    """A recorded note."""

    path: Path
    """The sound file."""
    group: str
    """Its instrument."""
    midi: float
    """Its labelled pitch."""


def held_notes(corpus: Corpus, labelled: dict[str, float]) -> list[SingleNote]:
    """Return the recorded notes of the groups that training holds back."""
    held = held_note_groups(corpus.clips, labelled)
    return [
        SingleNote(corpus.folder / clip.path, clip.group, labelled[clip.path])
        for clip in corpus.clips
        if clip.kind == "note"
        and (clip.split, clip.origin) == ("train", "real")
        and clip.group in held
        and clip.path in labelled
    ]


def sounds_of_notes(
    notes: Sequence[SingleNote], noises: Sequence[Path]
) -> Iterator[tuple[SingleNote, Samples]]:
    """Yield each note with its samples; with `noises`, in a room and at an SNR of 10 dB."""
    rng = np.random.default_rng(SEED)
    responses = [random_response(rng) for _ in range(_RESPONSES if noises else 0)]
    for number, note in enumerate(notes):
        samples = read_sound(str(note.path))[:_LONGEST_SAMPLES]
        samples = samples * np.float32(_PEAK / max(float(np.abs(samples).max()), 1e-6))
        if noises:
            rng = np.random.default_rng((SEED, number))
            response = responses[number % len(responses)]
            samples = in_room(samples, response, noises, rng, snr_db=_SNR_DB)
        yield note, samples


def note_model_pitch(network: NoteNetwork) -> Pitch:
    """Return a function from a note's samples to the pitch that the note model finds."""
    log_frequency = LogFrequency(network.contract.front_end)

    def pitch(samples: Samples) -> float | None:
        log_frequency.reset()
        frames = np.concatenate([log_frequency.push(samples), log_frequency.finish()])
        outputs = activations_of(network, frames)
        highest = outputs.activation.max(axis=1)
        sure = highest >= float(np.maximum(_SURE_SHARE * highest.max(), _LEAST_ACTIVATION))
        keys = outputs.activation.argmax(axis=1)[sure]
        if not len(keys):
            return None
        pitches = [
            _contour_pitch(contour, int(key))
            for contour, key in zip(outputs.pitch[sure], keys, strict=True)
        ]
        return float(np.median(pitches))

    return pitch


def yin_pitch(samples: Samples) -> float | None:
    """Return the pitch that librosa's YIN finds: the median of the loud frames."""
    import librosa

    low, high = _YIN_HZ
    if len(samples) < _YIN_FRAME:
        samples = np.pad(samples, (0, _YIN_FRAME - len(samples)))
    found = librosa.yin(
        samples,
        fmin=low,
        fmax=high,
        sr=SAMPLE_RATE_HZ,
        frame_length=_YIN_FRAME,
        hop_length=_YIN_HOP,
    )
    levels = librosa.feature.rms(y=samples, frame_length=_YIN_FRAME, hop_length=_YIN_HOP)[0]
    loud = levels > _LOUD_SHARE * levels.max()
    return float(69.0 + 12.0 * np.log2(np.median(found[loud]) / 440.0)) if loud.any() else None


def _contour_pitch(contour: Samples, key: int) -> float:
    """Return the centre of the contour's highest bin near a key, as a MIDI number."""
    own = CONTOUR_BINS * key + 1
    low, high = max(0, own - _REACH_BINS), min(len(contour), own + _REACH_BINS + 1)
    highest = low + int(contour[low:high].argmax())
    first, last = max(low, highest - 1), min(high, highest + 2)
    weights = contour[first:last].astype(np.float64)
    centre = float((weights * np.arange(first, last)).sum() / max(weights.sum(), 1e-9))
    return LOWEST_MIDI + (centre - 1) / CONTOUR_BINS if weights.sum() > 0 else LOWEST_MIDI + key
