import numpy as np
import pytest

from model_build.rendering.general_midi import PROGRAMS, Program
from model_build.rendering.tunes.mood import PHRASE_SECONDS
from model_build.rendering.tunes.performance import performance

PHRASES = 30
KIT_KEYS = range(35, 83)


def played(program: Program, seed: int = 1) -> list[tuple[float, float, int, int]]:
    return list(performance(program, np.random.default_rng(seed), PHRASES))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_notes_stay_within_their_phrase_and_the_range(program: Program) -> None:
    heard = np.zeros(PHRASES)
    for start, seconds, pitch, velocity in played(program):
        phrase = int(start // PHRASE_SECONDS)
        heard[phrase] += 1
        assert start + seconds <= (phrase + 1) * PHRASE_SECONDS + 1e-9
        if program.is_kit:
            assert pitch in KIT_KEYS
        else:
            assert program.lowest_midi <= pitch <= program.highest_midi
        assert 1 <= velocity <= 127
    assert heard.min() >= 1
    assert 3 <= np.median(heard) <= 60


def test_seed_decides_the_notes() -> None:
    assert played(PROGRAMS[0]) == played(PROGRAMS[0])
    assert played(PROGRAMS[0]) != played(PROGRAMS[0], seed=2)


def test_winds_play_single_notes_and_pianos_chords() -> None:
    def at_once(name: str) -> int:
        (program,) = [p for p in PROGRAMS if p.name == name]
        starts = [round(note[0], 1) for note in played(program)]
        return max(starts.count(start) for start in starts)

    assert at_once("grand-piano") >= 3
    assert at_once("clarinet") <= 2  # two short ones within a tenth of a second


def test_phrases_differ_in_loudness() -> None:
    by_phrase: dict[int, list[int]] = {}
    for start, _, _, velocity in played(PROGRAMS[0]):
        by_phrase.setdefault(int(start // PHRASE_SECONDS), []).append(velocity)
    means = [np.mean(velocities) for velocities in by_phrase.values()]
    assert max(means) - min(means) > 30
