"""The tiny network through the classifier: calibration, pooling, and patches that run once."""

import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import InputError
from daemon.hearing import network_trial
from daemon.hearing.classifier import BUILT_IN_MODEL, Classifier, PatchPool, load_classifier
from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.hearing.model_file import Calibration, read_contract
from daemon.sound.window import WINDOW_SAMPLES, WindowBuffer
from tests.conftest import Timbrel
from tests.daemon.conftest import PATCH_FRAMES, MakeModel, Samples
from tests.daemon.hostile_networks import tiny_network, with_contract


def frames_at(noise: Samples, start: int) -> Samples:
    return LogMel(FrontEnd()).frames(noise[start : start + WINDOW_SAMPLES])


def test_calibration_is_the_formula_of_the_contract(classifier: Classifier) -> None:
    logits = np.array([0.0, 1.5, -3.0], np.float32)
    scores = classifier.calibrated(logits)
    expected = [1 / (1 + np.exp(-z)) for z in (0.0 / 1.0, 1.5 / 0.5 - 0.25, -3.0 / 2.0 + 0.5)]
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected, rtol=1e-6)


def test_calibration_takes_many_windows_at_once(classifier: Classifier) -> None:
    logits = np.linspace(-4, 4, 30, dtype=np.float32).reshape(10, 3)
    together = classifier.calibrated(logits)
    assert together.shape == (10, 3)
    assert np.array_equal(together, np.stack([classifier.calibrated(row) for row in logits]))


@given(
    low=st.floats(-4, 4, width=32),
    step=st.floats(2**-7, 4, width=32),
    family=st.integers(0, 2),
)
def test_a_higher_logit_is_a_higher_score(
    model: Path, low: float, step: float, family: int
) -> None:
    classifier = loaded(model)
    logits = np.zeros((2, 3), np.float32)
    logits[:, family] = low, low + step
    lower, higher = classifier.calibrated(logits)[:, family]
    assert 0 < lower < higher < 1


_loaded: dict[Path, Classifier] = {}


def loaded(model: Path) -> Classifier:
    """The classifier, loaded once for all examples of a property."""
    if model not in _loaded:
        _loaded[model] = load_classifier(model)
    return _loaded[model]


def test_extreme_logits_give_zero_and_one_without_a_warning(classifier: Classifier) -> None:
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        scores = classifier.calibrated(np.array([-500.0, 500.0, -100.0], np.float32))
    assert scores[0] == pytest.approx(0.0, abs=1e-30)
    assert scores[1] == 1.0
    assert 0.0 <= scores[2] < 1e-20


def test_the_network_gives_a_logit_a_family_and_the_same_one_again(
    classifier: Classifier, noise: Samples
) -> None:
    frames = frames_at(noise, 0)
    first = classifier.logits(frames[:PATCH_FRAMES])
    other = classifier.logits(frames[200 : 200 + PATCH_FRAMES])
    again = classifier.logits(frames[:PATCH_FRAMES])
    assert first.shape == (3,)
    assert first.dtype == np.float32
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert classifier.patches_run == 3


def test_a_patch_of_another_shape_is_refused(classifier: Classifier) -> None:
    with pytest.raises(ValueError, match="shape"):
        classifier.logits(np.zeros((PATCH_FRAMES - 1, 64), np.float32))


def test_scores_pool_the_mean_of_the_logits(classifier: Classifier, noise: Samples) -> None:
    frames = frames_at(noise, 32_000)
    logits = [classifier.logits(frames[s : s + PATCH_FRAMES]) for s in (2, 102, 202, 302)]
    scores = PatchPool(classifier).scores(frames, 32_000)
    expected = classifier.calibrated(np.mean(logits, axis=0, dtype=np.float32))
    np.testing.assert_allclose(scores, expected, rtol=1e-6)
    assert len(set(np.round(scores, 3))) == 3


