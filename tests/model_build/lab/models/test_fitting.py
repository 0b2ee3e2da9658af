import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from daemon.errors import InputError
from model_build.lab.experiment import Augmentation, Data, Experiment, Model, Training
from model_build.lab.models import callbacks, fitting
from model_build.lab.models.fit import load
from model_build.lab.models.fitted_network import FittedNetwork
from model_build.lab.models.fitting import fit_network
from model_build.lab.models.losses import loss_of
from model_build.lab.models.memory import batch_that_fits, bytes_of_batch, scored_at_once
from model_build.lab.models.model import CURVES
from model_build.lab.models.networks import network
from model_build.lab.models.optimisers import schedule
from model_build.lab.models.trunk import build_trunk
from tests.model_build.lab.models.made_chunks import FRAMES, VALUES, made


def experiment(
    kind: Any = "mlp",
    augmentation: Augmentation | None = None,
    model: Model | None = None,
    **training: Any,
) -> Experiment:
    return Experiment(
        name="one",
        data=Data(layout="folders", path="."),
        model=model or Model(kind=kind),
        training=Training(**{"epochs": 8, **training}),
        augmentation=augmentation,
    )


def accuracy(settings: Experiment) -> float:
    test = made(seed=2)
    scores = fit_network(settings, made(), seed=1).scores(test.values)
    return float((scores.argmax(axis=1) == test.truth.has.argmax(axis=1)).mean())


@pytest.mark.parametrize(
    "settings",
    [
        experiment(),
        experiment(loss="bce", optimiser="adam", schedule="step"),
        experiment(loss="bce-logits", gradient_clip=1.0, gradient_accumulation=2),
        experiment(loss="focal", schedule="constant", warm_up_epochs=1),
        experiment(optimiser="sgd", learning_rate=0.05, label_smoothing=0.1),
        experiment(best_checkpoint=True, patience_epochs=4),
        experiment(body_rate_share=0.5, mixed_precision=True),
        experiment(augmentation=Augmentation(mixup_alpha=0.2)),
        experiment(augmentation=Augmentation(cutmix_alpha=1.0, mix_probability=0.3)),
        experiment(augmentation=Augmentation(masked_bands=0.2, masked_frames=0.3)),
    ],
)
def test_learns_to_tell_classes_apart(settings: Experiment) -> None:
    assert accuracy(settings) > 0.9


def test_batch_normalisation_follows_a_training_of_a_few_steps() -> None:
    """With Keras' momentum, the network is trained but says the same class of every chunk."""
    small = Model(kind="mel-cnn", filters=(8, 16, 32))
    assert accuracy(experiment(model=small, epochs=6, batch_chunks=16)) > 0.9


@pytest.mark.parametrize(
    "kind",
    ["mlp", "mel-cnn", "musicnet-cnn", "nsynth-cnn", "transformer", "resnet34", "resnet50"],
)
def test_networks_have_a_logit_per_class(kind: Any) -> None:
    model = network(
        Model(kind=kind),
        frames=FRAMES,
        values=VALUES,
        classes=3,
        mean=[0.0] * VALUES,
        variance=[1.0] * VALUES,
    )
    assert model.predict_on_batch(made(4).values).shape == (4, 3)


def test_a_saved_network_gives_the_same_scores(tmp_path: Path) -> None:
    settings = experiment("transformer", epochs=1)
    fitted = fit_network(settings, made(), seed=1)
    fitted.save(tmp_path)
    chunks = made(seed=2).values
    assert np.array_equal(load(settings, tmp_path).scores(chunks), fitted.scores(chunks))


