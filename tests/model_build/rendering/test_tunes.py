import numpy as np
import pytest

from model_build.rendering.general_midi import PROGRAMMES, Programme
from model_build.rendering.tunes import PHRASE_SECONDS, performance

PHRASES = 30
KIT_KEYS = range(35, 83)


def played(programme: Programme, seed: int = 1) -> list[tuple[float, float, int, int]]:
    return list(performance(programme, np.random.default_rng(seed), PHRASES))


@pytest.mark.parametrize("programme", PROGRAMMES, ids=lambda p: p.name)
def test_every_phrase_has_notes_within_its_time_and_the_range(programme: Programme) -> None:
    heard = np.zeros(PHRASES)
    for start, seconds, pitch, velocity in played(programme):
        phrase = int(start // PHRASE_SECONDS)
        heard[phrase] += 1
        assert start + seconds <= (phrase + 1) * PHRASE_SECONDS + 1e-9
        if programme.is_kit:
            assert pitch in KIT_KEYS
        else:
            assert programme.lowest_midi <= pitch <= programme.highest_midi
        assert 1 <= velocity <= 127
    assert heard.min() >= 1
    assert 3 <= np.median(heard) <= 60


def test_same_seed_same_notes_other_seed_others() -> None:
    assert played(PROGRAMMES[0]) == played(PROGRAMMES[0])
    assert played(PROGRAMMES[0]) != played(PROGRAMMES[0], seed=2)


def test_winds_play_one_note_at_a_time_and_pianos_several() -> None:
    def at_once(name: str) -> int:
        (programme,) = [p for p in PROGRAMMES if p.name == name]
        starts = [round(note[0], 1) for note in played(programme)]
        return max(starts.count(start) for start in starts)

    assert at_once("grand-piano") >= 3
    assert at_once("clarinet") <= 2  # two short ones within a tenth of a second


def test_phrases_differ_in_loudness() -> None:
    by_phrase: dict[int, list[int]] = {}
    for start, _, _, velocity in played(PROGRAMMES[0]):
        by_phrase.setdefault(int(start // PHRASE_SECONDS), []).append(velocity)
    means = [np.mean(velocities) for velocities in by_phrase.values()]
    assert max(means) - min(means) > 30
