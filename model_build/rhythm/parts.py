"""The parts of a made-up song: drums, bass, accompaniment and melody."""

from collections.abc import Callable, Iterator

import numpy as np

from model_build.rendering.midi_file import Note
from model_build.rhythm.score import SEMIQUAVERS, Score

_KICK, _SNARES, _CYMBALS, _CRASH, _TOMS = 36, (38, 38, 40, 37), (42, 42, 51, 46), 49, (45, 47, 50)
_SAME_BEAT = 0.05
_FILL_BARS, _CRASH_BARS = 4, 8
_ACCENT = 18.0
_ORDERS = ((0, 1, 2, 1), (0, 2, 1, 2), (0, 1, 2, 3))  # of an arpeggio's notes


def kit(score: Score, *, loses_lines: bool = False) -> Iterator[Note]:
    """Yield the strokes of a drum kit; with `loses_lines` only one or two of its drums play."""
    rng, style = score.rng, score.style
    groove = style.grooves[rng.integers(len(style.grooves))]
    snare, cymbal = int(rng.choice(_SNARES)), int(rng.choice(_CYMBALS))
    lines = [(groove.kick, _KICK, 95.0), (groove.snare, snare, 95.0), (groove.cymbal, cymbal, 65.0)]
    lines = [line for line in lines if "x" in line[0]]
    if loses_lines:
        kept = rng.permutation(len(lines))[: rng.integers(1, 3)]
        lines = [lines[k] for k in kept]
    missed = rng.uniform(0.0, 0.12)
    for bar in range(score.bars):
        for line, key, velocity in lines:
            for step, stroke in enumerate(line):
                on_beat = step % style.steps == 0
                if stroke == "x" and (on_beat or rng.random() >= missed):
                    beat = bar * style.beats + step / style.steps
                    yield score.note(beat, 0.25, key, velocity + _ACCENT * on_beat)
    if not loses_lines and rng.random() < 0.5:  # noqa: PLR2004 (half of the drummers)
        yield from _fills(score)


def _fills(score: Score) -> Iterator[Note]:
    """Yield strokes on toms in the last beat of every fourth bar, and crash cymbals."""
    rng, style = score.rng, score.style
    for bar in range(score.bars):
        first = bar * style.beats
        if bar % _CRASH_BARS == 0:
            yield score.note(first, 0.5, _CRASH, 95.0)
        if bar % _FILL_BARS == _FILL_BARS - 1:
            for step in range(style.steps):
                beat = first + style.beats - 1 + step / style.steps
                yield score.note(beat, 0.25, int(rng.choice(_TOMS)), 85.0)


def bass(score: Score) -> Iterator[Note]:
    """Yield a bass line: roots, roots and fifths, a walking bass, or the strokes of the kick."""
    rng, style = score.rng, score.style
    kind = str(rng.choice(["roots", "fifths", "walking", "kick"]))
    step = 0.5 if style.steps == SEMIQUAVERS else 1.0
    gap = float(rng.choice([1.0, float(style.beats), step])) if kind == "roots" else 1.0
    places = np.arange(0.0, score.bars * style.beats, gap)
    if kind == "kick":
        line = style.grooves[0].kick
        strokes = [k / style.steps for k, stroke in enumerate(line) if stroke == "x"] or [0.0]
        places = np.array([b * style.beats + s for b in range(score.bars) for s in strokes])
    for beat in places.tolist():
        interval = 0
        if kind == "walking":
            interval = int(rng.choice([0, 4, 7, 9, 10]))
        elif kind == "fifths" and int(beat) % 2:
            interval = 7
        pitch = 28 + (score.root(beat + 1e-6) + interval - 28) % 12
        yield score.note(beat, 0.85 * gap, pitch, 95.0)


def accompaniment(score: Score) -> Iterator[Note]:
    """Yield chords in one of the ACCOMPANIMENTS, the style's own in half of the songs."""
    rng, names = score.rng, list(ACCOMPANIMENTS)
    if score.style.accompaniments and rng.random() < 0.5:  # noqa: PLR2004 (half of the songs)
        names = list(score.style.accompaniments)
    yield from ACCOMPANIMENTS[str(rng.choice(names))](score)


