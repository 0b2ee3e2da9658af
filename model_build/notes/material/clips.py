"""Draw training clips: music or none, through rooms, noise and microphones, with its notes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.augmentations.level import level
from model_build.augmentations.microphone import low_pass, microphone
from model_build.augmentations.noise import coloured, noise
from model_build.augmentations.room import room
from model_build.notes.material.rendered_pieces import Rendered
from model_build.notes.material.strung_notes import NoteStringer
from model_build.notes.recipe import NoteRecipe
from model_build.notes.targets import LabelledNote, Vibrato
from model_build.rendering.household.noises import SORTS, household_noise
from model_build.rendering.household.steady_tones import steady_tone
from model_build.windows.rooms import Rooms

MARGIN_SECONDS = 0.5
"""Sound before and after a clip, so that its first frames have a past."""

_MUSIC_DBFS = -20.0
_COMPUTED_NOISE_SHARE = 0.2
_DRUM_DB = (-15.0, 0.0)
_CLIPPING_SHARE = 0.08
_HUM_SHARE = 0.25  # of steady tones: the rendering of a hum that ramps up and may stop
_LONGEST_FADE_SECONDS, _ABRUPT_SHARE = 0.5, 0.7

Rng = np.random.Generator
Samples = NDArray[np.float32]


class Clip(NamedTuple):
    """Sound with its notes."""

    samples: Samples
    """(n,) at 16 kHz, with the margins."""
    notes: list[LabelledNote]
    """Its notes; time 0 is the end of the first margin."""


class Material(NamedTuple):
    """What the clips of one side are made of."""

    pieces: Sequence[Rendered]
    """Rendered music."""
    stringer: NoteStringer
    """Recorded notes."""
    negatives: Sequence[Samples]
    """Noise, speech and other sound without notes."""
    speech: Sequence[Samples]
    """The speech among them."""
    drums: Sequence[Samples]
    """Drum strokes."""
    rooms: Rooms
    """Impulse responses."""


class Surroundings(NamedTuple):
    """What happens to the sound of a clip."""

    room_probability: float
    """Probability of a room."""
    snr_db: tuple[float, float]
    """Level of the music relative to the noise."""


class ClipSampler:
    """Draws clips by a recipe."""

    def __init__(self, recipe: NoteRecipe, material: Material, around: Surroundings) -> None:
        self._recipe = recipe
        self._material = material
        self._around = around

    def draw(self, rng: Rng, seconds: float) -> Clip:
        """Return a clip of `seconds`, beside the margins."""
        size = round((seconds + 2 * MARGIN_SECONDS) * SAMPLE_RATE_HZ)
        shares = self._recipe.clips
        kind = rng.random()
        if kind < shares.negative_share:
            return Clip(self._heard(self._negative(rng, size), rng), [])
        if kind < shares.negative_share + shares.strung_share:
            sound, notes = self._material.stringer.draw(rng, size)
        else:
            sound, notes = self._rendered(rng, size)
        if rng.random() < shares.drums_share:
            self._add_drums(rng, sound)
        sound = level(sound, dbfs=_MUSIC_DBFS)
        if rng.random() < self._around.room_probability:
            sound = room(sound, self._material.rooms.draw(rng))
        if rng.random() < _CLIPPING_SHARE:
            peak = float(np.abs(sound).max()) or 1.0
            sound = np.tanh(sound / peak * rng.uniform(1, 5)).astype(np.float32) * np.float32(peak)
        if rng.random() < self._recipe.noise.probability:
            background = self._background(rng, size)
            snr_db = rng.uniform(*self._around.snr_db)
            sound = noise(sound, rng, background=background, snr_db=snr_db)
        moved = [_moved(note, -MARGIN_SECONDS) for note in notes]
        return Clip(self._heard(sound, rng), moved)

    def _rendered(self, rng: Rng, size: int) -> tuple[Samples, list[LabelledNote]]:
        """Return a part of a rendered piece."""
        file = self._material.pieces[int(rng.integers(len(self._material.pieces)))]
        start, end = file.pieces[rng.integers(len(file.pieces))]
        seconds = size / SAMPLE_RATE_HZ
        begin = rng.uniform(start - 0.7, max(start - 0.5, end - seconds + 0.8))
        first = int(np.clip(begin * SAMPLE_RATE_HZ, 0, max(0, len(file.samples) - size)))
        sound = np.zeros(size, np.float32)
        part = file.samples[first : first + size].astype(np.float32) / np.float32(32_767)
        sound[: len(part)] = part
        begin = first / SAMPLE_RATE_HZ
        inside = [
            _moved(note, -begin)
            for note in file.notes
            if note.offset_seconds > begin and note.onset_seconds < begin + seconds
        ]
        return sound, inside

    def _negative(self, rng: Rng, size: int) -> Samples:
        """Return sound without notes."""
        shares, kind = self._recipe.clips, rng.random()
        if kind < shares.steady_share:
            return self._steady(rng, size)
        if kind < shares.steady_share + shares.speech_share and self._material.speech:
            sound = _part(rng, self._material.speech, size)
        else:
            sound = self._background(rng, size, steady_share=0.0)
        if rng.random() < self._around.room_probability:
            sound = room(sound, self._material.rooms.draw(rng))
        return sound

    def _steady(self, rng: Rng, size: int) -> Samples:
        """Return a steady tone that may begin within the clip."""
        if rng.random() < _HUM_SHARE:
            sound = np.resize(household_noise("hum", rng, size / SAMPLE_RATE_HZ), size)
        else:
            sound = steady_tone(rng, size)
        if rng.random() < self._recipe.clips.switched_share:
            first = int(rng.integers(size // 2))
            is_abrupt = rng.random() < _ABRUPT_SHARE
            fade = 1 if is_abrupt else round(rng.random() * _LONGEST_FADE_SECONDS * SAMPLE_RATE_HZ)
            rise = np.clip((np.arange(size) - first) / max(1, fade), 0.0, 1.0)
            sound = np.asarray(sound * rise, np.float32)
        return sound

    def _background(self, rng: Rng, size: int, steady_share: float | None = None) -> Samples:
        """Return another sound of the room, (size,)."""
        share = self._recipe.noise.steady_share if steady_share is None else steady_share
        kind = rng.random()
        if kind < share:
            return steady_tone(rng, size)
        if kind < share + _COMPUTED_NOISE_SHARE:
            sort = str(rng.choice(list(SORTS)))
            return np.resize(household_noise(sort, rng, size / SAMPLE_RATE_HZ), size)
        return _part(rng, self._material.negatives, size)

    def _add_drums(self, rng: Rng, sound: Samples) -> None:
        """Add one to five drum strokes."""
        peak = float(np.abs(sound).max())
        for _ in range(int(rng.integers(1, 6))):
            stroke = self._material.drums[int(rng.integers(len(self._material.drums)))]
            first = int(rng.integers(len(sound)))
            part = stroke[: len(sound) - first]
            gain = peak * 10 ** (rng.uniform(*_DRUM_DB) / 20) / max(np.abs(stroke).max(), 1e-3)
            sound[first : first + len(part)] += np.float32(gain) * part

    def _heard(self, sound: Samples, rng: Rng) -> Samples:
        """Return the sound through a microphone, with its level and hiss."""
        settings = self._recipe.microphone
        if rng.random() < settings.probability:
            sound = microphone(
                sound, rng, peak_db=settings.peak_db, high_pass_hz=settings.high_pass_hz
            )
        if rng.random() < settings.low_pass_probability:
            sound = low_pass(sound, corner_hz=rng.uniform(*settings.low_pass_hz))
        sound = level(sound, dbfs=rng.uniform(*settings.level_dbfs))
        hiss_db = rng.uniform(*self._recipe.noise.floor_dbfs)
        hiss = coloured(rng, len(sound), exponent=rng.uniform(0.0, 1.0))
        return np.asarray(sound + np.float32(10 ** (hiss_db / 20)) * hiss, np.float32)


def _part(rng: Rng, recorded: Sequence[Samples], size: int) -> Samples:
    """Return a random part of a random sound, (size,), repeated if it is shorter."""
    chosen = recorded[int(rng.integers(len(recorded)))]
    return np.resize(np.roll(chosen, -int(rng.integers(len(chosen)))), size)


def _moved(note: LabelledNote, seconds: float) -> LabelledNote:
    """Return the note `seconds` later."""
    vibrato: Vibrato | None = note.vibrato
    if vibrato is not None:
        vibrato = vibrato._replace(from_seconds=vibrato.from_seconds + seconds)
    return LabelledNote(
        note.onset_seconds + seconds, note.offset_seconds + seconds, note.midi, vibrato
    )
