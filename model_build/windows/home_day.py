"""A simulated day at home: music in rooms, speech, noise and silence, and the correct answers."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.augmentations.level import level
from model_build.augmentations.noise import coloured, noise
from model_build.augmentations.room import room, shoebox_response
from model_build.corpus.clip_sound import ReadClip, Samples, clip_reader
from model_build.corpus.clips import Clip, Corpus
from model_build.windows.clip_sequences import FADE_SAMPLES, crossfaded, without_padding

ROOMS = 8
SHARES = {"music": 0.45, "noise": 0.2, "speech": 0.15, "silence": 0.15, "other": 0.05}
MUSIC_SECONDS = (8.0, 60.0)
SECOND_PLAYER_SECONDS = (8.0, 30.0)
OTHER_SECONDS = (5.0, 30.0)
GAP_SECONDS = (1.0, 12.0)
MUSIC_DBFS = (-42.0, -18.0)
OTHER_DBFS = (-50.0, -25.0)
FLOOR_DBFS = -72.0
OVERLAP_PROBABILITY = 0.15
NOISE_PROBABILITY = 0.4
SNR_DB = (10.0, 25.0)


class Passage(NamedTuple):
    """A part of the day with one kind of sound."""

    what: str
    """One of the keys of SHARES."""
    accepts: tuple[str, ...]
    """The families that count as a correct answer; empty if no instrument plays."""
    start_seconds: float
    """Start of the passage, from the start of the day."""
    end_seconds: float
    """End of the passage, from the start of the day."""


class Day(NamedTuple):
    """A day's sound."""

    samples: Samples
    """(n,) in -1..1 at 16 kHz."""
    passages: list[Passage]
    """The passages, sorted by start; they may overlap."""


def day_at_home(corpus: Corpus, split: str, *, seed: int, seconds: float) -> Day:
    """Compose a day of the phrases and negatives of a split of the corpus: see `compose_day`."""
    clips = [clip for clip in corpus.clips if clip.split == split]
    return compose_day(clips, clip_reader(corpus), seed=seed, seconds=seconds)


def compose_day(clips: Sequence[Clip], read: ReadClip, *, seed: int, seconds: float) -> Day:
    """Compose a day of phrases and negatives; the same seed gives the same day.

    At least one of the clips must be a phrase.
    """
    return _Composer(clips, read, np.random.default_rng(seed)).compose(seconds)


class _Composer:
    def __init__(self, clips: Sequence[Clip], read: ReadClip, rng: np.random.Generator) -> None:
        self._read, self._rng = read, rng
        self._music: dict[str, dict[str, list[Clip]]] = {}
        for clip in (clip for clip in clips if clip.kind == "phrase"):
            self._music.setdefault(clip.label, {}).setdefault(clip.group, []).append(clip)
        self._negatives = {
            what: [c for c in clips if c.kind == "negative" and c.label == what] for what in SHARES
        }
        self._rooms = [
            shoebox_response(
                rng, distance_metres=rng.uniform(0.5, 4.0), rt60_seconds=rng.uniform(0.2, 0.6)
            )
            for _ in range(ROOMS)
        ]

    def compose(self, seconds: float) -> Day:
        hiss = coloured(self._rng, 10 * SAMPLE_RATE_HZ, exponent=1.0)
        samples = np.resize(level(hiss, dbfs=FLOOR_DBFS), round(seconds * SAMPLE_RATE_HZ))
        passages: list[Passage] = []
        now = self._between(GAP_SECONDS)
        while now < seconds - MUSIC_SECONDS[0]:
            what = str(self._rng.choice(list(SHARES), p=list(SHARES.values())))
            added = self._players(now) if what == "music" else [self._other_sound(what, now)]
            for passage, sound in added:
                start = round(passage.start_seconds * SAMPLE_RATE_HZ)
                if start >= len(samples):
                    continue
                sound = sound[: len(samples) - start]  # noqa: PLW2901
                samples[start : start + len(sound)] += sound
                end_seconds = (start + len(sound)) / SAMPLE_RATE_HZ
                passages.append(passage._replace(end_seconds=end_seconds))
            now = max(passage.end_seconds for passage in passages) + self._between(GAP_SECONDS)
        passages.sort(key=lambda passage: passage.start_seconds)
        return Day(np.clip(samples, -1.0, 1.0), passages)

    def _players(self, start_seconds: float) -> list[tuple[Passage, Samples]]:
        """Return one player, and sometimes a second one who starts while the first still plays."""
        length_seconds = self._between(MUSIC_SECONDS)
        added = [self._player(start_seconds, length_seconds)]
        if self._rng.random() < OVERLAP_PROBABILITY:
            later_seconds = start_seconds + length_seconds * self._rng.uniform(0.2, 0.6)
            added.append(self._player(later_seconds, self._between(SECOND_PLAYER_SECONDS)))
        return added

    def _player(self, start_seconds: float, length_seconds: float) -> tuple[Passage, Samples]:
        family = str(self._rng.choice(sorted(self._music)))
        group = str(self._rng.choice(sorted(self._music[family])))
        clips = self._music[family][group]
        sound = self._in_a_room(self._of_length(clips, length_seconds), MUSIC_DBFS)
        if self._rng.random() < NOISE_PROBABILITY and self._negatives["noise"]:
            background = self._of_length(self._negatives["noise"], length_seconds)
            snr_db = self._between(SNR_DB)
            sound = noise(sound, self._rng, background=background, snr_db=snr_db)
        accepts = tuple(sorted(set(clips[0].accepts) | {family}))
        return Passage("music", accepts, start_seconds, 0.0), sound

    def _other_sound(self, what: str, start_seconds: float) -> tuple[Passage, Samples]:
        length_seconds = self._between(OTHER_SECONDS)
        if what == "silence" or not self._negatives[what]:
            sound = np.zeros(round(length_seconds * SAMPLE_RATE_HZ), np.float32)
            return Passage("silence", (), start_seconds, 0.0), sound
        sound = self._of_length(self._negatives[what], length_seconds)
        return Passage(what, (), start_seconds, 0.0), self._in_a_room(sound, OTHER_DBFS)

    def _of_length(self, clips: Sequence[Clip], seconds: float) -> Samples:
        """Join the clips in random order, repeating them until the sound is long enough."""
        wanted = round(seconds * SAMPLE_RATE_HZ)
        parts: list[Samples] = []
        while sum(len(part) - FADE_SAMPLES for part in parts) < wanted:
            order = self._rng.permutation(len(clips))
            parts += [
                level(without_padding(self._read(clips[index])), dbfs=-20.0) for index in order
            ]
        return crossfaded(parts)[:wanted]

    def _in_a_room(self, sound: Samples, dbfs: tuple[float, float]) -> Samples:
        response = self._rooms[self._rng.integers(len(self._rooms))]
        return level(room(sound, response), dbfs=self._between(dbfs))

    def _between(self, bounds: tuple[float, float]) -> float:
        return float(self._rng.uniform(*bounds))
