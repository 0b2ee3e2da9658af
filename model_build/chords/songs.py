"""Made-up songs whose key and chords are exactly known."""

from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.practice.harmony.chord_network import NO_CHORD
from model_build.augmentations.speed import speed
from model_build.chords.progressions import (
    UNNAMED,
    Harmony,
    random_progression,
    triad,
)
from model_build.chords.textures import (
    Plan,
    Span,
    accompaniment,
    bass,
    drums,
    four_voices,
    melody,
    pad,
    power_chords,
    voiced,
)
from model_build.rendering.midi_file import Note, Part
from model_build.rendering.soundfont import SAMPLE_RATE_HZ, render_parts

SECONDS = 18.0

_RELEASE_SECONDS = 0.3
_MAJOR_PROBABILITY = 0.58
_LARGEST_CENTS = 45.0
_KEYBOARDS = (0, 0, 0, 1, 2, 4, 5, 6, 7, 16, 18, 19, 21, 11, 12)
_GUITARS = (24, 24, 25, 25, 26, 27, 28, 29, 30, 46, 105, 107)
_PADS = (48, 49, 50, 52, 61, 62, 88, 89, 90, 19, 20)
_BASSES = (32, 33, 34, 35, 36, 37, 38, 39, 43, 58)
_LEADS = (
    *(0, 4, 11, 12, 22, 24, 25, 26, 27, 30, 40, 41, 42, 52, 53, 54, 56, 57, 59, 60),
    *(64, 65, 66, 67, 68, 71, 73, 74, 75, 79, 80, 81, 85, 104, 105, 110),
)
_LOW_VOICES = (42, 43, 57, 58, 60, 67, 70, 52, 19, 48, 0)
_HIGH_VOICES = (40, 41, 56, 60, 64, 65, 66, 68, 69, 71, 73, 52, 19, 48, 0, 20)
_KITS = (0, 0, 8, 16, 24, 25, 32, 40)


class ChordSpan(NamedTuple):
    """A chord in seconds."""

    start_seconds: float
    end_seconds: float
    chord: int
    """0..23, NO_CHORD, or UNNAMED where the truth is not a major or minor triad."""


class HarmonicSong(NamedTuple):
    """A song and its truth."""

    samples: NDArray[np.float32]
    """Mono sound at 16 kHz (n,), peak 0.5."""
    key: int | None
    """0..23, or None for a song without a key."""
    chords: list[ChordSpan]
    """In order; before, between and after them is no chord."""
    kind: str
    """A key of KINDS."""


class _Score(NamedTuple):
    parts: list[Part]
    spans: list[ChordSpan]
    key: int | None


def make_song(rng: np.random.Generator) -> HarmonicSong:
    """Make a song of a random kind; raises as `soundfont.render_parts` does."""
    names = list(KINDS)
    shares = np.array([KINDS[name][1] for name in names])
    kind = str(rng.choice(names, p=shares / shares.sum()))
    score = KINDS[kind][0](rng)
    samples = render_parts(score.parts)[: round(SECONDS * SAMPLE_RATE_HZ)]
    cents = float(np.clip(rng.normal(0.0, 14.0), -_LARGEST_CENTS, _LARGEST_CENTS))
    samples = speed(samples, semitones=cents / 100.0)
    ratio = 2.0 ** (cents / 1200.0)
    chords = [ChordSpan(s / ratio, min(e, SECONDS) / ratio, c) for s, e, c in score.spans]
    samples *= np.float32(0.5) / max(np.float32(1e-6), np.abs(samples).max())
    return HarmonicSong(samples, score.key, chords, kind)


def _plan(rng: np.random.Generator, *, beats: tuple[float, ...], walks: bool = False) -> Plan:
    """Return a plan whose chords last one of `beats` each."""
    bpm = float(np.exp(rng.uniform(np.log(56.0), np.log(168.0))))
    mode = "major" if rng.random() < _MAJOR_PROBABILITY else "minor"
    tonic, length = int(rng.integers(12)), float(rng.choice(beats))
    while length * 60.0 / bpm < 0.45:  # noqa: PLR2004 (shorter chords are passing notes)
        length *= 2.0
    count = int(SECONDS * bpm / 60.0 / length) + 1
    chords = islice(random_progression(rng, tonic, mode, walks=walks), count)
    spans = [Span(k * length, (k + 1) * length, chord) for k, chord in enumerate(chords)]
    return Plan(rng, bpm, spans, tonic, mode, float(rng.uniform(0.0, 0.012)))


def _score(plan: Plan, parts: list[Part], *, are_named: bool = True) -> _Score:
    spans = [
        ChordSpan(
            plan.seconds(span.start),
            plan.seconds(span.end),
            span.harmony.chord if are_named else UNNAMED,
        )
        for span in plan.spans
    ]
    kept = [
        part._replace(notes=[n for n in part.notes if n.start_seconds < SECONDS]) for part in parts
    ]
    key = plan.tonic + (12 if plan.mode == "minor" else 0)
    return _Score([part for part in kept if part.notes], spans, key)


def _balanced(rng: np.random.Generator, notes: list[Note]) -> list[Note]:
    """Return the notes of a part, all softer by the same amount."""
    share = rng.uniform(0.45, 1.0)
    return [note._replace(velocity=max(12, int(note.velocity * share))) for note in notes]


def _part(rng: np.random.Generator, notes: list[Note], programs: tuple[int, ...]) -> Part:
    return Part(_balanced(rng, notes), int(rng.choice(programs)))


