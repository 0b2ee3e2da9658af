"""The classifier with a tiny network: calibration, pooling, and faults of a model file."""

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
from daemon.hearing.classifier import (
    BUILT_IN_MODEL,
    Classifier,
    PatchPool,
    load_classifier,
    load_network,
)
from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.hearing.model_file import Calibration, Contract, read_contract
from daemon.sound.window import WINDOW_SAMPLES, WindowBuffer
from tests.conftest import Timbrel
from tests.daemon.conftest import PATCH_FRAMES, MakeModel, Samples
from tests.daemon.hostile_networks import tiny_network, with_contract


def frames_at(noise: Samples, start: int) -> Samples:
    return LogMel(FrontEnd()).frames(noise[start : start + WINDOW_SAMPLES])


def test_calibration_uses_temperature_and_offset_of_contract(classifier: Classifier) -> None:
    logits = np.array([0.0, 1.5, -3.0], np.float32)
    scores = classifier.calibrated(logits)
    expected = [1 / (1 + np.exp(-z)) for z in (0.0 / 1.0, 1.5 / 0.5 - 0.25, -3.0 / 2.0 + 0.5)]
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected, rtol=1e-6)


def test_calibrates_many_windows_at_once(classifier: Classifier) -> None:
    logits = np.linspace(-4, 4, 30, dtype=np.float32).reshape(10, 3)
    together = classifier.calibrated(logits)
    assert together.shape == (10, 3)
    assert np.array_equal(together, np.stack([classifier.calibrated(row) for row in logits]))


@given(
    low=st.floats(-4, 4, width=32),
    step=st.floats(2**-7, 4, width=32),
    family=st.integers(0, 2),
)
def test_higher_logit_gives_higher_score(model: Path, low: float, step: float, family: int) -> None:
    classifier = loaded(model)
    logits = np.zeros((2, 3), np.float32)
    logits[:, family] = low, low + step
    lower, higher = classifier.calibrated(logits)[:, family]
    assert 0 < lower < higher < 1


_loaded: dict[Path, Classifier] = {}


def loaded(model: Path) -> Classifier:
    """Return the classifier, loaded once for all examples of a property."""
    if model not in _loaded:
        _loaded[model] = load_classifier(model)
    return _loaded[model]


def test_extreme_logits_give_zero_and_one_without_warning(classifier: Classifier) -> None:
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        scores = classifier.calibrated(np.array([-500.0, 500.0, -100.0], np.float32))
    assert scores[0] == pytest.approx(0.0, abs=1e-30)
    assert scores[1] == 1.0
    assert 0.0 <= scores[2] < 1e-20


def test_same_patch_gives_same_logits(classifier: Classifier, noise: Samples) -> None:
    frames = frames_at(noise, 0)
    first = classifier.logits(frames[:PATCH_FRAMES])
    other = classifier.logits(frames[200 : 200 + PATCH_FRAMES])
    again = classifier.logits(frames[:PATCH_FRAMES])
    assert first.shape == (3,)
    assert first.dtype == np.float32
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert classifier.patches_run == 3


def test_rejects_patch_of_wrong_shape(classifier: Classifier) -> None:
    with pytest.raises(ValueError, match="shape"):
        classifier.logits(np.zeros((PATCH_FRAMES - 1, 64), np.float32))


def test_scores_are_calibrated_mean_logits(classifier: Classifier, noise: Samples) -> None:
    frames = frames_at(noise, 32_000)
    logits = [classifier.logits(frames[s : s + PATCH_FRAMES]) for s in (2, 102, 202, 302)]
    scores = PatchPool(classifier).scores(frames, 32_000)
    expected = classifier.calibrated(np.mean(logits, axis=0, dtype=np.float32))
    np.testing.assert_allclose(scores, expected, rtol=1e-6)
    assert len(set(np.round(scores, 3))) == 3


def test_network_in_memory_gives_scores_of_the_model_file(
    bare_tflite: Path, contract: Contract, classifier: Classifier, noise: Samples
) -> None:
    in_memory = Classifier(load_network(bare_tflite.read_bytes()), contract)
    frames = frames_at(noise, 0)
    scores = PatchPool(in_memory).scores(frames, 0)
    assert np.array_equal(scores, PatchPool(classifier).scores(frames, 0))


def test_fault_of_a_network_in_memory_has_its_name(bare_tflite: Path, contract: Contract) -> None:
    with pytest.raises(InputError, match=r"^network: the TFLite runtime rejects it"):
        load_network(bare_tflite.read_bytes()[:100])
    other = msgspec.structs.replace(contract, patch_frames=95)
    with pytest.raises(InputError, match=r"^float network: its contract promises the input"):
        Classifier(load_network(bare_tflite), other, name="float network")


