import itertools
from typing import NamedTuple

import numpy as np
import pytest

from daemon.practice.spectral_peaks import SteadyPeakStream, steady_peaks
from daemon.practice.tuning import (
    a4_hz,
    estimated_tuning,
    in_tune_share,
    median_cents,
    tuning_drift_cents,
)
from tests.daemon.practice.voices import hum, noisy, scale, silence

MAJOR = (60, 62, 64, 65, 67, 69, 71, 72)


class Note(NamedTuple):
    onset: float
    offset: float
    midi: int
    cents: float


def played(cents: float) -> np.ndarray:
    return scale([midi + cents / 100.0 for midi in MAJOR], seconds=0.8)


@pytest.mark.parametrize("cents", [-30.0, -12.0, 0.0, 7.0, 25.0])
def test_a_scale_has_its_a4(cents: float) -> None:
    found = a4_hz(steady_peaks(noisy(played(cents), 20.0)))
    assert found is not None
    assert abs(1200.0 * np.log2(found / 440.0) - cents) < 1.5


@pytest.mark.parametrize("cents", [-50.0, -45.0, 45.0, 50.0])
def test_a_scale_a_quarter_tone_off_has_no_a4(cents: float) -> None:
    peaks = steady_peaks(played(cents))
    assert a4_hz(peaks) is None
    estimate = estimated_tuning(peaks)
    assert estimate is not None
    assert 427.4 < estimate.best_a4_hz < 453.0


@pytest.mark.parametrize(
    "sound",
    [
        silence(0.0),
        silence(5.0),
        played(0.0)[:8_000],
        np.random.default_rng(1).normal(0.0, 0.1, 160_000).astype(np.float32),
        hum(50.0, 8.0),
        hum(60.0, 8.0),
    ],
    ids=["nothing", "silence", "half a second", "noise", "hum", "hum of 60 Hz"],
)
def test_sound_without_notes_has_no_a4(sound: np.ndarray) -> None:
    assert a4_hz(steady_peaks(sound)) is None


def test_steady_peaks_have_the_same_bits_at_any_block_length() -> None:
    sound = noisy(played(5.0), 20.0)
    whole = steady_peaks(sound)
    for length in (1, 777, 4_096, 30_000):
        if length == 1:
            blocks = [sound[:1], sound[1:2], sound[2:]]
        else:
            blocks = [sound[start : start + length] for start in range(0, len(sound), length)]
        stream = SteadyPeakStream()
        parts = [*map(stream.push, blocks), stream.finish()]
        for name in ("direction", "strength", "loudness"):
            joined = np.concatenate([getattr(part, name) for part in parts])
            assert np.array_equal(joined, getattr(whole, name))


def test_a_piano_at_442_is_in_tune_with_itself() -> None:
    cents = 1200.0 * np.log2(442.0 / 440.0)
    notes = [Note(k, k + 0.5, 60 + k, cents) for k in range(10)]
    assert in_tune_share(notes, 442.0) == 1.0
    assert in_tune_share(notes, 438.0) == 0.0
    assert in_tune_share(notes, 442.0, reference_hz=430.0) == 0.0


def test_in_tune_counts_duration_of_sustained_notes_only() -> None:
    notes = [Note(0.0, 3.0, 60, 4.0), Note(3.0, 4.0, 62, 20.0), Note(4.0, 4.2, 64, 30.0)]
    assert in_tune_share(notes, 440.0) == 0.75
    assert median_cents(notes) == 12.0


def test_in_tune_wraps_at_the_quarter_tone() -> None:
    assert in_tune_share([Note(0.0, 1.0, 60, -49.0)], 440.0 * 2 ** (48.0 / 1200.0)) == 1.0


def test_without_notes_or_a4_tuning_is_unknown() -> None:
    short = [Note(0.0, 0.2, 60, 3.0)]
    for notes in ([], short):
        assert in_tune_share(notes, 440.0) is None
        assert median_cents(notes) is None
        assert tuning_drift_cents(notes) is None
    assert in_tune_share([Note(0.0, 1.0, 60, 0.0)], None) is None


def test_drift_is_last_third_minus_first() -> None:
    notes = [Note(k, k + 0.9, 60, k) for k in range(9)]
    assert tuning_drift_cents(notes) == 6.0
    across = [Note(k, k + 0.9, 60, cents) for k, cents in enumerate([48.0, 0.0, -46.0])]
    assert tuning_drift_cents(across) == pytest.approx(6.0)
    assert tuning_drift_cents([Note(0.0, 9.0, 60, 1.0)]) is None


def test_in_tune_does_not_depend_on_the_order_of_notes() -> None:
    notes = [Note(0.0, 1.0, 60, 0.0), Note(1.0, 2.5, 60, 15.0), Note(2.5, 3.0, 60, -4.0)]
    shares = {in_tune_share(order, 440.0) for order in itertools.permutations(notes)}
    assert shares == {0.5}