def test_at_a_hop_of_one_second_each_patch_runs_once(
    classifier: Classifier, model: Path, noise: Samples
) -> None:
    pool, fresh = PatchPool(classifier), load_classifier(model)
    for number, window in enumerate(WindowBuffer(1.0).push(noise)):
        frames = frames_at(noise, window.start_sample)
        scores = pool.scores(frames, window.start_sample)
        assert classifier.patches_run == 4 + number
        assert np.array_equal(scores, PatchPool(fresh).scores(frames, window.start_sample))
    assert fresh.patches_run == 4 * 9


@pytest.mark.parametrize("hop_seconds", [0.25, 0.5, 1 / 3, 2.0, 4.0])
def test_at_any_hop_scores_equal_those_from_scratch(
    hop_seconds: float, classifier: Classifier, noise: Samples
) -> None:
    pool = PatchPool(classifier)
    for window in WindowBuffer(hop_seconds).push(noise):
        frames = frames_at(noise, window.start_sample)
        scores = pool.scores(frames, window.start_sample)
        assert np.array_equal(scores, PatchPool(classifier).scores(frames, window.start_sample))


def test_no_more_logits_are_kept_than_a_window_needs(
    classifier: Classifier, noise: Samples
) -> None:
    pool = PatchPool(classifier)
    frames = frames_at(noise, 0)
    for second in range(200):
        pool.scores(frames, 16_000 * second)
        assert len(pool._logits) <= 4
    for quarter in range(200):
        pool.scores(frames, 16_000 * 300 + 4_000 * quarter)
        assert len(pool._logits) <= 16


def test_sources_that_share_a_classifier_do_not_mix(classifier: Classifier, noise: Samples) -> None:
    one, other = PatchPool(classifier), PatchPool(classifier)
    loud, quiet = frames_at(noise, 128_000), frames_at(noise, 0)
    assert not np.array_equal(one.scores(loud, 0), other.scores(quiet, 0))
    assert np.array_equal(other.scores(quiet, 0), PatchPool(classifier).scores(quiet, 0))


@pytest.mark.parametrize(
    ("changes", "promised", "found"),
    [
        ({"patch_frames": 95}, "(1, 95, 64)", "(1, 96, 64)"),
        ({"front_end": FrontEnd(bands=40)}, "(1, 96, 40)", "(1, 96, 64)"),
        (
            {"families": ("flute",), "calibration": (Calibration(),), "thresholds": (0.5,)},
            "(1, 1)",
            "(1, 3)",
        ),
    ],
)
def test_a_contract_that_promises_other_shapes_is_refused_with_both(
    changes: dict[str, Any], promised: str, found: str, make_model: MakeModel
) -> None:
    path = make_model(**changes)
    with pytest.raises(InputError) as caught:
        load_classifier(path)
    message = str(caught.value)
    assert message.startswith(f"model file {path}: ")
    assert promised in message
    assert found in message


def test_the_built_in_model_fits_its_contract() -> None:
    classifier = load_classifier()
    contract = read_contract(BUILT_IN_MODEL)
    assert classifier.contract == contract
    silence = np.full((398, contract.front_end.bands), np.log(0.001), np.float32)
    scores = PatchPool(classifier).scores(silence, 0)
    assert scores.shape == (len(contract.families),)
    assert np.all(scores < contract.thresholds)


