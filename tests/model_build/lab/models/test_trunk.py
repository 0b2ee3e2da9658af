from pathlib import Path

import numpy as np
import pytest

from daemon.errors import InputError
from daemon.hearing.log_mel import FrontEnd, LogMel
from model_build.lab.experiment import Data, Experiment, FrontEndSettings, Model, Training
from model_build.lab.features.front_end import LOG_OFFSET
from model_build.lab.features.reading import Chunks
from model_build.lab.features.truth import Truth
from model_build.lab.models.classical import fit_classical
from model_build.lab.models.fit import load
from model_build.lab.models.fitting import fit_network
from model_build.lab.models.model import TrainingSet
from model_build.lab.models.trunk import build_trunk, trunk_values
from model_build.networks.yamnet_network import build_yamnet

BUILT_IN = Model(kind="trunk", trunk="built-in", trunk_layer=4)
FRAMES = 96


def chunks(count: int, seed: int, frames: int = FRAMES) -> tuple[Chunks, np.ndarray]:
    """Return the frames of tones with many or few harmonics, and which of both each one is."""
    rng = np.random.default_rng(seed)
    log_mel, samples = LogMel(FrontEnd()), 240 + 160 * frames
    seconds = np.arange(samples) / 16_000
    kinds = rng.integers(0, 2, count)
    made = []
    for kind in kinds:
        harmonics = range(1, 12 if kind else 2)
        hz = rng.uniform(200, 600)
        tone = sum(np.sin(2 * np.pi * n * hz * seconds) / n for n in harmonics)
        made.append(log_mel.frames((0.1 * tone + 0.001 * rng.normal(size=samples)).astype("f4")))
    return np.array(made, np.float32), kinds


def training_set(count: int = 16, seed: int = 1) -> TrainingSet:
    values, kinds = chunks(count, seed)
    has = np.eye(2, dtype=np.bool_)[kinds]
    return TrainingSet(
        values=values,
        rows=np.arange(count),
        owners=np.arange(count),
        truth=Truth(("dull", "rich"), has, np.ones_like(has)),
        weights=np.ones(count),
        groups=[str(n) for n in range(count)],
    )


def experiment(model: Model, epochs: int = 30) -> Experiment:
    return Experiment(
        name="trunk",
        data=Data(layout="folders", path="."),
        front_end=FrontEndSettings(normalisation="none", chunk_seconds=0.975),
        model=model,
        training=Training(epochs=epochs, batch_chunks=8),
    )


def test_a_trunk_is_frozen_and_gets_a_new_head(tmp_path: Path) -> None:
    settings = experiment(BUILT_IN)
    before = build_trunk(BUILT_IN, FRAMES).get_weights()
    fitted = fit_network(settings, training_set(), seed=1)
    test = training_set(seed=2)
    scores = fitted.scores(test.values)
    assert (scores.argmax(axis=1) == test.truth.has.argmax(axis=1)).mean() > 0.9
    rows = np.array([3, 1])
    assert fitted.scores_at(test.values, rows) == pytest.approx(scores[rows], abs=1e-5)
    after = fitted.model.get_layer("trunk").get_weights()
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    fitted.save(tmp_path)
    assert load(settings, tmp_path).scores(test.values) == pytest.approx(scores, abs=1e-5)


def test_a_fine_tuned_trunk_changes() -> None:
    model = Model(kind="trunk", trunk="built-in", trunk_layer=3, fine_tuned=True, units=(4,))
    before = build_trunk(model, FRAMES).get_weights()
    fitted = fit_network(experiment(model, epochs=1), training_set(8), seed=1)
    after = fitted.model.get_layer("trunk").get_weights()
    assert not any(np.array_equal(one, other) for one, other in zip(before, after, strict=True))


def test_a_classical_model_gets_the_output_of_the_trunk() -> None:
    model = Model(kind="logistic", trunk="built-in", trunk_layer=5)
    fitted = fit_classical(model, training_set(), seed=1, multi_label=False)
    test = training_set(seed=2)
    found = fitted.scores(test.values).argmax(axis=1)
    assert (found == test.truth.has.argmax(axis=1)).mean() > 0.9


def test_the_last_layer_is_the_embedding_of_yamnet(base: Path) -> None:
    model = Model(kind="trunk", trunk_file=str(base))
    patches, _ = chunks(3, 1)
    expected = build_yamnet(base).predict_on_batch(patches)["embedding"]
    found = trunk_values(model, patches)
    assert found.shape == (3, 2_048)
    assert found[:, :1_024] == pytest.approx(expected, abs=1e-4)
    assert (found[:, 1_024:] >= found[:, :1_024] - 1e-4).all()


def test_a_long_chunk_is_averaged_over_patches_and_a_short_one_padded_with_silence() -> None:
    long, _ = chunks(2, 1, frames=150)
    parts = [trunk_values(BUILT_IN, long[:, start : start + FRAMES]) for start in (0, 48)]
    assert trunk_values(BUILT_IN, long) == pytest.approx(np.mean(parts, axis=0), abs=1e-4)
    short = long[:, :50]
    padded = np.pad(short, ((0, 0), (0, 46), (0, 0)), constant_values=np.log(LOG_OFFSET))
    assert trunk_values(BUILT_IN, short) == pytest.approx(trunk_values(BUILT_IN, padded), abs=1e-4)


def test_the_output_of_a_file_of_features_is_kept(tmp_path: Path) -> None:
    made, _ = chunks(4, 1)
    made.tofile(tmp_path / "values.float32")
    values = np.memmap(tmp_path / "values.float32", np.float32, "r", shape=made.shape)
    model = Model(kind="logistic", trunk="built-in", trunk_layer=2)
    expected = trunk_values(model, made[[1, 3]])
    assert not list(tmp_path.glob("*.npy"))
    assert trunk_values(model, values, np.array([1, 3])) == pytest.approx(expected, abs=1e-5)
    (kept,) = tmp_path.glob("built-in-2-*.npy")
    np.save(kept, np.zeros((4, 1), np.float32))
    assert not trunk_values(model, values).any(), "the file is used again"
    assert trunk_values(model, values[:2]).any(), "a part of the features has other chunks"


def test_a_trunk_without_a_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIMBREL_YAMNET", raising=False)
    with pytest.raises(InputError, match="TIMBREL_YAMNET"):
        build_trunk(Model(kind="trunk"), FRAMES)


def test_a_trunk_needs_the_front_end_that_it_was_trained_with() -> None:
    def made(model: Model, **front_end: object) -> None:
        keys = {"normalisation": "none", **front_end}
        Experiment(
            name="trunk",
            data=Data(layout="folders", path="."),
            front_end=FrontEndSettings(**keys),  # type: ignore[arg-type]
            model=model,
        )

    made(BUILT_IN)
    with pytest.raises(ValueError, match=r"front_end.normalisation: a trunk needs none"):
        made(BUILT_IN, normalisation="training")
    with pytest.raises(ValueError, match=r"front_end.fft_size: a trunk needs 512"):
        made(Model(kind="svm", trunk="built-in"), fft_size=1_024)
