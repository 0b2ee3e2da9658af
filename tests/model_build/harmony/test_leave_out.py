import numpy as np

from model_build.harmony.chorales.leave_out import leaked_share, without_copies, without_overlap
from tests.model_build.harmony.made_chorales import made_chorale

HELD = [made_chorale(1, 40), made_chorale(2, 40)]


def test_leaves_out_transposed_copies_and_pieces_with_a_copied_half() -> None:
    other, copy = made_chorale(3, 40), HELD[0] + 5
    half = np.vstack([made_chorale(4, 20), HELD[1][: 20 * 4]])
    kept = without_overlap([other, copy, half], HELD)
    assert [chorale is other for chorale in kept] == [True]


def test_leaves_out_the_same_melody_with_other_voices() -> None:
    melody = HELD[0].copy()
    melody[:, 1:] = made_chorale(5, 40)[:, 1:]
    assert without_overlap([melody], HELD) == []


def test_leaves_out_a_written_out_repeat() -> None:
    assert without_overlap([np.vstack([HELD[0], HELD[0]])], HELD) == []


def test_one_copied_window_of_six_beats_is_enough_for_a_fake() -> None:
    other = made_chorale(6, 40)
    with_window = np.vstack([other, HELD[1][8 * 4 : 15 * 4], other])
    kept = without_copies([other, with_window], HELD)
    assert [chorale is other for chorale in kept] == [True]


def test_leaked_share_counts_windows_of_six_beats() -> None:
    assert leaked_share([HELD[0] - 2, HELD[1]], HELD) == 1.0
    assert leaked_share([HELD[0]], HELD) == 0.5
    assert leaked_share([made_chorale(7, 40)], HELD) == 0.0
