"""Clicks, tunes and noise that are computed here, and the field's click track at 80."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.practice.tempo import (
    Rhythm,
    drift_of_beats,
    find_rhythm,
    folded_bpm,
    tempo_drift,
    tempo_stability,
)
from tests.daemon.conftest import Samples
from tests.daemon.practice.rhythms import chords, drums, fan, fridge

RATE_HZ = 16_000
CLICK_80 = Path(__file__).parent / "field" / "click-80.flac"


def clicks(at_seconds: list[float], seconds: float) -> Samples:
    """Decaying tones of 1 kHz."""
    samples = np.zeros(round(seconds * RATE_HZ) + RATE_HZ, np.float32)
    ringing = np.arange(RATE_HZ // 10) / RATE_HZ
    click = 0.3 * np.exp(-ringing / 0.02) * np.sin(2 * np.pi * 1_000.0 * ringing)
    for at in at_seconds:
        first = round(at * RATE_HZ)
        samples[first : first + len(click)] += click.astype(np.float32)
    kept: Samples = samples[: round(seconds * RATE_HZ)]
    return kept


def even_clicks(bpm: float, seconds: float = 16.0) -> Samples:
    return clicks(list(np.arange(0.5, seconds - 0.2, 60.0 / bpm)), seconds)


def rhythm(samples: Samples) -> Rhythm | None:
    return find_rhythm(LogMel(FrontEnd()).frames(samples.astype(np.float32)))


def test_a_click_track_has_its_tempo_and_its_beats() -> None:
    found = rhythm(even_clicks(80.0, 31.0))
    assert found is not None
    assert found.tempo_bpm == pytest.approx(80.0, rel=0.002)
    truth = np.arange(0.5, 30.8, 0.75)
    assert found.beats == pytest.approx(truth, abs=0.01)
    assert found.tempo_stability == pytest.approx(0.0, abs=0.005)


def test_the_click_track_of_the_field_has_40_beats_at_80() -> None:
    samples, rate_hz = soundfile.read(CLICK_80, dtype="float32")
    found = rhythm(soxr.resample(samples, rate_hz, RATE_HZ))
    assert found is not None
    assert found.tempo_bpm == pytest.approx(80.0, rel=0.002)
    assert found.beats == pytest.approx(0.5 + 0.75 * np.arange(40), abs=0.01)


@pytest.mark.parametrize("bpm", [50.0, 66.0, 97.0, 120.0, 151.0, 190.0])
def test_tempo_is_the_median_gap_of_the_beats(bpm: float) -> None:
    found = rhythm(even_clicks(bpm))
    assert found is not None
    assert found.beats is not None
    assert found.tempo_bpm == pytest.approx(60.0 / np.median(np.diff(found.beats)), rel=0.04)
    ratio = found.guessed_bpm / bpm
    assert min(abs(ratio - k) for k in (0.5, 1.0, 2.0)) < 0.02


@pytest.mark.parametrize("bpm", [20.0, 400.0])
def test_extreme_tempi_are_a_multiple_in_range_or_unknown(bpm: float) -> None:
    found = rhythm(even_clicks(bpm, 30.0))
    if found is not None and found.tempo_bpm is not None:
        assert 40.0 <= found.tempo_bpm <= 240.0
        octaves = np.log2(found.tempo_bpm / bpm)
        assert octaves == pytest.approx(round(octaves), abs=0.05)


def test_clicks_that_speed_up_are_less_steady() -> None:
    gaps = 60.0 / np.linspace(90.0, 110.0, 28)
    found = rhythm(clicks(list(0.5 + np.cumsum(gaps)), 18.0))
    assert found is not None
    assert found.guessed_bpm == pytest.approx(100.0, rel=0.04)
    stability = tempo_stability(found.beats_seconds)
    assert stability is not None
    assert 0.03 < stability < 0.10


def hum() -> Samples:
    seconds = np.arange(16 * RATE_HZ) / RATE_HZ
    partials = [np.sin(2 * np.pi * 50.0 * k * seconds) / k for k in range(1, 8)]
    samples: Samples = (0.05 * np.sum(partials, axis=0)).astype(np.float32)
    return samples


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(16 * RATE_HZ),
        np.random.default_rng(3).normal(0, 0.1, 16 * RATE_HZ),
        hum(),
        np.zeros(0),
        even_clicks(120.0, 1.2),
    ],
    ids=["silence", "noise", "mains hum", "nothing", "too short"],
)
def test_sound_without_beats_has_no_tempo(samples: Samples) -> None:
    found = rhythm(samples)
    assert found is None or found.tempo_bpm is None
    assert found is None or found.beats is None
    assert found is None or found.tempo_stability is None


@pytest.mark.parametrize("machine", [fridge, fan])
def test_household_machines_have_no_tempo(machine: Callable[[float], Samples]) -> None:
    found = rhythm(machine(16.0))
    assert found is None or found.tempo_bpm is None


ROCK = {"kick": "x.......x.x.....", "snare": "....x.......x...", "hat": "x.x.x.x.x.x.x.x."}
HOUSE = {"kick": "x...x...x...x...", "hat": "..x...x...x...x."}


@pytest.mark.parametrize(("lines", "bpm"), [(ROCK, 95.0), (ROCK, 120.0), (HOUSE, 128.0)])
def test_drums_alone_have_their_tempo(lines: dict[str, str], bpm: float) -> None:
    found = rhythm(drums(lines, 4 * bpm, 12.0))
    assert found is not None
    assert found.tempo_bpm == pytest.approx(bpm, rel=0.02)
    beats = found.beats_seconds
    assert beats == pytest.approx(0.05 + 60 / bpm * np.arange(len(beats)), abs=0.03)


@pytest.mark.parametrize(
    ("kick", "bpm"), [("x.....", 60.0), ("x....x", 75.0)], ids=["slow", "moderate"]
)
def test_six_eight_is_counted_in_dotted_quarters(kick: str, bpm: float) -> None:
    lines = {"kick": kick, "snare": "...x..", "hat": "xxxxxx"}
    found = rhythm(drums(lines, 3 * bpm, 18.0))
    assert found is not None
    assert found.tempo_bpm == pytest.approx(bpm, rel=0.02)


def test_chords_in_six_eight_are_counted_in_dotted_quarters() -> None:
    found = rhythm(chords(240.0, "x..x..", 18.0))
    assert found is not None
    assert found.tempo_bpm == pytest.approx(80.0, rel=0.02)


def test_slow_music_has_its_tempo_or_twice_of_it() -> None:
    found = rhythm(chords(240.0, "x...", 20.0))
    assert found is not None
    assert found.tempo_bpm is not None
    assert min(abs(found.tempo_bpm / 60.0 - k) for k in (1, 2)) < 0.04


def test_irregular_clicks_have_no_tempo() -> None:
    gaps = np.random.default_rng(4).exponential(0.5, 30) + 0.1
    found = rhythm(clicks(list(np.cumsum(gaps)), float(gaps.sum())))
    assert found is None or found.tempo_bpm is None


def test_tempi_out_of_range_are_folded() -> None:
    assert folded_bpm(20.0) == 40.0
    assert folded_bpm(400.0) == 200.0
    assert folded_bpm(97.0) == 97.0


def test_drift_compares_the_last_30_s_with_the_first() -> None:
    assert tempo_drift(100.0, 108.0) == pytest.approx(0.08)
    assert tempo_drift(60.0, 120.0) is None
    beats = np.concatenate([np.arange(0.0, 30.0, 0.6), np.arange(30.0, 60.0, 0.5)])
    assert drift_of_beats(beats, 60.0) == pytest.approx(0.2)
    assert drift_of_beats(beats, 59.0) is None
    assert drift_of_beats(beats[:3], 60.0) is None


def test_stability_leaves_pauses_out() -> None:
    beats = np.concatenate([np.arange(0.0, 10.0, 0.5), np.arange(20.0, 29.0, 0.5)])
    assert tempo_stability(beats) == pytest.approx(0.0, abs=1e-9)
    assert tempo_stability(beats[:2]) is None
    assert tempo_stability(beats[:0]) is None
