from itertools import islice

import numpy as np
import pytest

from model_build.chords.progressions import UNNAMED, random_progression, triad

SCALES = {"major": {0, 2, 4, 5, 7, 9, 11}, "minor": {0, 2, 3, 5, 7, 8, 10}}


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("walks", [False, True])
def test_most_notes_of_a_progression_are_in_its_key(mode: str, walks: bool) -> None:  # noqa: FBT001
    rng = np.random.default_rng(3)
    inside, count = 0, 0
    for tonic in range(12):
        for chord in islice(random_progression(rng, tonic, mode, walks=walks), 40):
            notes = {(chord.root + step - tonic) % 12 for step in chord.steps[:3]}
            inside += len(notes & SCALES[mode])
            count += 3
    assert inside / count > 0.85


def test_the_class_of_a_chord_is_its_triad() -> None:
    rng = np.random.default_rng(4)
    seen = set()
    for chord in islice(random_progression(rng, 2, "minor", walks=True), 400):
        quality = {"(0, 4, 7)": 0, "(0, 3, 7)": 12}.get(str(chord.steps[:3]))
        assert chord.chord == (UNNAMED if quality is None else chord.root + quality)
        seen.add(chord.chord)
    assert {UNNAMED, 14, 9} <= seen  # diminished, D minor, A major


def test_triads_have_their_class() -> None:
    assert triad(14, 4).chord == 2
    assert triad(2, 3).chord == 14
    assert triad(2, 3).steps == (0, 3, 7)
