"""The pitch of notes that are known: as exact as the curve, at any block length."""

import numpy as np
import pytest

from daemon.practice.pitch.note_pitch import HIGHEST_MIDI, NotePitch
from tests.daemon.practice.voices import Samples, hertz, noisy, silence, tone

FIRST, FRAMES = 10, 30


def read(sound: Samples, midi: float, block: int = 16_000) -> np.ndarray:
    pitch = NotePitch()
    for start in range(0, len(sound), block):
        pitch.push(sound[start : start + block])
    return pitch.read(FIRST, FRAMES, midi)


def cents_off(found: np.ndarray, midi: float) -> np.ndarray:
    return np.asarray(1200.0 * np.log2(found / hertz(midi)))


@pytest.mark.parametrize("midi", [*range(28, HIGHEST_MIDI, 7), HIGHEST_MIDI])
@pytest.mark.parametrize("cents", [-40.0, 13.0])
def test_tones_have_their_pitch(midi: int, cents: float) -> None:
    off = cents_off(read(tone(hertz(midi + cents / 100.0)), midi), midi + cents / 100.0)
    assert np.abs(off).max() < 1.0


@pytest.mark.parametrize("midi", range(36, 92, 8))
def test_noise_moves_the_middle_by_less_than_three_cents(midi: int) -> None:
    off = cents_off(read(noisy(tone(hertz(midi + 0.2)), 12.0, midi), midi), midi + 0.2)
    assert np.isfinite(off).mean() > 0.8
    assert abs(np.nanmedian(off)) < 3.0


@pytest.mark.parametrize("block", [100, 1_234, 16_000])
def test_the_bits_do_not_depend_on_blocks_and_on_what_is_read_beside(block: int) -> None:
    sound = noisy(tone(hertz(57.3)), 20.0)
    whole = read(sound, 57, len(sound))
    assert read(sound, 57, block).tobytes() == whole.tobytes()
    pitch = NotePitch()
    pitch.push(sound)
    one_by_one = [pitch.read(FIRST + frame, 1, 57)[0] for frame in range(FRAMES)]
    assert np.array(one_by_one).tobytes() == whole.tobytes()


def test_silence_noise_and_another_note_have_no_pitch() -> None:
    noise = (0.1 * np.random.default_rng(0).standard_normal(16_000)).astype(np.float32)
    for sound in (silence(1.0), noise, tone(hertz(60))):
        assert np.isfinite(read(sound, 66)).mean() < 0.1


def test_sound_before_the_first_and_after_the_last_sample_is_silent() -> None:
    pitch = NotePitch()
    pitch.push(tone(hertz(69), 0.1))
    assert np.isfinite(pitch.read(0, 6, 69)).any()
    assert not np.isfinite(pitch.read(50, 5, 69)).any()
    pitch.forget(3)
    assert np.isfinite(pitch.read(3, 1, 69)).all()
