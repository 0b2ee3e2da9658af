import numpy as np

from daemon.hearing.patches import patch, patches

FRAMES = np.arange(40, dtype=np.float32).reshape(10, 4)


def test_patches_begin_at_the_given_frames_and_may_overlap() -> None:
    cut = patches(FRAMES, (0, 3, 5), 5)
    assert cut.shape == (3, 5, 4)
    for number, first in enumerate((0, 3, 5)):
        assert np.array_equal(cut[number], FRAMES[first : first + 5])
        assert np.array_equal(cut[number], patch(FRAMES, first, 5))