def test_runs_each_patch_once_at_hop_of_one_second(
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
def test_scores_equal_those_of_a_fresh_pool_at_any_hop(
    hop_seconds: float, classifier: Classifier, noise: Samples
) -> None:
    pool = PatchPool(classifier)
    for window in WindowBuffer(hop_seconds).push(noise):
        frames = frames_at(noise, window.start_sample)
        scores = pool.scores(frames, window.start_sample)
        assert np.array_equal(scores, PatchPool(classifier).scores(frames, window.start_sample))


def test_keeps_only_logits_of_current_window(classifier: Classifier, noise: Samples) -> None:
    pool = PatchPool(classifier)
    frames = frames_at(noise, 0)
    for second in range(200):
        pool.scores(frames, 16_000 * second)
        assert len(pool._logits) <= 4
    for quarter in range(200):
        pool.scores(frames, 16_000 * 300 + 4_000 * quarter)
        assert len(pool._logits) <= 16


def test_pools_that_share_a_classifier_are_independent(
    classifier: Classifier, noise: Samples
) -> None:
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
def test_rejects_contract_with_other_shapes_and_names_both(
    changes: dict[str, Any], promised: str, found: str, make_model: MakeModel
) -> None:
    path = make_model(**changes)
    with pytest.raises(InputError) as caught:
        load_classifier(path)
    message = str(caught.value)
    assert message.startswith(f"model file {path}: ")
    assert promised in message
    assert found in message


def test_built_in_model_fits_its_contract() -> None:
    classifier = load_classifier()
    contract = read_contract(BUILT_IN_MODEL)
    assert classifier.contract == contract
    silence = np.full((398, contract.front_end.bands), np.log(0.001), np.float32)
    scores = PatchPool(classifier).scores(silence, 0)
    assert scores.shape == (len(contract.families),)
    assert np.all(scores < contract.thresholds)


def test_loading_prints_nothing_and_restores_stderr(
    model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    load_classifier(model)
    os.write(2, b"still here\n")
    assert capfd.readouterr().err == "still here\n"


def test_rejected_model_leaves_no_files_open(make_model: MakeModel) -> None:
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


# Changes of one byte of the tiny network of 0.1.0, found by trying all of them.
FAULTS = {
    "failing run": (1132, 7, "the TFLite runtime rejects it ("),
    "name that is not UTF-8": (1244, 0xFF, "the TFLite runtime rejects it ("),
    "no output": (1152, 0, "the network has none"),
}
# A network that writes out of bounds crashes with one of several signals.
CRASHES = {
    "crash in allocation": (1849, 0xFF),
    "crash in run": (1804, 154),
    "crash after run": (1189, 0),
}


def changed_network(folder: Path, place: int, value: int) -> Path:
    network = bytearray(tiny_network())
    assert network[place] != value
    network[place] = value
    path = folder / "changed.tflite"
    path.write_bytes(with_contract(bytes(network)))
    return path


@pytest.mark.parametrize("name", FAULTS)
def test_loading_rejects_network_that_cannot_run(name: str, tmp_path: Path) -> None:
    place, value, reason = FAULTS[name]
    path = changed_network(tmp_path, place, value)
    with pytest.raises(InputError) as caught:
        load_classifier(path)
    message = str(caught.value)
    assert message.startswith(f"model file {path}: ")
    assert reason in message
    assert "\n" not in message


def test_rejects_network_that_returns_nan(tmp_path: Path) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    tf = pytest.importorskip("tensorflow", reason="needs tensorflow to make a network")

    @tf.function(input_signature=[tf.TensorSpec((1, 96, 64), tf.float32)])  # type: ignore[untyped-decorator]
    def network(patch: Any) -> Any:
        return tf.math.log(tf.reduce_mean(patch, [1])[:, :3] - 100.0)

    converter = tf.lite.TFLiteConverter.from_concrete_functions([network.get_concrete_function()])
    path = tmp_path / "nan.tflite"
    path.write_bytes(with_contract(converter.convert()))
    with pytest.raises(
        InputError, match="returns NaN or infinity as its output 'families'; build the model again"
    ):
        load_classifier(path)


@pytest.mark.parametrize("name", CRASHES)
def test_rejects_model_that_crashes_runtime_in_one_line(
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
        # A newer runtime may reject it itself.
        fate = "crashes with SIG(SEGV|ABRT|BUS) on it|rejects it .*"
        assert re.fullmatch(f"timbrel: .*{path}: the TFLite runtime ({fate}); .*", line)


@pytest.mark.parametrize(
    ("signal_name", "fate"), [("SIGSEGV", "crashes with SIGSEGV"), ("SIGALRM", "hangs")]
)
def test_trial_reports_crash_and_hang(
    signal_name: str, fate: str, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network_trial.try_out(model)
    number = signal.Signals[signal_name]
    monkeypatch.setattr(network_trial, "load_classifier", lambda _: os.kill(os.getpid(), number))
    with pytest.raises(InputError, match=f"model file {model}: the TFLite runtime {fate} on it"):
        network_trial.try_out(model)


def test_trial_ends_hanging_runtime_if_sigalrm_is_blocked(
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


def test_run_on_silence_is_not_counted(classifier: Classifier) -> None:
    assert classifier.patches_run == 0
