import numpy as np
import pytest

from daemon.hearing.patches import is_filled, patch, patches, sounding_starts

FRAMES = np.arange(40, dtype=np.float32).reshape(10, 4)


def test_patches_begin_at_the_given_frames_and_may_overlap() -> None:
    cut = patches(FRAMES, (0, 3, 5), 5)
    assert cut.shape == (3, 5, 4)
    for number, first in enumerate((0, 3, 5)):
        assert np.array_equal(cut[number], FRAMES[first : first + 5])
        assert np.array_equal(cut[number], patch(FRAMES, first, 5))


def frames_with_sound(*spans: tuple[int, int, float], count: int = 400) -> np.ndarray:
    """Return log-mel frames of silence with sound of these levels from one frame to another."""
    frames = np.full((count, 64), np.log(0.001), np.float32)
    for start, end, level in spans:
        frames[start:end, 10] = level
    return frames


STARTS = (0, 50, 100, 150, 200, 250, 300)


@pytest.mark.parametrize(
    ("spans", "wanted"),
    [
        ([(0, 400, 0.0)], STARTS),
        ([(0, 100, 0.0)], (0,)),
        ([(0, 20, 0.0)], (0,)),
        ([(0, 150, 0.0)], (0, 50)),
        ([(150, 260, 0.0)], (150,)),
        # Sound 46 dB below the loudest is not heard beside it.
        ([(0, 100, 0.0), (100, 400, np.log(0.005))], (0,)),
        ([(0, 100, 0.0), (100, 400, np.log(0.02))], STARTS),
        ([], STARTS),
    ],
)
def test_patches_without_sound_are_left_out(
    spans: list[tuple[int, int, float]], wanted: tuple[int, ...]
) -> None:
    assert sounding_starts(frames_with_sound(*spans), STARTS, 98) == wanted


def test_sound_must_fill_half_of_a_patch() -> None:
    frames = frames_with_sound((100, 150, 0.0))
    assert is_filled(frames, 75, 100)
    assert is_filled(frames, 100, 100)
    assert not is_filled(frames, 101, 100)
    assert not is_filled(frames, 200, 100)
