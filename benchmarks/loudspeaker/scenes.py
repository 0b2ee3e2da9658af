"""Draws the same phrases live in a room, and through a small loudspeaker in another room.

Rooms, microphones, noise and levels have the same distribution in both conditions.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES
from model_build.augmentations.level import level
from model_build.augmentations.loudspeaker import LOUDSPEAKERS, loudspeaker
from model_build.augmentations.microphone import microphone
from model_build.augmentations.noise import coloured, noise
from model_build.augmentations.random_room import random_room_response
from model_build.augmentations.room import room
from model_build.corpus.clip_sound import ReadClip, Samples
from model_build.corpus.clips import Clip
from model_build.windows.parts import rotated_window

LIVE = "live"
WINDOWS = 4  # 16 s of sound an event
PART_DBFS = -20.0
DISTANCE_METRES = (0.5, 5.0)
RT60_SECONDS = (0.2, 0.9)
NOISE_PROBABILITY = 0.75
SNR_DB = (5.0, 30.0)
MICROPHONE_PROBABILITY = 0.7
PEAK_DB = (-8.0, 8.0)
HIGH_PASS_HZ = (30.0, 250.0)
LEVEL_DBFS = (-50.0, -22.0)
FLOOR_DBFS = (-85.0, -65.0)
FARTHEST_SAMPLES = 40  # the second loudspeaker of a pair is up to 2.5 ms further away


class Scene(NamedTuple):
    """One event: several phrases of a player, in one place."""

    device: str
    """LIVE, or a key of LOUDSPEAKERS."""
    family: str
    """The family that plays."""
    group: str
    """The group of its clips."""
    samples: Samples
    """(WINDOWS * 64 000,) at 16 kHz."""


class Places(NamedTuple):
    """What the sound of both conditions goes through."""

    responses: Sequence[Samples]
    """Room responses, each (taps,)."""
    backgrounds: Sequence[Samples]
    """Household noise, each (n,)."""


def draw_responses(seed: Sequence[int], count: int) -> list[Samples]:
    """Return the responses of `count` random rooms."""
    rng = np.random.default_rng(seed)
    return [
        random_room_response(rng, distance_metres=DISTANCE_METRES, rt60_seconds=RT60_SECONDS)[
            :SAMPLE_RATE_HZ
        ]
        for _ in range(count)
    ]


def draw_scenes(
    clips: Sequence[Clip],
    read: ReadClip,
    places: Places,
    events: Iterable[int],
    seed: Sequence[int],
) -> Iterator[Scene]:
    """Yield each of the numbered events twice: live, and through one of the devices in turn."""
    by_family = _by_family_and_group(clips)
    families = sorted(by_family)
    groups = np.sqrt([len(by_family[family]) for family in families])
    for index in events:
        rng = np.random.default_rng([*seed, index])
        family = families[rng.choice(len(families), p=groups / groups.sum())]
        group = str(rng.choice(sorted(by_family[family])))
        dry = _phrases(by_family[family][group], read, rng)
        for device in (LIVE, list(LOUDSPEAKERS)[index % len(LOUDSPEAKERS)]):
            yield Scene(device, family, group, _in_place(dry, device, places, rng))


def _by_family_and_group(clips: Sequence[Clip]) -> Mapping[str, Mapping[str, list[Clip]]]:
    found: dict[str, dict[str, list[Clip]]] = defaultdict(lambda: defaultdict(list))
    for clip in clips:
        found[clip.families[0]][clip.group].append(clip)
    return found


def _phrases(clips: Sequence[Clip], read: ReadClip, rng: np.random.Generator) -> Samples:
    order = np.resize(rng.permutation(len(clips)), WINDOWS).tolist()
    parts = [level(rotated_window(read(clips[index]), rng), dbfs=PART_DBFS) for index in order]
    return np.concatenate(parts)


def _in_place(dry: Samples, device: str, places: Places, rng: np.random.Generator) -> Samples:
    """Return the phrases as a microphone hears them."""
    sound, pair = dry, False
    if device != LIVE:
        sound, pair = loudspeaker(dry, rng, LOUDSPEAKERS[device]), LOUDSPEAKERS[device].pair
    sound = level(room(sound, _response(places, rng, pair=pair)), dbfs=PART_DBFS)
    if rng.random() < NOISE_PROBABILITY:
        background = places.backgrounds[int(rng.integers(len(places.backgrounds)))]
        sound = noise(sound, rng, background=background, snr_db=rng.uniform(*SNR_DB))
    if rng.random() < MICROPHONE_PROBABILITY:
        sound = microphone(sound, rng, peak_db=PEAK_DB, high_pass_hz=HIGH_PASS_HZ)
    sound = level(sound, dbfs=rng.uniform(*LEVEL_DBFS))
    hiss = coloured(rng, WINDOW_SAMPLES, exponent=rng.uniform(0.0, 2.0))
    floor = np.resize(level(hiss, dbfs=rng.uniform(*FLOOR_DBFS)), len(sound))
    return np.asarray(sound + floor, np.float32)


def _response(places: Places, rng: np.random.Generator, *, pair: bool) -> Samples:
    """Return the response of a room to one loudspeaker, or to two that play the same."""
    first, second = (places.responses[int(rng.integers(len(places.responses)))] for _ in range(2))
    if not pair:
        return first
    delay = int(rng.integers(FARTHEST_SAMPLES))
    both = np.zeros(max(len(first), len(second) + delay), np.float32)
    both[: len(first)] = first
    both[delay : delay + len(second)] += np.float32(rng.uniform(0.5, 1.0)) * second
    return both
