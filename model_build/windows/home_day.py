"""Clips in, some of a day at home out: music in rooms, speech, noise, silence, and the truth."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.sound.sound_file import read_sound
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.augmentations.level import level
from model_build.augmentations.noise import coloured, noise
from model_build.augmentations.room import room, shoebox_response
from model_build.corpus.clips import Clip, Corpus

ROOMS = 8
SHARES = {"music": 0.45, "noise": 0.2, "speech": 0.15, "silence": 0.15, "other": 0.05}
MUSIC_SECONDS = (8.0, 60.0)
OTHER_SECONDS = (5.0, 30.0)
GAP_SECONDS = (1.0, 12.0)
MUSIC_DBFS = (-42.0, -18.0)
OTHER_DBFS = (-50.0, -25.0)
FLOOR_DBFS = -72.0
OVERLAP_PROBABILITY = 0.15
NOISE_PROBABILITY = 0.4
SNR_DB = (10.0, 25.0)
SEAM_SAMPLES = SAMPLE_RATE_HZ // 20
SILENT_PEAK = 1e-3

Samples = NDArray[np.float32]
Read = Callable[[Clip], Samples]


class Passage(NamedTuple):
    """What sounds from when to when; `accepts` are the families that count as right for it."""

    what: str
    accepts: tuple[str, ...]
    start_seconds: float
    end_seconds: float


class Day(NamedTuple):
    """Samples (n,) at 16 kHz and what they hold, in the order of time."""

    samples: Samples
    passages: list[Passage]


def day_at_home(corpus: Corpus, split: str, *, seed: int, seconds: float) -> Day:
    """String the split's phrases and negatives together; the same seed gives the same day."""
    clips = [clip for clip in corpus.clips if clip.split == split]
    return day_of(clips, reader(corpus), seed=seed, seconds=seconds)


def day_of(clips: Sequence[Clip], read: Read, *, seed: int, seconds: float) -> Day:
    """The same from any clips, of which some are phrases, and a way to their samples."""
    return _Composer(clips, read, np.random.default_rng(seed)).compose(seconds)


def reader(corpus: Corpus) -> Read:
    """A way from the corpus' clips to their samples."""
    return lambda clip: read_sound(str(corpus.folder / clip.path))


def strung(clips: Sequence[Clip], read: Read, response: Samples, *, dbfs: float) -> Samples:
    """All clips one after the other without gaps, each brought to a level, in one room."""
    parts = [level(_sounding(read(clip)), dbfs=dbfs) for clip in clips]
    return np.clip(level(room(_joined(parts), response), dbfs=dbfs), -1.0, 1.0)


class _Composer:
    def __init__(self, clips: Sequence[Clip], read: Read, rng: np.random.Generator) -> None:
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
            added = self._music_from(now) if what == "music" else [self._other_from(what, now)]
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

    def _music_from(self, start_seconds: float) -> list[tuple[Passage, Samples]]:
        """One player, or a second one who joins while the first still plays."""
        length_seconds = self._between(MUSIC_SECONDS)
        added = [self._played(start_seconds, length_seconds)]
        if self._rng.random() < OVERLAP_PROBABILITY:
            later_seconds = start_seconds + length_seconds * self._rng.uniform(0.2, 0.6)
            added.append(self._played(later_seconds, self._between((8.0, 30.0))))
        return added

    def _played(self, start_seconds: float, length_seconds: float) -> tuple[Passage, Samples]:
        family = str(self._rng.choice(sorted(self._music)))
        group = str(self._rng.choice(sorted(self._music[family])))
        clips = self._music[family][group]
        sound = self._in_a_room(self._of_length(clips, length_seconds), MUSIC_DBFS)
        if self._rng.random() < NOISE_PROBABILITY and self._negatives["noise"]:
            beside = self._of_length(self._negatives["noise"], length_seconds)
            snr_db = self._between(SNR_DB)
            sound = noise(sound, self._rng, background=beside, snr_db=snr_db)
        accepts = tuple(sorted(set(clips[0].accepts) | {family}))
        return Passage("music", accepts, start_seconds, 0.0), sound

    def _other_from(self, what: str, start_seconds: float) -> tuple[Passage, Samples]:
        length_seconds = self._between(OTHER_SECONDS)
        if what == "silence" or not self._negatives[what]:
            sound = np.zeros(round(length_seconds * SAMPLE_RATE_HZ), np.float32)
            return Passage("silence", (), start_seconds, 0.0), sound
        sound = self._of_length(self._negatives[what], length_seconds)
        return Passage(what, (), start_seconds, 0.0), self._in_a_room(sound, OTHER_DBFS)

    def _of_length(self, clips: Sequence[Clip], seconds: float) -> Samples:
        """Clips in an order of chance, joined, over and again until they are long enough."""
        wanted = round(seconds * SAMPLE_RATE_HZ)
        parts: list[Samples] = []
        while sum(len(part) - SEAM_SAMPLES for part in parts) < wanted:
            order = self._rng.permutation(len(clips))
            parts += [level(_sounding(self._read(clips[place])), dbfs=-20.0) for place in order]
        return _joined(parts)[:wanted]

    def _in_a_room(self, sound: Samples, dbfs: tuple[float, float]) -> Samples:
        response = self._rooms[self._rng.integers(len(self._rooms))]
        return level(room(sound, response), dbfs=self._between(dbfs))

    def _between(self, bounds: tuple[float, float]) -> float:
        return float(self._rng.uniform(*bounds))


def _sounding(samples: Samples) -> Samples:
    """The samples without the silence they were padded with, never shorter than two seams."""
    loud = np.flatnonzero(np.abs(samples) > SILENT_PEAK)
    end = int(loud[-1]) + 1 if len(loud) else len(samples)
    return samples[: max(end, 2 * SEAM_SAMPLES)]


def _joined(parts: Sequence[Samples]) -> Samples:
    """The parts one after the other, each fading over into the next."""
    fade = np.linspace(0.0, 1.0, SEAM_SAMPLES, dtype=np.float32)
    joined = np.zeros(sum(len(p) - SEAM_SAMPLES for p in parts) + SEAM_SAMPLES, np.float32)
    at = 0
    for part in parts:
        faded = part.copy()
        faded[:SEAM_SAMPLES] *= fade
        faded[-SEAM_SAMPLES:] *= fade[::-1]
        joined[at : at + len(faded)] += faded
        at += len(faded) - SEAM_SAMPLES
    return joined
