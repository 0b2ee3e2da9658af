"""Levels of known signals, and a gate that skips the network without changing later scores."""

import math
from pathlib import Path

import numpy as np
import pytest

from daemon.hearing.classifier import Classifier, load_classifier
from daemon.hearing.log_mel import LogMel
from daemon.hearing.model_file import Calibration
from daemon.hearing.patches import patches
from daemon.hearing.scorer import FLOOR_DBFS, Scorer, level_dbfs
from daemon.sound.window import WINDOW_SAMPLES, Window, WindowBuffer
from tests.daemon.conftest import MakeModel, Samples


def test_full_scale_square_wave_has_zero_dbfs() -> None:
    square = np.tile(np.array([1, 1, -1, -1], np.float32), WINDOW_SAMPLES // 4)
    assert level_dbfs(square) == 0.0


def test_full_scale_sine_is_three_decibels_lower() -> None:
    sine = np.sin(2 * np.pi * 1_000 * np.arange(WINDOW_SAMPLES) / 16_000).astype(np.float32)
    assert level_dbfs(sine) == pytest.approx(-3.0103, abs=1e-3)


@pytest.mark.parametrize("db", [-20.0, -65.0, -100.0])
def test_level_follows_the_amplitude(db: float) -> None:
    quiet = np.full(WINDOW_SAMPLES, 10 ** (db / 20), np.float32)
    assert level_dbfs(quiet) == pytest.approx(db, abs=1e-3)


@pytest.mark.parametrize("amplitude", [0.0, 1e-9, 1e-30])
def test_silence_has_the_lowest_level(amplitude: float) -> None:
    assert level_dbfs(np.full(WINDOW_SAMPLES, amplitude, np.float32)) == FLOOR_DBFS == -120.0


def test_empty_array_has_the_lowest_level() -> None:
    assert level_dbfs(np.empty(0, np.float32)) == FLOOR_DBFS


def test_huge_samples_have_a_finite_level() -> None:
    assert level_dbfs(np.full(100, 1e30, np.float32)) == pytest.approx(600.0, abs=1e-3)


def test_window_gets_end_time_level_and_scores(classifier: Classifier, noise: Samples) -> None:
    heard = Scorer(classifier, None).hear(Window(noise[16_000:80_000], 16_000))
    assert heard.ended_at == 5.0
    assert heard.level_dbfs == level_dbfs(noise[16_000:80_000])
    assert heard.scores.shape == (3,)
    assert np.all((heard.scores > 0) & (heard.scores < 1))


def test_window_below_the_gate_scores_zero_without_running_the_network(
    classifier: Classifier,
) -> None:
    scorer = Scorer(classifier, gate_dbfs=-65.0)
    heard = scorer.hear(Window(np.full(WINDOW_SAMPLES, 0.0005, np.float32), 0))
    assert classifier.patches_run == 0
    assert heard.scores.tolist() == [0.0, 0.0, 0.0]
    assert heard.ended_at == 4.0
    assert heard.level_dbfs == pytest.approx(-66.02, abs=0.01)


def test_window_exactly_at_the_gate_is_scored(classifier: Classifier) -> None:
    window = Window(np.full(WINDOW_SAMPLES, 0.001, np.float32), 0)
    level = level_dbfs(window.samples)
    assert np.all(Scorer(classifier, gate_dbfs=level).hear(window).scores > 0)
    assert classifier.patches_run == 7
    above = math.nextafter(level, 0.0)
    assert not Scorer(classifier, gate_dbfs=above).hear(window).scores.any()
    assert classifier.patches_run == 7


def test_silence_is_scored_without_a_gate(classifier: Classifier) -> None:
    Scorer(classifier, None).hear(Window(np.zeros(WINDOW_SAMPLES, np.float32), 0))
    assert classifier.patches_run == 7


@pytest.mark.parametrize("hop_seconds", [0.5, 1.0, 1 / 3])
def test_scores_after_a_gated_passage_equal_ungated_scores_bit_for_bit(
    hop_seconds: float, model: Path, noise: Samples
) -> None:
    sound = np.concatenate([noise[:80_000], np.zeros(90_000, np.float32), noise[80_000:]])
    gated, ungated = Scorer(load_classifier(model), -50.0), Scorer(load_classifier(model), None)
    silent = 0
    for window in WindowBuffer(hop_seconds).push(sound):
        heard, expected = gated.hear(window), ungated.hear(window)
        assert heard.level_dbfs == expected.level_dbfs
        if heard.level_dbfs < -50.0:
            silent += 1
            assert not heard.scores.any()
        else:
            assert heard.scores.tobytes() == expected.scores.tobytes()
    assert silent > 1


def test_later_window_does_not_change_an_earlier_result(
    classifier: Classifier, noise: Samples
) -> None:
    scorer = Scorer(classifier, -65.0)
    first = scorer.hear(Window(noise[:64_000], 0))
    before = first.scores.tobytes()
    second = scorer.hear(Window(noise[64_000:128_000], 64_000))
    scorer.hear(Window(np.zeros(64_000, np.float32), 128_000))
    assert first.scores.tobytes() == before != second.scores.tobytes()


def patches_at(
    hop_seconds: float, classifier: Classifier, sound: Samples, gate_dbfs: float | None = None
) -> dict[float, bytes]:
    """Return the logits of every patch of a sound by its start in seconds."""
    scorer = Scorer(classifier, gate_dbfs)
    found: dict[float, bytes] = {}
    for window in WindowBuffer(hop_seconds).push(sound):
        for patch in scorer.hear(window).patches:
            assert patch.end_seconds == pytest.approx(patch.start_seconds + 0.975)
            assert patch.start_seconds not in found
            found[patch.start_seconds] = patch.logits.tobytes()
    return found


@pytest.mark.parametrize("hop_seconds", [0.25, 0.5, 2.0, 4.0])
def test_every_hop_gives_the_same_patches_bit_for_bit(
    hop_seconds: float, classifier: Classifier, noise: Samples
) -> None:
    every = patches_at(1.0, classifier, noise)
    assert len(every) == 23
    assert patches_at(hop_seconds, classifier, noise) == every


@pytest.mark.parametrize(
    ("hop_seconds", "runs"),
    # Twelve seconds have 23 patches of the grid. With a hop of 0.25 s the scores need every other
    # quarter of a second too.
    [(0.25, 23 + 22), (0.5, 23), (1.0, 23), (2.0, 23), (4.0, 23)],
)
def test_network_runs_once_for_each_patch(
    hop_seconds: float, runs: int, classifier: Classifier, noise: Samples
) -> None:
    classifier.patches_run = 0
    patches_at(hop_seconds, classifier, noise)
    assert classifier.patches_run == runs


def test_score_is_the_mean_of_its_patches(classifier: Classifier, noise: Samples) -> None:
    heard = Scorer(classifier, None).hear(Window(noise[:64_000], 0))
    assert len(heard.patches) == 7
    mean = np.mean([patch.logits for patch in heard.patches[::2]], axis=0)
    assert heard.scores == pytest.approx(1.0 / (1.0 + np.exp(-mean)), abs=1e-6)


def test_patches_of_a_window_below_the_gate_are_no_evidence(
    classifier: Classifier, noise: Samples
) -> None:
    sound = np.concatenate([noise[-64_000:], np.zeros(128_000, np.float32), noise[-64_000:]])
    gated = Scorer(classifier, -50.0)
    silent: list[float] = []
    every: list[float] = []
    for window in WindowBuffer(1.0).push(sound):
        for patch in gated.hear(window).patches:
            every.append(patch.start_seconds)
            if np.all(np.isneginf(patch.logits)):
                silent.append(patch.start_seconds)
    assert every == pytest.approx([0.02 + 0.5 * k for k in range(31)])
    # The windows that end from 8 s to 12 s are silent.
    assert silent == pytest.approx([6.52 + 0.5 * k for k in range(10)])


def test_adjacent_windows_after_silence_have_all_patches(
    classifier: Classifier, noise: Samples
) -> None:
    sound = np.concatenate([np.zeros(64_000, np.float32), noise[-64_000:]])
    scorer = Scorer(classifier, -50.0)
    first, second = (scorer.hear(window) for window in WindowBuffer(4.0).push(sound))
    starts = [patch.start_seconds for heard in (first, second) for patch in heard.patches]
    assert starts == pytest.approx([0.02 + 0.5 * k for k in range(15)])
    # A patch that begins in the silent window is silent.
    known = [bool(np.isfinite(patch.logits).all()) for patch in second.patches]
    assert known == [False] + [True] * 7
    assert classifier.patches_run == 7


def test_lost_sound_has_no_patches(classifier: Classifier, noise: Samples) -> None:
    scorer = Scorer(classifier, None)
    scorer.hear(Window(noise[:64_000], 0))
    heard = scorer.hear(Window(noise[80_000:144_000], 80_000))
    assert [p.start_seconds for p in heard.patches] == pytest.approx(
        [5.02 + 0.5 * k for k in range(7)]
    )


def test_forgotten_scorer_repeats_its_patches(classifier: Classifier, noise: Samples) -> None:
    scorer = Scorer(classifier, None)
    first = scorer.hear(Window(noise[:64_000], 0))
    scorer.forget()
    again = scorer.hear(Window(noise[:64_000], 0))
    assert [p.logits.tobytes() for p in again.patches] == [
        p.logits.tobytes() for p in first.patches
    ]


def classes_model(make_model: MakeModel, activation: str, pooling: str) -> Path:
    return make_model(
        contract_version=2,
        task="classes",
        outputs={"classes": "output_0"},
        families=("10", "2", "Äolsharfe"),
        activation=activation,
        pooling=pooling,
        calibration=(Calibration(),) * 3,
    )


@pytest.mark.parametrize("pooling", ["mean", "max"])
@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_scores_of_classes_are_pooled_over_patches(
    make_model: MakeModel, noise: Samples, activation: str, pooling: str
) -> None:
    classifier = load_classifier(classes_model(make_model, activation, pooling))
    window = Window(noise[128_000:192_000], 0)
    heard = Scorer(classifier, None).hear(window)
    contract = classifier.contract
    frames = LogMel(contract.front_end).frames(window.samples)
    cut = patches(frames, contract.patch_starts, contract.patch_frames)
    logits = np.stack([classifier.logits(one) for one in cut]).astype(np.float64)
    scores = 1 / (1 + np.exp(-logits))
    if activation == "softmax":
        scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    wanted = scores.max(axis=0) if pooling == "max" else scores.mean(axis=0)
    np.testing.assert_allclose(heard.scores, wanted, rtol=1e-5)


def test_silence_after_a_short_sound_is_no_evidence_for_a_class(
    make_model: MakeModel, noise: Samples
) -> None:
    classifier = load_classifier(classes_model(make_model, "softmax", "max"))
    scorer, sound = Scorer(classifier, None), np.zeros(8 * 16_000, np.float32)
    sound[32_000:64_000] = 0.3 * noise[-32_000:]
    buffer = WindowBuffer(1.0)
    due = [patch for window in buffer.push(sound) for patch in scorer.hear(window).patches]
    speaking = [patch.start_seconds for patch in due if np.isfinite(patch.logits).all()]
    # Patches of 0.975 s that the sound from 2 s to 4 s fills by half.
    assert speaking == pytest.approx([1.52, 2.02, 2.52, 3.02, 3.52])
    assert len(due) > 10
