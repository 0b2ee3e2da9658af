from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from daemon.errors import InputError
from model_build.lab.experiment import Augmentation, Data, Experiment, Model, Training
from model_build.lab.models.fit import load
from model_build.lab.models.fitting import fit_network
from model_build.lab.models.losses import loss_of
from model_build.lab.models.networks import network
from model_build.lab.models.schedules import schedule
from tests.model_build.lab.models.made_chunks import FRAMES, VALUES, made


def experiment(
    kind: Any = "mlp", augmentation: Augmentation | None = None, **training: Any
) -> Experiment:
    return Experiment(
        name="one",
        data=Data(layout="folders", path="."),
        model=Model(kind=kind),
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
        experiment(augmentation=Augmentation(mixup_alpha=0.2)),
        experiment(augmentation=Augmentation(cutmix_alpha=1.0, mix_probability=0.3)),
        experiment(augmentation=Augmentation(masked_bands=0.2, masked_frames=0.3)),
    ],
)
def test_learns_to_tell_classes_apart(settings: Experiment) -> None:
    assert accuracy(settings) > 0.9


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


def test_a_loss_that_is_not_a_number_names_the_remedy() -> None:
    with pytest.raises(InputError, match=r"learning_rate: the loss became .* in epoch"):
        fit_network(experiment(optimiser="sgd", learning_rate=1e30), made(), seed=1)


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