def test_the_same_seed_gives_the_same_scores() -> None:
    settings = experiment("mel-cnn", Augmentation(mixup_alpha=0.2), epochs=2)
    chunks = made(seed=2).values
    first, same, other = (
        fit_network(settings, made(), seed=seed).scores(chunks) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_a_band_without_sound_leaves_the_factors_of_the_others_alone() -> None:
    data = made()
    data.values[..., 0] = -6.9  # such as above 4 kHz in recordings of a telephone
    model = fit_network(experiment(epochs=1), data, seed=1).model
    (layer,) = (one for one in model.layers if isinstance(one, keras.layers.Normalization))
    deviations = np.sqrt(np.ravel(layer.variance))
    # Quantised to 127 steps of the largest factor, none becomes 0.
    assert deviations.max() / deviations.min() < 127


def test_a_loss_that_is_not_a_number_names_the_remedy() -> None:
    with pytest.raises(InputError, match=r"learning_rate: the loss became .* in epoch"):
        fit_network(experiment(optimiser="sgd", learning_rate=1e30), made(), seed=1)


def test_an_interrupted_training_continues_as_if_it_had_not_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    augmentation = Augmentation(mixup_alpha=0.2, masked_bands=0.2)
    settings = experiment("mlp", augmentation, epochs=5, best_checkpoint=True, patience_epochs=5)
    whole = fit_network(settings, made(), seed=1, folder=tmp_path / "whole")
    monkeypatch.setattr(callbacks, "_BACKUP_SECONDS", 0.0)
    written = callbacks.Curves.on_epoch_end

    def interrupted(self: callbacks.Curves, epoch: int, logs: dict[str, float]) -> None:
        written(self, epoch, logs)
        if epoch == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(callbacks.Curves, "on_epoch_end", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit_network(settings, made(), seed=1, folder=tmp_path / "part")
    monkeypatch.setattr(callbacks.Curves, "on_epoch_end", written)
    rest = fit_network(settings, made(), seed=1, folder=tmp_path / "part")
    assert len(rest.history) == 2, "it continues after the third epoch, the last one backed up"
    chunks = made(seed=2).values
    assert np.array_equal(rest.scores(chunks), whole.scores(chunks))
    lines = (tmp_path / "part" / CURVES).read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2, 3, 4, 5]
    assert lines == (tmp_path / "whole" / CURVES).read_text().splitlines()


def test_the_best_epoch_is_kept(tmp_path: Path) -> None:
    settings = experiment(
        "mlp", optimiser="sgd", learning_rate=0.5, schedule="constant", best_checkpoint=True
    )
    fitted = fit_network(settings, made(seed=4), seed=1, folder=tmp_path)
    losses = [epoch["val_loss"] for epoch in fitted.history]
    state = json.loads((tmp_path / "best.json").read_text())
    assert state == {"loss": min(losses), "epoch": losses.index(min(losses))}
    with np.load(tmp_path / "best.npz") as kept:
        assert all(
            np.array_equal(kept[name], weights)
            for name, weights in zip(kept.files, fitted.model.get_weights(), strict=True)
        )


def test_an_epoch_without_a_loss_is_never_the_best(tmp_path: Path) -> None:
    class Weights:
        def get_weights(self) -> list[Any]:
            return [np.zeros(1)]

    best = callbacks.Best(Training(best_checkpoint=True), tmp_path)
    best.set_model(Weights())
    best.on_epoch_end(0, {"val_loss": float("nan")})
    assert not (tmp_path / "best.json").exists()
    best.on_epoch_end(1, {"val_loss": 0.5})
    best.on_epoch_end(2, {"val_loss": float("inf")})
    assert json.loads((tmp_path / "best.json").read_text()) == {"loss": 0.5, "epoch": 1}


def test_the_body_of_a_network_learns_more_slowly() -> None:
    def moved(share: float) -> tuple[float, float]:
        settings = experiment(
            model=Model(kind="mlp", units=(8,), dropout=0.0),
            optimiser="sgd",
            learning_rate=1e-4,
            schedule="constant",
            epochs=1,
            batch_chunks=60,
            body_rate_share=share,
        )
        keras.utils.set_random_seed(1)
        start = network(settings.model, frames=FRAMES, values=VALUES, classes=3).get_weights()
        end = fit_network(settings, made(), seed=1).model.get_weights()
        # The trained network has normalisation weights before its layers.
        body, head = (np.abs(end[n] - start[n + 4 - len(end)]).max() for n in (-4, -2))
        return float(body), float(head)

    whole, slow = moved(1.0), moved(0.1)
    assert slow[0] == pytest.approx(0.1 * whole[0], rel=0.02)
    assert slow[1] == pytest.approx(whole[1], rel=0.02)


def test_a_batch_that_does_not_fit_into_the_memory_is_halved(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = network(Model(kind="mel-cnn", filters=(8,)), frames=FRAMES, values=VALUES, classes=3)
    needed = bytes_of_batch(model, 32)
    assert bytes_of_batch(model, 64) > needed > 32 * FRAMES * VALUES * 8 * 4
    assert batch_that_fits(model, 32, available=needed) == 32
    assert not caplog.records
    assert batch_that_fits(model, 32, available=needed // 2) == 8
    assert "batches of 32 chunks need about" in caplog.text


def test_memory_of_a_network_counts_pairs_of_frames_and_patches() -> None:
    def memory(kind: Any, frames: int, values: int = VALUES) -> int:
        return bytes_of_batch(network(Model(kind=kind), frames=frames, values=values, classes=3), 1)

    assert memory("transformer", 4_000) > 2 * 2 * 4 * 4_000**2 * 4  # 4 heads of float32
    assert memory("mlp", 4_000) < 10 * memory("mlp", 400)
    model = Model(kind="trunk", trunk="built-in")
    one, seven = (bytes_of_batch(build_trunk(model, frames), 1) for frames in (96, 398))
    weights = 4 * 4 * build_trunk(model, 96).count_params()
    assert seven - weights > 6 * (one - weights)


def test_few_large_chunks_are_scored_at_once() -> None:
    small = network(Model(kind="mlp"), frames=FRAMES, values=VALUES, classes=3)
    assert scored_at_once(small) == 256
    large = network(Model(kind="mel-cnn"), frames=5_168, values=128, classes=3)
    assert scored_at_once(large) == 1


def test_a_chunk_that_does_not_fit_into_the_memory_is_refused() -> None:
    huge = Model(kind="mel-cnn", filters=(65_536,))
    data = made(2)._replace(values=np.zeros((2, 4_000, 512), np.float32))
    with pytest.raises(InputError, match="memory is too small even for a batch of one chunk"):
        fit_network(experiment(model=huge), data, seed=1)


def test_training_starts_again_with_half_the_batch_if_a_gpu_is_too_small(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fitted = fitting._fitted
    sizes = []

    def small(settings: Experiment, *arguments: Any) -> FittedNetwork:
        assert settings.training
        sizes.append(settings.training.batch_chunks)
        if sizes[-1] > 8:
            raise tf.errors.ResourceExhaustedError(None, None, "OOM")
        return fitted(settings, *arguments)

    monkeypatch.setattr(fitting, "_fitted", small)
    fit_network(experiment(epochs=1), made(), seed=1)
    assert sizes == [32, 16, 8]
    assert "trying 8" in caplog.text


def test_unknown_targets_enter_no_loss() -> None:
    targets = np.array([[1.0, 0.0, -1.0]], np.float32)
    logits = np.array([[2.0, -1.0, 9.0]], np.float32)
    expected = (np.log1p(np.exp(-2.0)) + np.log1p(np.exp(-1.0))) / 2
    for name in ("bce", "bce-logits"):
        loss = keras.ops.convert_to_numpy(loss_of(name)(targets, logits))
        assert loss == pytest.approx([expected], rel=1e-4)


def test_recordings_with_unknown_labels_are_not_mixed() -> None:
    data = made()
    known = data.truth.known.copy()
    known[0, 0] = False
    masked = data._replace(truth=data.truth._replace(known=known))
    settings = experiment(loss="bce", augmentation=Augmentation(mixup_alpha=0.2))
    with pytest.raises(InputError, match="need labels that are all known"):
        fit_network(settings, masked, seed=1)


def test_focal_loss_weighs_easy_decisions_less() -> None:
    loss = loss_of("focal")
    easy, hard = (
        float(loss(np.ones((1, 1), np.float32), np.full((1, 1), logit, np.float32))[0])
        for logit in (3.0, -1.0)
    )
    right = 1 / (1 + np.exp(1.0))
    assert hard == pytest.approx(-((1 - right) ** 2) * np.log(right), rel=1e-4)
    assert easy < 0.001


def test_learning_rates_warm_up_and_fall() -> None:
    rates = schedule(Training(epochs=10, warm_up_epochs=2, learning_rate=0.1), 5)
    values = [float(rates(step)) for step in range(50)]
    assert values[0] == pytest.approx(0.01)
    assert max(values) == pytest.approx(0.1)
    assert values[49] < 0.001
    steps = schedule(Training(epochs=8, learning_rate=1.0, schedule="step"), 1)
    assert [round(float(steps(n)), 4) for n in (0, 3, 5, 7)] == [1.0, 1.0, 0.1, 0.01]
