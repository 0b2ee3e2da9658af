import msgspec
import numpy as np
import pytest

from model_build.recipe import Training
from model_build.run_folder import WindowArrays
from model_build.windows.dataset import in_order, shuffled

LOG_OFFSET = 0.001
PLAIN = Training(
    epochs=1,
    batch_windows=4,
    patches_at_once=2,
    learning_rate=0.1,
    weight_decay=0.0,
    label_smoothing=0.0,
    ranking_weight=0.0,
    sum_probability=0.0,
    masked_bands=0,
    patience_epochs=1,
)


@pytest.fixture
def windows() -> WindowArrays:
    """Ten windows of four patches; every value encodes its window and patch."""
    patches = np.empty((10, 4, 3, 5), np.float16)
    patches[:] = (np.arange(10)[:, None] + np.arange(4) / 4)[..., None, None]
    return WindowArrays(patches, np.eye(10, dtype=np.uint8))


def test_in_order_returns_every_patch_once_with_labels_of_its_window(windows: WindowArrays) -> None:
    batches = list(in_order(windows, PLAIN).as_numpy_iterator())
    patches = np.concatenate([batch[0] for batch in batches])
    labels = np.concatenate([batch[1] for batch in batches])
    assert patches.shape == (20, 2, 3, 5)
    assert np.array_equal(patches.reshape(10, 4, 3, 5), windows.patches)
    assert np.array_equal(labels.argmax(axis=1), np.repeat(np.arange(10), 2))


def test_shuffled_returns_different_windows_in_each_batch_of_an_epoch(
    windows: WindowArrays,
) -> None:
    batches = list(shuffled(windows, PLAIN, 1, LOG_OFFSET).take(4).as_numpy_iterator())
    seen = [int(patch[0, 0, 0]) for patches, _ in batches[:2] for patch in patches]
    assert len(set(seen)) == 8
    for patches, labels in batches:
        assert np.array_equal(patches[:, 0, 0, 0].astype(int), labels.argmax(axis=1))
        assert np.all(patches[:, 0] != patches[:, 1])


def test_same_seed_gives_same_batches(windows: WindowArrays) -> None:
    busy = msgspec.structs.replace(PLAIN, sum_probability=0.5, masked_bands=3)
    one, again, other = (
        next(iter(shuffled(windows, busy, seed, LOG_OFFSET).as_numpy_iterator()))
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one[0], again[0])
    assert not np.array_equal(one[0], other[0])


def test_summed_windows_have_the_labels_of_both(windows: WindowArrays) -> None:
    summing = msgspec.structs.replace(PLAIN, sum_probability=1.0)
    patches, labels = next(iter(shuffled(windows, summing, 1, LOG_OFFSET).as_numpy_iterator()))
    assert set(labels.sum(axis=1)) <= {1.0, 2.0}
    assert labels.sum() > len(labels)
    assert np.isfinite(patches).all()


def test_masked_bands_are_silent(windows: WindowArrays) -> None:
    masking = msgspec.structs.replace(PLAIN, masked_bands=3)
    patches, _ = next(iter(shuffled(windows, masking, 1, LOG_OFFSET).as_numpy_iterator()))
    hidden = np.isclose(patches, np.log(LOG_OFFSET)).all(axis=(1, 2))
    assert hidden.sum(axis=1).max() <= 3
    assert hidden.any()
