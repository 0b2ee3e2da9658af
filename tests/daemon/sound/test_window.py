"""Windows end at the right times and contain exact samples, for pieces of any size."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.sound.window import WINDOW_SAMPLES, Window, WindowBuffer
from tests.daemon.conftest import Samples, without_dc

HOPS_SECONDS = [0.25, 0.5, 1.0, 1 / 3, 0.7, 0.333, 4.0]


def cut(buffer: WindowBuffer, samples: Samples, sizes: list[int]) -> Iterator[Window]:
    """Push the samples in pieces of `sizes` and a last one; yield copies of the windows."""
    for piece in np.split(samples, np.cumsum(sizes)):
        for window in buffer.push(piece):
            yield window._replace(samples=window.samples.copy())


@pytest.mark.parametrize("hop_seconds", HOPS_SECONDS)
def test_windows_end_at_four_seconds_and_every_hop(hop_seconds: float) -> None:
    windows = list(WindowBuffer(hop_seconds).push(np.zeros(20 * 16_000, np.float32)))
    assert len(windows) == 1 + int(16 / hop_seconds + 1e-9)
    for k, window in enumerate(windows):
        assert window.start_sample == round(k * hop_seconds * 16_000)
        assert window.ended_at == pytest.approx(4 + k * hop_seconds, abs=0.5 / 16_000)
        assert len(window.samples) == WINDOW_SAMPLES


@settings(max_examples=60)
@given(
    hop_seconds=st.sampled_from(HOPS_SECONDS),
    sizes=st.lists(st.integers(0, 100) | st.integers(0, 70_000) | st.just(1_600), max_size=30),
)
def test_samples_are_exact_for_any_piece_sizes(
    noise: Samples, hop_seconds: float, sizes: list[int]
) -> None:
    expected = without_dc(noise)
    windows = list(cut(WindowBuffer(hop_seconds), noise, sizes))
    assert [w.start_sample for w in windows] == [
        round(k * hop_seconds * 16_000) for k in range(1 + int(8 / hop_seconds + 1e-9))
    ]
    for window in windows:
        end = window.start_sample + WINDOW_SAMPLES
        assert np.array_equal(window.samples, expected[window.start_sample : end])


def test_last_missing_sample_completes_the_window() -> None:
    buffer = WindowBuffer(1.0)
    assert not list(buffer.push(np.zeros(WINDOW_SAMPLES - 1, np.float32)))
    assert buffer.samples_to_next == 1
    (window,) = buffer.push(np.full(1, 0.5, np.float32))
    assert window.ended_at == 4.0
    assert window.samples[-2:].tolist() == [0.0, pytest.approx(0.5, rel=0.01)]
    assert buffer.samples_to_next == 16_000


def test_yields_a_window_before_consuming_later_sound() -> None:
    buffer = WindowBuffer(1.0)
    windows = buffer.push(np.zeros(6 * 16_000, np.float32))
    next(windows)
    assert buffer.pushed_samples == WINDOW_SAMPLES


@pytest.mark.parametrize("samples", [1, 16_000, WINDOW_SAMPLES - 1])
def test_pads_a_short_sound_to_one_window(samples: int, noise: Samples) -> None:
    buffer = WindowBuffer(1.0)
    assert not list(buffer.push(noise[:samples]))
    (window,) = buffer.finish()
    assert window.ended_at == 4.0
    assert window.start_sample == 0
    assert np.array_equal(window.samples[:samples], without_dc(noise[:samples]))
    assert not window.samples[samples:].any()
    assert not list(buffer.finish())


@pytest.mark.parametrize("samples", [WINDOW_SAMPLES, WINDOW_SAMPLES + 1, 5 * 16_000 - 1])
def test_drops_a_tail_shorter_than_a_hop(samples: int, noise: Samples) -> None:
    buffer = WindowBuffer(1.0)
    (window,) = buffer.push(noise[:samples])
    assert window.ended_at == 4.0
    assert not list(buffer.finish())


def test_no_sound_makes_no_window() -> None:
    buffer = WindowBuffer(1.0)
    assert not list(buffer.push(np.empty(0, np.float32)))
    assert not list(buffer.finish())


def test_buffer_size_stays_constant_for_an_hour() -> None:
    buffer = WindowBuffer(1.0)
    piece = np.zeros(1_600, np.float32)
    sizes = set()
    for _ in range(10 * 60 * 60):
        for _window in buffer.push(piece):
            sizes.add(len(buffer._buffer))
    assert sizes == {2 * WINDOW_SAMPLES}
    assert buffer.pushed_samples == 60 * 60 * 16_000


@pytest.mark.parametrize("seconds", [3.0, 10.0])
@pytest.mark.parametrize("offset", [0.01, -0.08, 0.5])
def test_windows_have_no_dc_offset(offset: float, seconds: float, noise: Samples) -> None:
    quiet = noise[: round(seconds * 16_000)] * np.float32(0.01)
    plain, biased = WindowBuffer(1.0), WindowBuffer(1.0)
    expected = [*cut(plain, quiet, []), *plain.finish()]
    windows = [*cut(biased, quiet + np.float32(offset), []), *biased.finish()]
    assert len(windows) == len(expected)
    for one, other in zip(windows, expected, strict=True):
        np.testing.assert_allclose(one.samples, other.samples, atol=2e-7)
