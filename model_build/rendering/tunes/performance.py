"""Random phrases on an instrument, played as inaccurately as people play."""

from collections.abc import Callable, Iterator

import numpy as np

from model_build.rendering.general_midi import Program
from model_build.rendering.midi_file import Note
from model_build.rendering.tunes.drums import drum_solo, hand_percussion, kit_beat, pitched_strokes
from model_build.rendering.tunes.mood import PHRASE_SECONDS, Mood, Rng, random_mood
from model_build.rendering.tunes.pitched import (
    accompanied_melody,
    arpeggio,
    bass_line,
    chords,
    held_chords,
    melody,
    run,
)

SHORTEST_SECONDS = 0.03
LATEST_START_SECONDS = 0.4
TIMING_SECONDS = 0.008  # standard deviation of a note's start
TOUCH_VELOCITY = 5.0  # standard deviation of a note's velocity

# A way that is listed more than once is drawn more often.
WAYS_OF_STYLE: dict[str, tuple[Callable[[Mood, Rng], Iterator[Note]], ...]] = {
    "solo": (melody, melody, melody, run),
    "fingers": (melody, chords, arpeggio, accompanied_melody, accompanied_melody, run),
    "strummed": (melody, melody, chords, arpeggio, arpeggio, accompanied_melody),
    "ensemble": (held_chords, held_chords, melody, chords),
    "line": (bass_line, bass_line, bass_line, melody),
    "strokes": (pitched_strokes,),
    "kit": (kit_beat, kit_beat, kit_beat, hand_percussion, drum_solo),
}


def performance(program: Program, rng: Rng, phrases: int) -> list[Note]:
    """Return the notes of `phrases` phrases, one every 4 s, each with a mood of its own."""
    notes: list[Note] = []
    for phrase in range(phrases):
        start_seconds = phrase * PHRASE_SECONDS
        ways = WAYS_OF_STYLE[program.style]
        played = ways[rng.integers(len(ways))](random_mood(program, rng), rng)
        notes += _humanised(played, start_seconds, rng)
    return notes


def _humanised(notes: Iterator[Note], start_seconds: float, rng: Rng) -> Iterator[Note]:
    """Yield the notes that fit the 4 s of a phrase, slightly inaccurate, at the phrase's start."""
    late_seconds = rng.uniform(0.0, LATEST_START_SECONDS)
    for note in notes:
        at_seconds = max(0.0, note.start_seconds + late_seconds + rng.normal(0.0, TIMING_SECONDS))
        seconds = min(note.seconds, PHRASE_SECONDS - at_seconds)
        if seconds >= SHORTEST_SECONDS:
            velocity = int(np.clip(note.velocity + rng.normal(0.0, TOUCH_VELOCITY), 1, 127))
            yield Note(start_seconds + at_seconds, seconds, note.pitch_midi, velocity)
