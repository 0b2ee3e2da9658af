from pathlib import Path

import numpy as np
from msgspec import structs

from model_build.networks.audioset import CLASSES_OF_FAMILY, MUSIC
from model_build.networks.named_outputs import with_named_outputs
from model_build.networks.shipped import build_shipped_network
from model_build.networks.student import build_student
from model_build.training.quantization.conversion import convert_to_tflite, export_saved_model
from tests.model_build.networks.teaching import FAMILIES, TEACHING, patches

WITHOUT_CLASSES = structs.replace(TEACHING, known_weight=0.0, music_weight=0.0)


def test_adds_class_logits_of_base_to_each_family(base: Path) -> None:
    student = build_student(TEACHING, base, FAMILIES)
    outputs = student(patches())
    kernel, bias = student.get_layer("logits").get_weights()
    # The student's `classes` are bounded; the logits that are added are not.
    classes = np.asarray(outputs["embedding"]) @ kernel + bias
    expected = np.array(outputs["logits"])
    shipped = np.asarray(build_shipped_network(student, TEACHING, base, FAMILIES)(patches()))
    expected += 0.25 * classes[:, MUSIC : MUSIC + 1]
    for column, family in enumerate(FAMILIES):
        highest = classes[:, CLASSES_OF_FAMILY[family]].max(axis=1)
        np.testing.assert_allclose(
            shipped[:, column], expected[:, column] + 0.5 * highest, atol=1e-3
        )


def test_averages_weights_with_base_except_in_head(base: Path) -> None:
    student, before = (
        build_student(TEACHING, base, FAMILIES),
        build_student(TEACHING, base, FAMILIES),
    )
    for layer in student.layers:
        layer.set_weights([1.5 * weights for weights in layer.get_weights()])
    teaching = structs.replace(WITHOUT_CLASSES, base_share=0.2)
    shipped = build_shipped_network(student, teaching, base, FAMILIES)
    first, last = shipped.layers[2], shipped.get_layer("head")
    np.testing.assert_allclose(
        first.get_weights()[0], 1.4 * before.layers[2].get_weights()[0], rtol=1e-4
    )
    np.testing.assert_array_equal(last.get_weights()[0], student.get_layer("head").get_weights()[0])


def test_adds_nothing_to_a_family_without_classes_in_base(base: Path) -> None:
    families = ("theremin", "flute")
    student = build_student(TEACHING, base, families)
    teaching = structs.replace(TEACHING, music_weight=0.0)
    learned = student(patches())["logits"]
    shipped = build_shipped_network(student, teaching, base, families)(patches())
    np.testing.assert_allclose(shipped[:, 0], learned[:, 0], atol=1e-4)
    assert np.abs(np.asarray(shipped[:, 1] - learned[:, 1])).min() > 0.1


def test_ships_family_logits_only(base: Path, tmp_path: Path) -> None:
    student = build_student(TEACHING, base, FAMILIES)
    shipped = build_shipped_network(student, WITHOUT_CLASSES, base, FAMILIES)
    np.testing.assert_allclose(shipped(patches()), student(patches())["logits"], atol=1e-4)
    network = build_shipped_network(student, TEACHING, base, FAMILIES)
    saved = export_saved_model(with_named_outputs(network), tmp_path / "saved")
    small = convert_to_tflite(saved, patches())
    assert 3_000_000 < len(small) < 4_000_000
