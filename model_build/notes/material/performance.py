"""Perform a piece: tuning, vibrato, pedal and swells as MIDI, and when each note is heard."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from model_build.notes.material import score
from model_build.notes.material.chance import chance
from model_build.notes.material.pieces import Voice
from model_build.notes.survey import ProgramFigures
from model_build.notes.targets import LabelledNote, Vibrato
from model_build.rendering.midi_file import Note

SETUP_SECONDS = 0.25
"""The channels are set up this long before a piece begins."""

_LATEST_ATTACK_SECONDS = 0.12
_DIES_AWAY_SECONDS = 1.0
_AUDIBLE_DECAYS = 1.3
_SHORTEST_SECONDS, _SHORTEST_DECAY_SECONDS = 0.04, 0.15
_BEND_STEP_SECONDS, _SWELL_STEP_SECONDS = 0.012, 0.03
_WITH_PEDAL = ("keyboard", "mallet")
_WITH_VIBRATO = ("string", "vocal", "brass", "reed", "flute", "guitar", "synth_lead")
_PLUCKED = range(45, 48)
_VIBRATO_NOTE_SECONDS, _SWELL_NOTE_SECONDS = 0.25, 0.6

Rng = np.random.Generator
Pedals = Sequence[tuple[float, float]]


class Performance(NamedTuple):
    """A piece as MIDI, with the notes that are heard."""

    events: list[score.Event]
    """The messages of all channels."""
    notes: list[LabelledNote]
    """When each note is heard, and its pitch."""
    end_seconds: float
    """When the last key is released."""


class _Style(NamedTuple):
    """How a voice is played."""

    channel: int
    start_seconds: float  # of the piece
    tuning: float
    vibrato: Vibrato | None  # of which `from_seconds` counts from the press
    swell: float | None  # the softest share of the loudness
    pedals: Pedals


def perform(
    rng: Rng,
    voices: Sequence[Voice],
    figures: Mapping[int, ProgramFigures],
    *,
    start_seconds: float,
    seconds: float,
) -> Performance:
    """Perform a piece of about `seconds` from `start_seconds` on, one channel a voice.

    `figures` are those of the soundfont's programs, by their number.
    """
    tuning = rng.normal(0.0, 0.05) if chance(rng, 0.55) else rng.uniform(-1.02, 1.0)
    made = Performance([], [], start_seconds)
    for channel, voice in enumerate(voices):
        detuned = tuning + (rng.normal(0.0, 0.05) if len(voices) > 1 else 0.0)
        notes = [note for note in voice.notes if note.start_seconds < seconds]
        moved = [note._replace(start_seconds=note.start_seconds + start_seconds) for note in notes]
        if moved:
            style = _style(rng, voice, channel, detuned, (start_seconds, start_seconds + seconds))
            part = _part(rng, voice, moved, style, figures[voice.program.number])
            made.events.extend(part.events)
            made.notes.extend(part.notes)
            made = made._replace(end_seconds=max(made.end_seconds, part.end_seconds))
    return made


def _style(
    rng: Rng, voice: Voice, channel: int, tuning: float, between: tuple[float, float]
) -> _Style:
    """Draw how a voice is played between two times in seconds."""
    family, number = voice.program.family, voice.program.number
    vibrato, swell, pedals = None, None, []
    bends = voice.is_single and family in _WITH_VIBRATO and number not in _PLUCKED
    if bends and chance(rng, 0.65):
        extent = rng.uniform(0.08, 0.6) * rng.random()
        vibrato = Vibrato(rng.uniform(0.05, 0.4), rng.uniform(4.0, 7.0), extent)
    if bends and family != "guitar" and chance(rng, 0.3):
        swell = rng.uniform(0.3, 0.8)
    if not voice.is_single and family in _WITH_PEDAL and chance(rng, 0.35):
        now, end = between
        while now < end:
            held = rng.uniform(0.6, 3.0)
            pedals.append((now + 0.06, now + held))
            now += held
    return _Style(channel, between[0], tuning, vibrato, swell, pedals)


def _part(
    rng: Rng,
    voice: Voice,
    notes: Sequence[Note],
    style: _Style,
    figures: ProgramFigures,
) -> Performance:
    channel, setup = style.channel, style.start_seconds - SETUP_SECONDS
    events = [
        score.control(setup, channel, score.RESET, 0),
        score.program(setup + 0.002, channel, voice.program.number),
        score.control(setup + 0.004, channel, score.VOLUME, int(rng.integers(60, 127))),
        score.control(setup + 0.004, channel, score.EXPRESSION, 127),
        score.control(setup + 0.004, channel, score.PAN, 64),
        score.bend(setup + 0.004, channel, style.tuning),
    ]
    for down, up in style.pedals:
        events.append(score.control(down, channel, score.PEDAL, 127))
        events.append(score.control(up, channel, score.PEDAL, 0))
    heard = []
    for note in notes:
        end = note.start_seconds + note.seconds
        events.append(score.press(note.start_seconds, channel, note.pitch_midi, note.velocity))
        events.append(score.release(end, channel, note.pitch_midi))
        events += _bends(note, style) + _swell(note, style)
        heard.append(_heard(note, style, figures))
    return Performance(events, heard, max(note.offset_seconds for note in heard))


def _heard(note: Note, style: _Style, figures: ProgramFigures) -> LabelledNote:
    """Return when the note is heard, by the survey of its program."""
    key = figures.nearest(note.pitch_midi)
    end = note.start_seconds + note.seconds
    end = next((up for down, up in style.pedals if down <= end < up), end)
    if key.decay_seconds is not None and key.decay_seconds < _DIES_AWAY_SECONDS:
        audible = max(_AUDIBLE_DECAYS * key.decay_seconds, _SHORTEST_DECAY_SECONDS)
        end = min(end, note.start_seconds + audible)
    onset = note.start_seconds + min(key.attack_seconds, _LATEST_ATTACK_SECONDS)
    vibrato = style.vibrato
    if vibrato and note.seconds > _VIBRATO_NOTE_SECONDS:
        vibrato = vibrato._replace(from_seconds=note.start_seconds + vibrato.from_seconds)
    else:
        vibrato = None
    midi = note.pitch_midi + style.tuning + figures.tuning_semitones
    return LabelledNote(onset, max(end, onset + _SHORTEST_SECONDS), midi, vibrato)


def _bends(note: Note, style: _Style) -> list[score.Event]:
    """Return the vibrato of a note, as the targets describe it."""
    vibrato = style.vibrato
    if vibrato is None or note.seconds <= _VIBRATO_NOTE_SECONDS:
        return []
    first, end = note.start_seconds + vibrato.from_seconds, note.start_seconds + note.seconds
    events = []
    for now in np.arange(first, end - 0.002, _BEND_STEP_SECONDS):
        extent = vibrato.semitones * min(1.0, (now - first) / 0.2)
        turn = np.sin(2 * np.pi * vibrato.hz * (now - first))
        events.append(score.bend(float(now), style.channel, style.tuning + extent * turn))
    return [*events, score.bend(end - 0.001, style.channel, style.tuning)]


def _swell(note: Note, style: _Style) -> list[score.Event]:
    """Return a rise and fall of the loudness over a long note."""
    if style.swell is None or note.seconds <= _SWELL_NOTE_SECONDS:
        return []
    end = note.start_seconds + note.seconds
    events = []
    for now in np.arange(note.start_seconds, end, _SWELL_STEP_SECONDS):
        rise = np.sin(np.pi * (now - note.start_seconds) / note.seconds)
        value = round(127 * (style.swell + (1.0 - style.swell) * rise))
        events.append(score.control(float(now), style.channel, score.EXPRESSION, value))
    return [*events, score.control(end, style.channel, score.EXPRESSION, 127)]
