from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from msgspec import structs

from daemon.hearing.classifier import load_classifier
from model_build.__main__ import main
from model_build.networks.student import build_student, pool_student_patches
from model_build.networks.yamnet_network import build_yamnet
from tests.model_build.networks.teaching import FAMILIES, TEACHING, patches


def test_outputs_equal_those_of_base_before_training(base: Path) -> None:
    outputs = build_student(TEACHING, base, FAMILIES)(patches())
    of_base = build_yamnet(base)(patches())
    np.testing.assert_allclose(outputs["embedding"], of_base["embedding"], atol=1e-4)
    np.testing.assert_allclose(outputs["classes"], of_base["logits"], atol=1e-2)


def test_classes_layer_of_base_is_frozen(base: Path) -> None:
    student = build_student(TEACHING, base, FAMILIES)
    assert not student.get_layer("logits").trainable
    assert student.get_layer("head").get_layer("family_logits").trainable


def test_trunk_share_scales_gradient_of_families_in_base(base: Path) -> None:
    def slope(trunk_share: float) -> float:
        keras.utils.set_random_seed(1)
        student = build_student(structs.replace(TEACHING, trunk_share=trunk_share), base, FAMILIES)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(student(patches())["logits"])
        gradient = tape.gradient(loss, student.trainable_variables[0].value)
        return 0.0 if gradient is None else float(tf.reduce_sum(tf.abs(gradient)))

    whole = slope(1.0)
    assert whole > 0.0
    assert slope(0.25) == pytest.approx(0.25 * whole, rel=1e-3)
    assert slope(0.0) == 0.0


def test_pooled_family_logits_are_the_mean_over_patches(base: Path) -> None:
    student = build_student(TEACHING, base, FAMILIES)
    by_patch = np.asarray(student(patches())["logits"])
    window = pool_student_patches(student, 2)(patches()[None])
    np.testing.assert_allclose(window["logits"][0], by_patch.mean(axis=0), atol=1e-4)
    assert window["embedding"].shape == (1, 2, 1024)


@pytest.mark.timeout(600)
def test_distillation_recipe_makes_a_model(
    base: Path,
    corpus: Path,
    taught_recipe_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("model_build.evaluation.events.day_and_alarms.DAY_SECONDS", 60.0)
    output, run = tmp_path / "distilled.tflite", tmp_path / "run"
    arguments = ["--recipe", taught_recipe_file, "--corpus", corpus, "--base", base]
    arguments += ["--run", run, "--output", output, "--workers", "1"]
    assert main(["all", *map(str, arguments)]) == 0
    classifier = load_classifier(output)
    assert classifier.contract.families == ("drums", "flute", "organ")
    assert classifier.contract.provenance.base == "YAMNet"
    assert classifier.contract.provenance.base_licence == "Apache-2.0"
    assert not list(run.rglob("*-clean.npy"))
