import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.practice.pitch.curve import PitchCurve, PitchStream, pitch_curve
from daemon.sound.sound_file import read_sound
from tests.daemon.practice.voices import RATE_HZ, hum, noisy, silence, tone

FIXTURES = Path(__file__).parents[1] / "fixtures"


def cents_off(curve: PitchCurve, hz: float) -> np.ndarray:
    """Return the errors of the voiced frames, 0.1 s from both ends."""
    inner = np.zeros(len(curve.hz), bool)
    inner[5:-5] = True
    return np.asarray(1200.0 * np.log2(curve.hz[inner & curve.is_voiced] / hz))


def joined(parts: list[PitchCurve]) -> PitchCurve:
    return PitchCurve(*(np.concatenate(both) for both in zip(*parts, strict=True)))


@pytest.mark.parametrize(
    "hz", [32.7, 41.2, 65.4, 123.5, 261.6, 440.0, 622.3, 987.8, 1567.9, 2000.0]
)
def test_a_pitch_is_exact_to_five_cents(hz: float) -> None:
    off = cents_off(pitch_curve(tone(hz)), hz)
    assert len(off) >= 36
    assert np.abs(off).max() < 5.0


@pytest.mark.parametrize("hz", [110.0, 330.0, 700.0, 1200.0])
def test_a_pitch_in_noise_is_exact_to_five_cents(hz: float) -> None:
    off = cents_off(pitch_curve(noisy(tone(hz), 15.0)), hz)
    assert len(off) >= 30
    assert np.quantile(np.abs(off), 0.9) < 5.0


@pytest.mark.parametrize("name", ["bass-e1-gs1", "vibrato-then-still-a4"])
def test_field_recordings_have_their_pitches(name: str) -> None:
    curve = pitch_curve(read_sound(str(FIXTURES / f"{name}.flac")))
    midi = 69.0 + 12.0 * np.log2(curve.hz / 440.0)
    with (FIXTURES / f"{name}.notes.csv").open() as file:
        notes = [tuple(map(float, row.values())) for row in csv.DictReader(file)]
    sounding = np.zeros(len(curve.hz), bool)
    for onset, offset, pitch in notes:
        inside = (curve.seconds >= onset) & (curve.seconds <= offset)
        sounding |= (curve.seconds > onset - 0.1) & (curve.seconds < offset + 0.1)
        assert curve.is_voiced[inside].mean() > 0.85
        off = midi[inside & curve.is_voiced] - pitch
        assert abs(np.median(off)) < 0.05
        assert np.mean(np.abs(off) < 0.6) > 0.97
    assert not curve.is_voiced[~sounding].any()


def test_a_piccolo_and_a_bass_are_not_an_octave_off() -> None:
    for midi in (26, 28, 31, 35, 40, 96):
        hz = 440.0 * 2.0 ** ((midi - 69) / 12)
        off = cents_off(pitch_curve(tone(hz, harmonics=30)), hz)
        assert np.abs(off).max() < 50.0


@pytest.mark.parametrize(
    "sound",
    [
        silence(2.0),
        np.random.default_rng(3).normal(0.0, 0.1, 32_000).astype(np.float32),
        np.full(32_000, 0.5, np.float32),
        hum(50.0, 3.0),
        hum(60.0, 3.0),
        hum(50.0, 3.0) + np.random.default_rng(4).normal(0.0, 0.002, 48_000).astype(np.float32),
    ],
    ids=["silence", "noise", "constant", "hum", "hum of 60 Hz", "hum in noise"],
)
def test_sound_without_a_pitch_is_unvoiced(sound: np.ndarray) -> None:
    assert pitch_curve(sound).is_voiced.mean() < 0.03


@pytest.mark.parametrize("samples", [0, 1, 319, 320, 321, 5_000])
def test_a_short_sound_has_a_frame_every_20_ms(samples: int) -> None:
    curve = pitch_curve(np.zeros(samples, np.float32))
    assert len(curve.hz) == len(curve.is_voiced) == -(-samples // 320)
    assert len(curve.every_10_ms()[0]) == max(0, 2 * len(curve.hz) - 1)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 7_000), max_size=12), st.integers(0, 1_000))
def test_a_stream_has_the_same_bits_at_any_block_length(lengths: list[int], seed: int) -> None:
    sound = np.concatenate([silence(0.2), tone(196.0, 0.5), tone(311.0, 0.4), silence(0.2)])
    sound = noisy(sound, 20.0, seed)
    stream, parts, start = PitchStream(), [], 0
    for length in (*lengths, len(sound)):
        parts.append(stream.push(sound[start : start + length]))
        start += length
    whole, streamed = pitch_curve(sound), joined([*parts, stream.finish()])
    assert np.array_equal(whole.hz, streamed.hz)
    assert np.array_equal(whole.is_voiced, streamed.is_voiced)


def test_a_frame_is_decided_0_4_s_later_at_most() -> None:
    stream = PitchStream()
    frames = len(stream.push(tone(220.0, 2.0)).hz)
    assert frames / 50.0 >= 1.6


def test_the_curve_every_10_ms_does_not_cross_silence_or_leaps() -> None:
    hz = np.array([200.0, 202.0, 400.0, 400.0, 300.0])
    curve = PitchCurve(hz, np.array([True, True, True, False, True]))
    seconds, drawn = curve.every_10_ms()
    assert np.allclose(seconds, np.arange(9) / 100.0)
    expected = [200.0, np.sqrt(200.0 * 202.0), 202.0, 400.0, 400.0, np.nan, np.nan, np.nan, 300.0]
    assert np.allclose(drawn[:5], expected[:5])
    assert np.isnan(drawn[6])
    assert drawn[8] == 300.0


def test_samples_beyond_full_scale_are_followed() -> None:
    off = cents_off(pitch_curve(np.clip(tone(300.0) * 20.0, -1.0, 1.0)), 300.0)
    assert np.abs(off).max() < 5.0
    assert len(pitch_curve(np.full(RATE_HZ, 1e30, np.float32)).hz) == 50
