"""The players of a rendered corpus: instruments, voices and sorts of household noise."""

import numpy as np
from numpy.typing import NDArray

from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SECONDS
from model_build.corpus.clips import Clip
from model_build.rendering.general_midi import PROGRAMS, Program
from model_build.rendering.household.noises import SORTS, household_noise
from model_build.rendering.soundfont import render as render_notes
from model_build.rendering.speech import VOICES, Voice, random_speech
from model_build.rendering.tunes.mood import PHRASE_SECONDS
from model_build.rendering.tunes.performance import performance

PHRASES_AT_ONCE = 50  # limits the size of fluidsynth's temporary file

Samples = NDArray[np.float32]
Player = Program | Voice | str  # an instrument, a voice, or a sort of noise

PLAYERS: tuple[Player, ...] = (*PROGRAMS, *VOICES, *SORTS)
"""All players; a player's index here decides its random numbers."""

_LICENCES = {"phrase": "MIT (FluidR3)", "speech": "CC0", "noise": "CC0"}
_REPOSITORIES = {
    "phrase": "Debian fluid-soundfont-gm",
    "speech": "espeak-ng",
    "noise": "computed",
}


def clip_of(player: Player) -> Clip:
    """Return the fields that all clips of a player share; path and split are empty."""
    if isinstance(player, Program):
        kind, label, name, group = "phrase", player.family, player.name, player.group
    elif isinstance(player, Voice):
        kind, label, name = "negative", "speech", f"espeak-{player.name}"
        group = name
    else:
        kind, label, name = "negative", "noise", f"computed-{player}"
        group = name
    return Clip(
        path="",
        kind=kind,
        split="",
        label=label,
        families=(label,) if kind == "phrase" else (),
        accepts=player.accepts if isinstance(player, Program) else (),
        source=name,
        group=group,
        origin="rendered",
        licence=_LICENCES["phrase" if kind == "phrase" else label],
        redistributable=True,
        doubt="",
    )


def repository_of(clip: Clip) -> str:
    """Return the manifest's `repository` of a player's clip: the program that it is made with."""
    return _REPOSITORIES["phrase" if clip.families else clip.label]


def play(player: Player, rng: np.random.Generator, count: int) -> Samples:
    """Return `count` clips of 4 s one after the other, (count * 64 000,).

    Raises FileNotFoundError if fluidsynth, the soundfont or espeak-ng is missing.
    """
    if isinstance(player, Program):
        starts = range(0, count, PHRASES_AT_ONCE)
        parts = [_play_phrases(player, rng, min(count - s, PHRASES_AT_ONCE)) for s in starts]
    elif isinstance(player, Voice):
        parts = [random_speech(player, rng, WINDOW_SECONDS) for _ in range(count)]
    else:
        parts = [household_noise(player, rng, WINDOW_SECONDS) for _ in range(count)]
    return np.concatenate(parts)


def _play_phrases(program: Program, rng: np.random.Generator, phrases: int) -> Samples:
    """Return phrases on an instrument, (phrases * 64 000,)."""
    notes = performance(program, rng, phrases)
    samples = render_notes(notes, program.number, drums=program.is_kit)
    whole = np.zeros(round(phrases * PHRASE_SECONDS * SAMPLE_RATE_HZ), np.float32)
    whole[: len(samples)] = samples[: len(whole)]
    return whole
