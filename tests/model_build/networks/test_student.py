from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from msgspec import structs

from daemon.hearing.classifier import load_classifier
from daemon.hearing.log_mel import FrontEnd, LogMel
from model_build.__main__ import main
from model_build.networks.audioset import CLASSES_OF_FAMILY, MUSIC
from model_build.networks.student import graduate, pupil, schooled
from model_build.networks.yamnet import yamnet
from model_build.recipe import Teaching
from model_build.training.quantize import converted, exported
from tests.model_build.conftest import tone

TEACHING = Teaching(
    head_units=8,
    dropout=0.0,
    embedding_weight=1.0,
    classes_weight=1.0,
    family_weight=1.0,
    trunk_share=0.25,
    base_share=0.0,
    known_weight=0.5,
    music_weight=0.25,
)
FAMILIES = ("flute", "organ")


def patches() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    samples = np.concatenate([tone(440.0, 0.98, 3), tone(200.0, 0.98, 9)])
    return np.stack([LogMel(FrontEnd()).frames(samples)[first : first + 96] for first in (0, 97)])


def test_before_it_is_taught_it_says_what_its_base_says(base: Path) -> None:
    said, base_said = pupil(TEACHING, base, FAMILIES)(patches()), yamnet(base)(patches())
    np.testing.assert_allclose(said["embedding"], base_said["embedding"], atol=1e-4)
    np.testing.assert_allclose(said["classes"], base_said["logits"], atol=1e-2)


def test_what_the_base_knows_of_a_family_is_added_when_it_is_shipped(base: Path) -> None:
    taught = pupil(TEACHING, base, FAMILIES)
    said = taught(patches())
    kernel, bias = taught.get_layer("logits").get_weights()
    # The base bounds what it says; what is added is not bounded.
    classes = np.asarray(said["embedding"]) @ kernel + bias
    learned = np.array(said["logits"])
    shipped = np.asarray(graduate(taught, TEACHING, base, FAMILIES)(patches()))
    learned += 0.25 * classes[:, MUSIC : MUSIC + 1]
    for column, family in enumerate(FAMILIES):
        loudest = classes[:, CLASSES_OF_FAMILY[family]].max(axis=1)
        np.testing.assert_allclose(
            shipped[:, column], learned[:, column] + 0.5 * loudest, atol=1e-3
        )


def test_what_the_base_knows_is_not_taught_anew(base: Path) -> None:
    taught = pupil(TEACHING, base, FAMILIES)
    assert not taught.get_layer("logits").trainable
    assert taught.get_layer("head").get_layer("family_logits").trainable


def test_a_share_of_the_families_gradient_reaches_the_base(base: Path) -> None:
    def slope(trunk_share: float) -> float:
        keras.utils.set_random_seed(1)
        taught = pupil(structs.replace(TEACHING, trunk_share=trunk_share), base, FAMILIES)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(taught(patches())["logits"])
        gradient = tape.gradient(loss, taught.trainable_variables[0].value)
        return 0.0 if gradient is None else float(tf.reduce_sum(tf.abs(gradient)))

    whole = slope(1.0)
    assert whole > 0.0
    assert slope(0.25) == pytest.approx(0.25 * whole, rel=1e-3)
    assert slope(0.0) == 0.0


def test_what_ships_leans_back_to_the_base_except_for_its_head(base: Path) -> None:
    taught, before = pupil(TEACHING, base, FAMILIES), pupil(TEACHING, base, FAMILIES)
    for layer in taught.layers:
        layer.set_weights([1.5 * weights for weights in layer.get_weights()])
    alone = structs.replace(TEACHING, known_weight=0.0, music_weight=0.0, base_share=0.2)
    shipped = graduate(taught, alone, base, FAMILIES)
    first, last = shipped.layers[2], shipped.get_layer("head")
    np.testing.assert_allclose(
        first.get_weights()[0], 1.4 * before.layers[2].get_weights()[0], rtol=1e-4
    )
    np.testing.assert_array_equal(last.get_weights()[0], taught.get_layer("head").get_weights()[0])


def test_a_family_that_the_base_does_not_know_is_learned_alone(base: Path) -> None:
    families = ("theremin", "flute")
    taught = pupil(TEACHING, base, families)
    alone = structs.replace(TEACHING, music_weight=0.0)
    learned, shipped = (
        taught(patches())["logits"],
        graduate(taught, alone, base, families)(patches()),
    )
    np.testing.assert_allclose(shipped[:, 0], learned[:, 0], atol=1e-4)
    assert np.abs(np.asarray(shipped[:, 1] - learned[:, 1])).min() > 0.1


def test_a_window_is_the_mean_of_its_patches_family_logits(base: Path) -> None:
    taught = pupil(TEACHING, base, FAMILIES)
    by_patch = np.asarray(taught(patches())["logits"])
    window = schooled(taught, 2)(patches()[None])
    np.testing.assert_allclose(window["logits"][0], by_patch.mean(axis=0), atol=1e-4)
    assert window["embedding"].shape == (1, 2, 1024)


@pytest.mark.timeout(300)
def test_what_is_shipped_is_the_family_logits_alone(base: Path, tmp_path: Path) -> None:
    taught = pupil(TEACHING, base, FAMILIES)
    shipped = graduate(
        taught, structs.replace(TEACHING, known_weight=0.0, music_weight=0.0), base, FAMILIES
    )
    np.testing.assert_allclose(shipped(patches()), taught(patches())["logits"], atol=1e-4)
    small = converted(
        exported(graduate(taught, TEACHING, base, FAMILIES), tmp_path / "saved"), patches()
    )
    assert 3_000_000 < len(small) < 4_000_000


@pytest.mark.timeout(600)
def test_a_taught_recipe_makes_a_model_from_end_to_end(
    base: Path,
    corpus: Path,
    taught_recipe_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("model_build.evaluation.evaluate.DAY_SECONDS", 300.0)
    output, run = tmp_path / "taught.tflite", tmp_path / "run"
    arguments = ["--recipe", taught_recipe_file, "--corpus", corpus, "--base", base]
    arguments += ["--run", run, "--output", output, "--workers", "1"]
    assert main(["all", *map(str, arguments)]) == 0
    classifier = load_classifier(output)
    assert classifier.contract.families == ("drums", "flute", "organ")
    assert classifier.contract.provenance.base == "YAMNet"
    assert classifier.contract.provenance.base_licence == "Apache-2.0"
    assert not list(run.rglob("*-clean.npy"))
