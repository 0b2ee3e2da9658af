"""Networks with named outputs, as contract version 2 describes them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from daemon.errors import InputError
from daemon.hearing.classifier import Classifier, load_classifier
from daemon.hearing.model_file import Contract, write_contract
from tests.conftest import made_once
from tests.daemon.conftest import FAMILIES, PATCH_FRAMES

EMBEDDING_VALUES = 5
BANDS = 64
ID = "0123456789abcdef"
BOTH = {"families": "f", "embedding": "e"}

Outputs = Callable[[Any, Any], dict[str, Any]]


def write_network(path: Path, outputs: Outputs) -> None:
    """Write a network whose outputs are a function of TensorFlow and the patch's mean bands."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    tf = pytest.importorskip("tensorflow", reason="needs tensorflow to make a network")
    module = tf.Module()
    module.run = tf.function(
        lambda patch: outputs(tf, tf.reduce_mean(patch, [1])),
        input_signature=[tf.TensorSpec((1, PATCH_FRAMES, BANDS), tf.float32)],
    )
    saved = str(path.with_suffix(".saved"))
    tf.saved_model.save(module, saved, signatures=module.run)
    path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(saved).convert())


def both_outputs(_: Any, bands: Any) -> dict[str, Any]:
    return {"f": bands[:, :3], "e": 2.0 * bands[:, -EMBEDDING_VALUES:]}


@pytest.fixture(scope="session")
def two_outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network whose families are its first bands, and whose embedding is twice the last."""
    return made_once(tmp_path_factory, "two.tflite", lambda p: write_network(p, both_outputs))


@pytest.fixture
def load(tmp_path: Path, contract: Contract) -> Callable[..., Classifier]:
    """Returns a function that loads a network with a contract of version 2."""

    def load(network: Path, outputs: dict[str, str], **changes: Any) -> Classifier:
        path = tmp_path / "model.tflite"
        path.write_bytes(network.read_bytes())
        embedded = "embedding" in outputs
        fields = {
            "contract_version": 2,
            "task": "families",
            "outputs": outputs,
            "embedding_id": ID if embedded else None,
            "embedding_values": EMBEDDING_VALUES if embedded else None,
        }
        write_contract(path, msgspec.structs.replace(contract, **(fields | changes)))
        return load_classifier(path)

    return load


def test_finds_each_output_by_its_name(two_outputs: Path, load: Callable[..., Classifier]) -> None:
    classifier = load(two_outputs, BOTH)
    frames = np.random.default_rng(1).standard_normal((2, PATCH_FRAMES, BANDS))
    first, second = frames.astype(np.float32)
    mean = first.mean(axis=0)
    np.testing.assert_allclose(classifier.logits(first), mean[: len(FAMILIES)], atol=1e-5)
    embedding = classifier.embedding()
    assert embedding is not None
    assert embedding.dtype == np.float32
    np.testing.assert_allclose(embedding, 2.0 * mean[-EMBEDDING_VALUES:], atol=1e-5)
    kept = embedding.copy()
    classifier.logits(second)
    np.testing.assert_array_equal(embedding, kept)


def test_genre_is_that_of_the_patch_classified_last(
    two_outputs: Path, load: Callable[..., Classifier]
) -> None:
    genres = ("blues", "disco", "jazz", "pop", "rock")  # as many as the second output's values
    classifier = load(two_outputs, {"families": "f", "genre": "e"}, genres=genres)
    patch = np.random.default_rng(1).standard_normal((PATCH_FRAMES, BANDS)).astype(np.float32)
    classifier.logits(patch)
    genre = classifier.genre()
    assert genre is not None
    np.testing.assert_allclose(genre, 2.0 * patch.mean(axis=0)[-EMBEDDING_VALUES:], atol=1e-5)
    assert classifier.embedding() is None


def test_network_may_have_outputs_that_the_contract_does_not_use(
    two_outputs: Path, load: Callable[..., Classifier]
) -> None:
    classifier = load(two_outputs, {"families": "f"})
    assert classifier.logits(np.zeros((PATCH_FRAMES, BANDS), np.float32)).shape == (3,)
    assert classifier.embedding() is None


def test_contract_of_version_1_has_no_embedding(classifier: Classifier) -> None:
    classifier.logits(np.zeros((PATCH_FRAMES, BANDS), np.float32))
    assert classifier.embedding() is None
    assert classifier.genre() is None


@pytest.mark.parametrize(
    ("outputs", "changes", "words"),
    [
        (
            {"families": "f", "embedding": "vector"},
            {},
            ["promises the output 'vector'", "'e', 'f'"],
        ),
        (BOTH, {"embedding_values": 6}, ["output 'e' (1, 6)", "(1, 5) float32"]),
        ({"families": "e"}, {}, ["output 'e' (1, 3)", "(1, 5) float32"]),
    ],
)
def test_rejects_output_that_is_missing_or_has_another_shape(
    outputs: dict[str, str],
    changes: dict[str, Any],
    words: list[str],
    two_outputs: Path,
    load: Callable[..., Classifier],
) -> None:
    with pytest.raises(InputError) as caught:
        load(two_outputs, outputs, **changes)
    message = str(caught.value)
    assert message.startswith("model file ")
    assert message.endswith("build the model again with timbrel-build")
    assert "\n" not in message
    assert all(word in message for word in words), message


def test_rejects_network_whose_embedding_is_nan_for_silence(
    tmp_path: Path, load: Callable[..., Classifier]
) -> None:
    def outputs(tf: Any, bands: Any) -> dict[str, Any]:
        return {"f": bands[:, :3], "e": tf.math.log(bands[:, :EMBEDDING_VALUES] - 100.0)}

    write_network(tmp_path / "network.tflite", outputs)
    with pytest.raises(InputError, match="returns NaN or infinity as its output 'embedding'; "):
        load(tmp_path / "network.tflite", BOTH)


def test_nan_at_the_first_window_is_an_error_unless_the_sound_has_it(
    tmp_path: Path, load: Callable[..., Classifier]
) -> None:
    def outputs(tf: Any, bands: Any) -> dict[str, Any]:
        return {"f": tf.math.sqrt(-bands[:, :3]), "e": bands[:, :EMBEDDING_VALUES]}

    write_network(tmp_path / "network.tflite", outputs)
    classifier = load(tmp_path / "network.tflite", BOTH)
    with pytest.raises(InputError, match="returns NaN or infinity as its output 'families'; "):
        classifier.logits(np.ones((PATCH_FRAMES, BANDS), np.float32))
    broken = np.full((PATCH_FRAMES, BANDS), np.nan, np.float32)
    assert np.isnan(classifier.logits(broken)).all()