def melody(score: Score) -> Iterator[Note]:
    """Yield a melody of notes and rests in the key."""
    rng, beat, place = score.rng, 0.0, int(score.rng.integers(14))
    lengths = (0.5, 1.0, 1.0, 2.0, 1.5, 0.25)
    if score.style.steps != SEMIQUAVERS:
        lengths = (1 / 3, 2 / 3, 1.0, 1.0, 2.0, 2 / 3)
    density = rng.uniform(0.5, 1.0)
    while beat < score.bars * score.style.beats - 2:
        beats = float(rng.choice(lengths))
        place = int(np.clip(place + rng.integers(-2, 3), 0, 20))
        pitch = 57 + score.tonic + 12 * (place // 7) + score.scale[place % 7]
        if rng.random() < density:
            accent = 8.0 * _is_beat(beat)
            yield score.note(beat, 0.92 * beats, pitch, 88.0 + accent)
        beat += beats
        if _is_beat(beat):
            beat = float(round(beat))


def _is_beat(beat: float) -> bool:
    return abs(beat - round(beat)) < _SAME_BEAT


def _strokes(score: Score, gap: float, shift: float, length: float) -> Iterator[Note]:
    """Yield chords at every `gap` beats, `shift` beats late, each `length` beats long."""
    lowest = int(score.rng.integers(50, 62))
    for beat in np.arange(0.0, score.bars * score.style.beats, gap).tolist():
        velocity = 84.0 if _is_beat(beat + shift) else 68.0
        for pitch in score.chord(beat + shift + 1e-6, lowest):
            yield score.note(beat + shift, length, pitch, velocity)


def _half(score: Score) -> float:
    return 0.5 if score.style.steps == SEMIQUAVERS else 1.0 / 3.0


def _on_beats(score: Score) -> Iterator[Note]:
    return _strokes(score, 1.0, 0.0, 0.8)


def _divided(score: Score) -> Iterator[Note]:
    return _strokes(score, _half(score), 0.0, 0.8 * _half(score))


def _off_beats(score: Score) -> Iterator[Note]:
    return _strokes(score, 1.0, 1.0 - _half(score), 0.3)


def _pad(score: Score) -> Iterator[Note]:
    bar = float(score.style.beats)
    return _strokes(score, bar, 0.0, bar - 0.05)


def _arpeggio(score: Score) -> Iterator[Note]:
    rng, lowest = score.rng, int(score.rng.integers(46, 60))
    gap = _half(score)
    slow = float(np.median(np.diff(score.beats_seconds))) > 0.65  # noqa: PLR2004 (92 bpm)
    if gap == 0.5 and slow and rng.random() < 0.5:  # noqa: PLR2004 (half of the slow songs)
        gap = 0.25
    order = _ORDERS[int(rng.integers(len(_ORDERS)))]
    held = float(rng.choice([gap, 2.0]))
    for count, beat in enumerate(np.arange(0.0, score.bars * score.style.beats, gap).tolist()):
        chord = score.chord(beat + 1e-6, lowest)
        pitch = [*chord, chord[0] + 12][order[count % 4]]
        yield score.note(beat, held, pitch, 84.0 if _is_beat(beat) else 68.0)


def _boom_chick(score: Score) -> Iterator[Note]:
    lowest, bar = int(score.rng.integers(52, 62)), 2 if score.style.beats != 3 else 3  # noqa: PLR2004
    for beat in range(score.bars * score.style.beats):
        if beat % bar == 0:
            pitch = 36 + (score.root(beat + 1e-6) + 7 * (beat % 4 == 2) - 36) % 12  # noqa: PLR2004
            yield score.note(beat, 0.8, pitch, 88.0)
            continue
        for pitch in score.chord(beat + 1e-6, lowest):
            yield score.note(beat, 0.4, pitch, 75.0)


def _strum(score: Score) -> Iterator[Note]:
    places = (0.0, 1.0, 1.5, 2.5, 3.0, 3.5) if score.style.beats == 4 else (0.0, 1.0, 1.5)  # noqa: PLR2004
    yield from _pattern(score, [p for p in places if p < score.style.beats], spread_seconds=0.012)


def _syncopated(score: Score) -> Iterator[Note]:
    thirds = score.style.steps != SEMIQUAVERS
    places = [0.0, 2 / 3, 5 / 3, 8 / 3, 3.0] if thirds else [0.0, 0.75, 1.5, 2.5, 3.25]
    kept = score.rng.permutation(places)[: score.rng.integers(2, 6)]
    yield from _pattern(score, sorted(p for p in kept.tolist() if p < score.style.beats))


def _pattern(score: Score, places: list[float], *, spread_seconds: float = 0.0) -> Iterator[Note]:
    """Yield a chord at the same places of every bar, its pitches one after the other."""
    lowest = int(score.rng.integers(48, 60))
    for bar in range(score.bars):
        for place in places:
            beat = bar * score.style.beats + place
            velocity = 84.0 if _is_beat(beat) else 68.0
            for row, pitch in enumerate(score.chord(beat + 1e-6, lowest)):
                struck = score.note(beat, 0.5, pitch, velocity)
                yield struck._replace(start_seconds=struck.start_seconds + row * spread_seconds)


ACCOMPANIMENTS: dict[str, Callable[[Score], Iterator[Note]]] = {
    "on beats": _on_beats,
    "divided": _divided,
    "off beats": _off_beats,
    "pad": _pad,
    "arpeggio": _arpeggio,
    "boom-chick": _boom_chick,
    "strum": _strum,
    "syncopated": _syncopated,
}
"""How chords are played, by name."""
