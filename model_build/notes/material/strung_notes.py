"""String recorded notes together: one to three voices, each of one instrument of the corpus."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model_build.corpus.decoded import Sounds
from model_build.notes.material.chance import chance
from model_build.notes.material.sampled_notes import SampledNote
from model_build.notes.targets import LabelledNote
from model_build.rendering.soundfont import SAMPLE_RATE_HZ

_CHORD_FAMILIES = ("guitar", "keyboard", "mallet", "organ")
_RINGING_FAMILIES = ("guitar", "keyboard", "mallet", "bass")
_DURATIONS = {"fast": (0.1, 0.25), "medium": (0.2, 0.7), "long": (0.6, 3.0)}
_BEFORE_SAMPLES, _FADE_IN_SAMPLES, _FADE_OUT_SAMPLES, _RING_SAMPLES = 800, 240, 400, 1_600
_LEAST_SAMPLES, _LEAST_SOUNDING_SECONDS = 1_600, 0.05
_AUDIBLE_SAMPLES = 100

Rng = np.random.Generator
Samples = NDArray[np.float32]


class NoteStringer:
    """Draws clips that are strung together from notes."""

    def __init__(self, notes: Sequence[SampledNote], sounds: Sounds) -> None:
        self._sounds = sounds
        self._groups: dict[str, dict[str, list[SampledNote]]] = {}
        for note in notes:
            self._groups.setdefault(note.family, {}).setdefault(note.group, []).append(note)
        self._families = sorted(self._groups)

    def draw(self, rng: Rng, samples: int) -> tuple[Samples, list[LabelledNote]]:
        """Return a clip (samples,) and its notes."""
        sound = np.zeros(samples, np.float32)
        notes: list[LabelledNote] = []
        for voice in range(int(rng.choice([1, 1, 1, 2, 3]))):
            gain = 10 ** (rng.uniform(-10, 0) / 20) if voice else 1.0
            notes += self._add_voice(rng, sound, gain)
        return sound, notes

    def _add_voice(self, rng: Rng, sound: Samples, gain: float) -> list[LabelledNote]:
        family = self._families[rng.integers(len(self._families))]
        group = sorted(self._groups[family])[rng.integers(len(self._groups[family]))]
        pool = self._groups[family][group]
        has_chords = family in _CHORD_FAMILIES and chance(rng, 0.3)
        rings = family in _RINGING_FAMILIES and chance(rng, 0.4)
        tuning = rng.uniform(-2, 2) if chance(rng, 0.5) else 0.0
        between = _DURATIONS[str(rng.choice(list(_DURATIONS)))]
        is_legato = chance(rng, 0.5)
        notes: list[LabelledNote] = []
        now = rng.uniform(-0.5, 0.6)
        while now < len(sound) / SAMPLE_RATE_HZ:
            lasting = rng.uniform(*between)
            for _ in range(int(rng.integers(1, 4)) if has_chords else 1):
                source = pool[rng.integers(len(pool))]
                moved = tuning + (int(rng.integers(-2, 3)) if chance(rng, 0.5) else 0)
                limit = None if rings else lasting
                loudness = 0.5 * gain * 10 ** (rng.uniform(-14, 0) / 20)
                notes += self._add_note(
                    sound, source, now, semitones=moved, limit_seconds=limit, loudness=loudness
                )
            now += lasting * (1.0 if is_legato else rng.uniform(1.0, 1.3))
            if chance(rng, 0.1):  # a rest
                now += rng.uniform(0.1, 0.8)
        return notes

    def _add_note(
        self,
        sound: Samples,
        source: SampledNote,
        seconds: float,
        *,
        semitones: float,
        limit_seconds: float | None,
        loudness: float,
    ) -> list[LabelledNote]:
        """Add a transposed note whose onset is at `seconds`; return it, unless it is too short."""
        first = max(0, source.onset_samples - _BEFORE_SAMPLES)
        played, onset = self._sounds[source.index][first:], source.onset_samples - first
        end = source.end_samples - first
        if semitones:
            ratio = 2.0 ** (semitones / 12.0)
            places = np.arange(0, len(played) - 1, ratio)
            played = np.interp(places, np.arange(len(played)), played).astype(np.float32)
            onset, end = int(onset / ratio), int(end / ratio)
        length, fade = len(played), _RING_SAMPLES
        if limit_seconds is not None:
            fade = _FADE_OUT_SAMPLES
            length = min(length, onset + round(limit_seconds * SAMPLE_RATE_HZ) + fade)
        if length < _LEAST_SAMPLES:
            return []
        played = played[:length] * np.float32(loudness / max(np.abs(played).max(), 1e-3))
        fade = min(fade, length // 2)
        played[-fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
        rise = min(onset, _FADE_IN_SAMPLES)
        played[:rise] *= np.linspace(0.0, 1.0, rise, dtype=np.float32)
        _mix(sound, played, round(seconds * SAMPLE_RATE_HZ) - onset)
        sounding = (min(end, length) - onset - _AUDIBLE_SAMPLES) / SAMPLE_RATE_HZ
        midi = source.midi + semitones
        return [LabelledNote(seconds, seconds + max(_LEAST_SOUNDING_SECONDS, sounding), midi)]


def _mix(sound: Samples, added: Samples, first: int) -> None:
    """Add `added` to `sound` from sample `first` on, which may be negative."""
    start, end = max(0, first), min(len(sound), first + len(added))
    if end > start:
        sound[start:end] += added[start - first : end - first]