def test_loading_says_nothing_and_leaves_standard_error_as_it_was(
    model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    load_classifier(model)
    os.write(2, b"still here\n")
    assert capfd.readouterr().err == "still here\n"


def test_a_refused_model_leaves_no_files_open(make_model: MakeModel) -> None:
    path = make_model(patch_frames=95)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(InputError):
            load_classifier(path)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_thresholds_stay_with_their_families(make_model: MakeModel, classifier: Classifier) -> None:
    contract = classifier.contract
    turned = make_model(
        families=contract.families[::-1],
        calibration=contract.calibration[::-1],
        thresholds=contract.thresholds[::-1],
    )
    assert load_classifier(turned).contract.thresholds == (0.7, 0.6, 0.5)
    assert msgspec.structs.asdict(load_classifier(turned).contract)["families"][0] == "organ"


# Single bytes of the tiny network of 0.1.0, found by trying all of them.
FAULTS = {
    "a run that fails": (1132, 7, "the TFLite runtime refuses it ("),
    "a name that is not UTF-8": (1244, 0xFF, "the TFLite runtime refuses it ("),
    "no output": (1152, 0, "the network has none"),
}
# A network that writes where it must not ends in one signal or the other.
CRASHES = {
    "as its memory is laid out": (1849, 0xFF),
    "as it runs": (1804, 154),
    "after it has run": (1189, 0),
}


def changed_network(folder: Path, place: int, value: int) -> Path:
    network = bytearray(tiny_network())
    assert network[place] != value
    network[place] = value
    path = folder / "changed.tflite"
    path.write_bytes(with_contract(bytes(network)))
    return path


@pytest.mark.parametrize("name", FAULTS)
def test_a_network_that_cannot_run_is_refused_when_it_is_loaded(name: str, tmp_path: Path) -> None:
    place, value, reason = FAULTS[name]
    path = changed_network(tmp_path, place, value)
    with pytest.raises(InputError) as caught:
        load_classifier(path)
    message = str(caught.value)
    assert message.startswith(f"model file {path}: ")
    assert reason in message
    assert "\n" not in message


def test_a_network_that_returns_nan_is_refused(tmp_path: Path) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    tf = pytest.importorskip("tensorflow", reason="needs tensorflow to make a network")

    @tf.function(input_signature=[tf.TensorSpec((1, 96, 64), tf.float32)])  # type: ignore[untyped-decorator]
    def network(patch: Any) -> Any:
        return tf.math.log(tf.reduce_mean(patch, [1])[:, :3] - 100.0)

    converter = tf.lite.TFLiteConverter.from_concrete_functions([network.get_concrete_function()])
    path = tmp_path / "nan.tflite"
    path.write_bytes(with_contract(converter.convert()))
    with pytest.raises(
        InputError, match="returns NaN or infinity for silence; build the model again"
    ):
        load_classifier(path)


@pytest.mark.parametrize("name", CRASHES)
def test_a_model_that_crashes_the_runtime_is_refused_in_one_line(
    name: str, tmp_path: Path, timbrel: Timbrel
) -> None:
    path = changed_network(tmp_path, *CRASHES[name])
    config = tmp_path / "timbrel.yaml"
    config.write_text(f"model: {{file: {path}}}\n")
    for command in (["check", config], ["run", "--config", config]):
        done = timbrel(*command)
        assert done.returncode == 2, done
        line, *verdict = done.stderr.splitlines()
        assert command[0] == "check" or not verdict
        # A newer runtime may refuse it itself.
        fate = "crashes with SIG(SEGV|ABRT|BUS) on it|refuses it .*"
        assert re.fullmatch(f"timbrel: .*{path}: the TFLite runtime ({fate}); .*", line)


@pytest.mark.parametrize(
    ("signal_name", "fate"), [("SIGSEGV", "crashes with SIGSEGV"), ("SIGALRM", "hangs")]
)
def test_a_runtime_that_dies_is_named(
    signal_name: str, fate: str, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network_trial.try_out(model)
    number = signal.Signals[signal_name]
    monkeypatch.setattr(network_trial, "load_classifier", lambda _: os.kill(os.getpid(), number))
    with pytest.raises(InputError, match=f"model file {model}: the TFLite runtime {fate} on it"):
        network_trial.try_out(model)


def test_a_runtime_that_hangs_is_ended_where_sigalrm_is_blocked(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_trial, "_TIMEOUT_SECONDS", 1)
    monkeypatch.setattr(network_trial, "load_classifier", lambda _: time.sleep(10))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    try:
        with pytest.raises(InputError, match="the TFLite runtime hangs on it"):
            network_trial.try_out(model)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def test_the_run_at_load_is_not_counted(classifier: Classifier) -> None:
    assert classifier.patches_run == 0
