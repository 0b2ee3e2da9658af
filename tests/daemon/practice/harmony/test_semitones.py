import numpy as np
import pytest

from daemon.practice.harmony.semitones import LOWEST_MIDI, SEMITONES, semitone_magnitudes
from daemon.practice.spectrum import SpectrumStream
from tests.daemon.practice.voices import hertz, tone


@pytest.mark.parametrize("midi", [33, 45, 60, 69, 92])
@pytest.mark.parametrize("cents", [-40.0, 0.0, 25.0])
def test_a_pure_tone_is_loudest_in_its_own_semitone(midi: int, cents: float) -> None:
    sound = tone(hertz(midi + cents / 100.0), 1.0, harmonics=1)
    found = semitone_magnitudes(SpectrumStream().push(sound), cents).mean(axis=0)
    assert found.shape == (SEMITONES,)
    assert found.argmax() == midi - LOWEST_MIDI


def test_a_tone_out_of_tune_leaks_into_its_neighbour() -> None:
    spectra = SpectrumStream().push(tone(hertz(69.4), 1.0, harmonics=1))
    off, on = (semitone_magnitudes(spectra, cents).mean(axis=0) for cents in (0.0, 40.0))
    assert off[70 - LOWEST_MIDI] > 0.5 * off[69 - LOWEST_MIDI]
    assert on[70 - LOWEST_MIDI] < 0.3 * on[69 - LOWEST_MIDI]


def test_spectra_have_the_same_bits_at_any_block_length() -> None:
    sound = tone(220.0, 2.0)
    whole = SpectrumStream().push(sound)
    assert len(whole) == 1 + (32_000 - 8_192) // 4_096
    for length in (777, 4_096, 30_000):
        stream = SpectrumStream()
        parts = [stream.push(sound[k : k + length]) for k in range(0, len(sound), length)]
        assert np.array_equal(np.concatenate(parts), whole)
