"""Sound that a tuner meets at home: it gets the right pitch and A4, or an honest unknown."""

import numpy as np
import pytest
import soxr

from daemon.practice.pitch.curve import pitch_curve
from daemon.practice.spectral_peaks import steady_peaks
from daemon.practice.tuning import a4_hz, estimated_tuning
from tests.daemon.practice.voices import RATE_HZ, Samples, hertz, noisy, scale, silence, tone

MAJOR = (60, 62, 64, 65, 67, 69, 71, 72)


def played(cents: float = 0.0) -> Samples:
    return scale([midi + cents / 100.0 for midi in MAJOR], seconds=0.8)


def cents_of(sound: Samples) -> float | None:
    found = a4_hz(steady_peaks(sound))
    return None if found is None else float(1200.0 * np.log2(found / 440.0))


def glissando(seconds: float) -> Samples:
    """Return a slide over two octaves."""
    turns = np.cumsum(hertz(48) * 2.0 ** np.linspace(0.0, 2.0, round(seconds * RATE_HZ))) / RATE_HZ
    return np.asarray(
        0.1 * sum(np.sin(2.0 * np.pi * k * turns) / k for k in range(1, 8)), np.float32
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_badly_detuned_piano_has_no_a4(seed: int) -> None:
    off = np.random.default_rng(seed).uniform(-50.0, 50.0, 16)
    midis = [midi + cents / 100.0 for midi, cents in zip(MAJOR * 2, off, strict=True)]
    estimate = estimated_tuning(steady_peaks(scale(midis, seconds=0.8)))
    assert estimate is not None
    # A third of the notes within 10 cents of each other may look like a tuning, but not a safe one.
    assert estimate.a4_hz is None or estimate.error_cents > 12.0


def test_a_slightly_detuned_piano_has_its_middle() -> None:
    off = np.random.default_rng(0).normal(6.0, 6.0, 16)
    midis = [midi + cents / 100.0 for midi, cents in zip(MAJOR * 2, off, strict=True)]
    assert cents_of(scale(midis, seconds=0.8)) == pytest.approx(off.mean(), abs=3.0)


def test_a_glissando_has_no_a4_but_its_pitch_is_followed() -> None:
    sound = np.concatenate([glissando(4.0), glissando(4.0)])
    assert cents_of(sound) is None
    curve = pitch_curve(glissando(4.0))
    inner = (curve.seconds > 0.2) & (curve.seconds < 3.8)
    truth = 48.0 + 24.0 * curve.seconds / 4.0
    off = 69.0 + 12.0 * np.log2(curve.hz / 440.0) - truth
    assert curve.is_voiced[inner].mean() > 0.95
    assert np.abs(off[inner & curve.is_voiced]).max() < 0.3


def test_two_players_a_quarter_tone_apart_have_no_a4() -> None:
    assert cents_of(played(0.0) + played(50.0)) is None


def test_two_players_nearly_in_tune_have_the_a4_between() -> None:
    found = cents_of(played(2.0) + scale([midi + 7.08 for midi in MAJOR], seconds=0.8))
    assert found == pytest.approx(5.0, abs=4.0)


def test_clipping_changes_nothing() -> None:
    sound = np.clip(played(9.0) * 20.0, -1.0, 1.0).astype(np.float32)
    assert cents_of(sound) == pytest.approx(9.0, abs=1.5)


def test_a_telephone_is_enough() -> None:
    narrow = soxr.resample(soxr.resample(played(9.0), RATE_HZ, 8_000), 8_000, RATE_HZ)
    assert cents_of(narrow.astype(np.float32)) == pytest.approx(9.0, abs=1.5)
    curve = pitch_curve(narrow.astype(np.float32))
    first = curve.is_voiced & (curve.seconds > 0.1) & (curve.seconds < 0.7)
    assert first.sum() > 25
    assert np.abs(1200.0 * np.log2(curve.hz[first] / hertz(60.09))).max() < 5.0


def test_baroque_pitch_is_known_modulo_a_semitone() -> None:
    assert cents_of(played(1200.0 * np.log2(415.0 / 440.0))) == pytest.approx(-1.3, abs=1.5)


def test_lost_sound_between_notes_does_not_change_the_a4() -> None:
    sound = played(-8.0)
    sound[len(sound) // 3 : len(sound) // 3 + 4_000] = 0.0
    assert cents_of(np.concatenate([sound, silence(3.0)])) == pytest.approx(-8.0, abs=1.5)


def test_drums_alone_have_no_a4_and_hardly_a_pitch() -> None:
    rng = np.random.default_rng(0)
    strokes = []
    for _ in range(24):
        fall = np.exp(-np.arange(5_000) / (RATE_HZ * rng.uniform(0.02, 0.06)))
        strokes.append(rng.normal(0.0, 0.3, 5_000) * fall)
    sound = np.concatenate(strokes).astype(np.float32)
    assert cents_of(sound) is None
    assert pitch_curve(sound).is_voiced.mean() < 0.1


def test_one_note_in_noise_has_its_pitch() -> None:
    curve = pitch_curve(noisy(np.concatenate([silence(0.5), tone(hertz(57), 1.0)]), 10.0))
    sounding = (curve.seconds > 0.65) & (curve.seconds < 1.35)
    assert curve.is_voiced[sounding].mean() > 0.9
    off = 1200.0 * np.log2(curve.hz[sounding] / hertz(57))
    assert abs(np.median(off)) < 5.0
