import numpy as np

from model_build.lab.experiment import Augmentation
from model_build.lab.models.batches import Batches, mask
from tests.model_build.lab.models.made_chunks import made


def batches(augmentation: Augmentation | None = None) -> Batches:
    data = made(10)
    return Batches(
        data.values,
        data.rows,
        data.truth.has.astype(np.float32),
        np.ones(10, np.float32),
        batch_chunks=4,
        augmentation=augmentation,
        seed=1,
    )


def test_masks_are_spans_of_frames_and_bands_with_the_mean_of_the_chunk() -> None:
    chunks = np.random.default_rng(1).normal(size=(50, 20, 10)).astype(np.float32)
    before = chunks.copy()
    settings = Augmentation(masked_frames=0.25, masked_bands=0.2)
    mask(chunks, settings, np.random.default_rng(2))
    changed = chunks != before
    for one, was, now in zip(changed, before, chunks, strict=True):
        frames, bands = np.flatnonzero(one.all(axis=1)), np.flatnonzero(one.all(axis=0))
        assert len(frames) <= 5
        assert len(bands) <= 2
        assert (np.diff(frames) == 1).all()
        assert one.sum() == 10 * len(frames) + 20 * len(bands) - len(frames) * len(bands)
        assert np.allclose(now[one], was.mean(), atol=1e-6)
    assert changed.any(axis=(1, 2)).sum() > 40


def test_an_epoch_has_every_chunk_once_in_an_order_of_its_own() -> None:
    made_batches = batches()
    orders = []
    for epoch in (0, 1, 0):
        made_batches.epoch = epoch
        parts = [made_batches[n] for n in range(len(made_batches))]
        assert [len(chunks) for chunks, _, _ in parts] == [4, 4, 2]
        orders.append(np.concatenate([chunks for chunks, _, _ in parts])[:, 0, 0].tolist())
    assert sorted(orders[0]) == sorted(made(10).values[:, 0, 0].tolist())
    assert orders[0] == orders[2] != orders[1]


def test_a_batch_depends_on_nothing_but_seed_epoch_and_number() -> None:
    settings = Augmentation(mixup_alpha=0.4, masked_bands=0.2)
    first, again = batches(settings), batches(settings)
    again[1], again[2]  # the order in which batches are asked for does not matter
    for one, other in zip(first[0], again[0], strict=True):
        assert np.array_equal(one, other)
