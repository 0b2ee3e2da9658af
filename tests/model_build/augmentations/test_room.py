"""Rooms keep onsets and the level of the direct sound, and have the requested RT60."""

import numpy as np
import pytest
from numpy.typing import NDArray

from model_build.augmentations.room import living_room, room, shoebox_response

SAMPLE_RATE_HZ = 16_000


def measured_rt60_seconds(response: NDArray[np.float32]) -> float:
    """Three times the decay from -5 to -25 dB of the energy still to come (Schroeder)."""
    energy = np.cumsum(response[::-1].astype(np.float64) ** 2)[::-1]
    decay_db = 10 * np.log10(energy / energy[0])
    samples = np.argmax(decay_db < -25) - np.argmax(decay_db < -5)
    return 3 * float(samples) / SAMPLE_RATE_HZ


def test_unit_impulse_returns_the_same_samples() -> None:
    samples = np.random.default_rng(1).normal(size=5000).astype(np.float32)
    impulse = np.array([1.0, 0.0, 0.0], dtype=np.float32)
    heard = room(samples, impulse)
    assert heard.dtype == np.float32
    assert heard.shape == samples.shape
    np.testing.assert_allclose(heard, samples, atol=1e-5)


def test_adds_echo_at_the_delay_of_the_response() -> None:
    samples = np.array([1.0, 2.0, 0.0, 0.0, -4.0], dtype=np.float32)
    response = np.array([1.0, 0.0, 0.5], dtype=np.float32)
    np.testing.assert_allclose(room(samples, response), [1.0, 2.0, 0.5, 1.0, -4.0], atol=1e-6)


@pytest.mark.parametrize("distance_metres", [0.5, 1.0, 1.5, 2.5])
def test_response_starts_with_direct_sound_of_amplitude_one(distance_metres: float) -> None:
    for seed in range(5):
        response = shoebox_response(
            np.random.default_rng(seed), distance_metres=distance_metres, rt60_seconds=0.35
        )
        assert response.dtype == np.float32
        assert response[0] == 1.0
        # Across a room, two reflections that arrive together may exceed the direct sound.
        assert distance_metres > 2.0 or np.argmax(np.abs(response)) == 0


def test_nearer_source_has_more_direct_sound() -> None:
    reverberant = [
        float(np.mean([np.sum(response[1:] ** 2) for response in responses(distance_metres)]))
        for distance_metres in (0.5, 1.0, 2.0)
    ]
    # The direct sound falls by 6 dB with each doubling of the distance; the reverberation does not.
    assert reverberant[0] * 2.5 < reverberant[1]
    assert reverberant[1] * 2.5 < reverberant[2]


def responses(distance_metres: float) -> list[NDArray[np.float32]]:
    return [
        shoebox_response(
            np.random.default_rng(seed), distance_metres=distance_metres, rt60_seconds=0.4
        )
        for seed in range(6)
    ]


@pytest.mark.parametrize("rt60_seconds", [0.3, 0.45, 0.6])
def test_room_has_the_requested_reverberation_time(rt60_seconds: float) -> None:
    for seed in range(3):
        response = shoebox_response(
            np.random.default_rng(seed), distance_metres=2.0, rt60_seconds=rt60_seconds
        )
        assert measured_rt60_seconds(response) == pytest.approx(rt60_seconds, rel=0.4)


def test_sample_rate_changes_the_taps_but_not_the_room() -> None:
    slow, fast = (
        shoebox_response(
            np.random.default_rng(4), distance_metres=2.0, rt60_seconds=0.4, sample_rate_hz=rate_hz
        )
        for rate_hz in (16_000, 48_000)
    )
    assert fast.size == pytest.approx(3 * slow.size, rel=0.01)


def test_seed_decides_the_room() -> None:
    first, again, other = (
        shoebox_response(np.random.default_rng(seed), distance_metres=2.0, rt60_seconds=0.3)
        for seed in (7, 7, 8)
    )
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or not np.allclose(first, other)


@pytest.mark.parametrize("distance_metres", [0.3, 3.0, 9.0])
def test_random_living_room_holds_the_distance(distance_metres: float) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        length, width, height = living_room(rng, distance_metres=distance_metres)
        assert length > distance_metres + 0.8
        assert length > width > height > 2.3


def test_rejects_impossible_rooms() -> None:
    rng = np.random.default_rng(1)
    with pytest.raises(ValueError, match="distance_metres"):
        shoebox_response(rng, distance_metres=0.0, rt60_seconds=0.3)
    with pytest.raises(ValueError, match="do not fit"):
        shoebox_response(
            rng,
            distance_metres=6.0,
            rt60_seconds=0.3,
            dimensions_metres=np.array([4.0, 3.0, 2.5]),
        )
    with pytest.raises(ValueError, match="too large"):
        shoebox_response(rng, distance_metres=2.0, rt60_seconds=0.02)