def _band(rng: np.random.Generator) -> _Score:
    plan = _plan(rng, beats=(2.0, 4.0, 4.0, 4.0, 8.0))
    parts = [Part(_balanced(rng, list(drums(plan))), int(rng.choice(_KITS)), drums=True)]
    parts.append(_part(rng, list(bass(plan)), _BASSES))
    is_heavy = rng.random() < 0.15  # noqa: PLR2004
    if is_heavy:
        parts.append(_part(rng, list(power_chords(plan)), (29, 30)))
    else:
        parts.append(_part(rng, list(accompaniment(plan)), _KEYBOARDS + _GUITARS))
    if rng.random() < 0.4 and not is_heavy:  # noqa: PLR2004
        parts.append(_part(rng, list(pad(plan)), _PADS))
    if rng.random() < 0.7:  # noqa: PLR2004
        parts.append(_part(rng, list(melody(plan)), _LEADS))
    return _score(plan, parts, are_named=not is_heavy)


def _solo(rng: np.random.Generator) -> _Score:
    plan = _plan(rng, beats=(1.0, 2.0, 4.0, 4.0))
    programs = _KEYBOARDS if rng.random() < 0.6 else _GUITARS  # noqa: PLR2004
    parts = [_part(rng, list(accompaniment(plan)), programs)]
    if rng.random() < 0.6:  # noqa: PLR2004
        program = parts[0].program if rng.random() < 0.5 else int(rng.choice(_LEADS))  # noqa: PLR2004
        parts.append(Part(_balanced(rng, list(melody(plan))), program))
    return _score(plan, parts)


def _chorale(rng: np.random.Generator) -> _Score:
    plan = _plan(rng, beats=(1.0, 1.0, 2.0), walks=True)
    low, *high = four_voices(plan)
    if rng.random() < 0.4:  # noqa: PLR2004 (one instrument, or one choir)
        program = int(rng.choice((0, 6, 16, 19, 20, 21, 48, 52, 24)))
        return _score(plan, [Part(low + [note for voice in high for note in voice], program)])
    parts = [_part(rng, low, _LOW_VOICES)]
    return _score(plan, parts + [_part(rng, voice, _HIGH_VOICES) for voice in high])


def _tune(rng: np.random.Generator) -> _Score:
    plan = _plan(rng, beats=(2.0, 4.0))
    return _score(plan, [_part(rng, list(melody(plan)), _LEADS)], are_named=False)


def _drums_alone(rng: np.random.Generator) -> _Score:
    plan = _plan(rng, beats=(4.0,))
    score = _score(plan, [Part(list(drums(plan)), int(rng.choice(_KITS)), drums=True)])
    return score._replace(spans=[], key=None)


def _single_chords(rng: np.random.Generator) -> _Score:
    """Unrelated chords, struck or strummed in random positions, with rests."""
    programs = _KEYBOARDS + _GUITARS + _PADS[:6]
    notes: list[Note] = []
    spans: list[ChordSpan] = []
    start = float(rng.uniform(0.1, 0.6))
    while start < SECONDS - 1.0:
        seconds = float(np.exp(rng.uniform(np.log(0.5), np.log(4.0))))
        harmony = triad(int(rng.integers(12)), int(rng.choice([3, 4])))
        pitches = _position(rng, harmony)
        roll = float(rng.choice([0.0, 0.0, 0.015]))
        loud = float(rng.uniform(45, 115))
        for order, pitch in enumerate(pitches):
            velocity = int(np.clip(loud + rng.normal(0.0, 8.0), 15, 127))
            notes.append(Note(start + order * roll, seconds, pitch, velocity))
        spans.append(ChordSpan(start, start + seconds, harmony.chord))
        start += seconds
        if rng.random() < 0.35:  # noqa: PLR2004 (a rest)
            start += float(rng.uniform(0.3, 3.0))
    return _Score([Part(notes, int(rng.choice(programs)))], spans, None)


def _position(rng: np.random.Generator, harmony: Harmony) -> list[int]:
    """Return a chord in close or open position, with doublings, from a random inversion."""
    close = voiced(harmony, int(rng.integers(43, 68)))
    root = min(pitch for pitch in close if pitch % 12 == harmony.root)
    return sorted(
        {
            "close": set(close),
            "bass": {root - 12, *close},
            "open": {root - 12, root - 5, *close, root + 12},
            "wide": {root - 24, *close},
        }[str(rng.choice(["close", "close", "bass", "open", "wide"]))]
        & set(range(28, 100))
    )


KINDS: dict[str, tuple[Callable[[np.random.Generator], _Score], float]] = {
    "band": (_band, 0.34),
    "solo": (_solo, 0.22),
    "chorale": (_chorale, 0.16),
    "tune": (_tune, 0.05),
    "single chords": (_single_chords, 0.18),
    "drums": (_drums_alone, 0.05),
}
"""Kinds of songs, and how many of all songs are of that kind."""


def chord_classes(song: HarmonicSong, times_seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the class of each time (n,): 0..23, NO_CHORD in rests, UNNAMED where it is unclear.

    It is unclear within 50 ms of a change, and while a chord fades after its end.
    """
    classes = np.full(len(times_seconds), NO_CHORD)
    for start, end, _ in song.chords:
        near = (times_seconds > start - 0.15) & (times_seconds < end + _RELEASE_SECONDS)
        classes[near] = UNNAMED
    for start, end, chord in song.chords:
        inside = (times_seconds >= start + 0.05) & (times_seconds < end - 0.05)
        classes[inside] = chord
    return classes
