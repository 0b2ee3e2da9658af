import numpy as np
import pytest
from numpy.typing import NDArray

from model_build.augmentations.compression import compression
from model_build.augmentations.lossy_codec import lossy_codec
from model_build.augmentations.loudspeaker import LOUDSPEAKERS, loudspeaker

RATE = 16_000


def tone(hz: float, *, dbfs: float = -20.0, seconds: float = 2.0) -> NDArray[np.float32]:
    time = np.arange(int(seconds * RATE)) / RATE
    amplitude = np.sqrt(2.0) * 10.0 ** (dbfs / 20.0)
    return np.asarray(amplitude * np.sin(2.0 * np.pi * hz * time), np.float32)


def power_at(samples: NDArray[np.float32], hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    index = round(hz * len(samples) / RATE)
    return float(spectrum[index - 3 : index + 4].sum())


def in_db(ratio: float) -> float:
    return 10.0 * float(np.log10(ratio))


@pytest.mark.parametrize("kind", LOUDSPEAKERS)
def test_every_device_keeps_length_and_gives_other_sound_for_another_seed(kind: str) -> None:
    dry = tone(440) + tone(1_000)
    one, same, other = (
        loudspeaker(dry, np.random.default_rng(seed), LOUDSPEAKERS[kind]) for seed in (1, 1, 2)
    )
    assert one.shape == dry.shape
    assert one.dtype == np.float32
    assert np.isfinite(one).all()
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)


def test_phone_loses_bass_and_hifi_does_not() -> None:
    dry = tone(100) + tone(1_500)
    lost_db = {}
    for kind in ("phone", "hi-fi"):
        played = [
            loudspeaker(dry, np.random.default_rng(seed), LOUDSPEAKERS[kind]) for seed in range(10)
        ]
        lost_db[kind] = np.median([in_db(power_at(p, 1_500) / power_at(p, 100)) for p in played])
    assert lost_db["phone"] > 15
    assert abs(lost_db["hi-fi"]) < 6


def test_overdriven_device_adds_harmonics() -> None:
    dry = tone(700)
    harmonic_db = {}
    for kind in ("phone", "hi-fi"):
        played = loudspeaker(dry, np.random.default_rng(3), LOUDSPEAKERS[kind]._replace(coded=0.0))
        harmonic_db[kind] = in_db(power_at(played, 2_100) / power_at(played, 700))
    assert harmonic_db["phone"] > harmonic_db["hi-fi"] + 10
    assert harmonic_db["phone"] > -45


def test_compression_lowers_loud_passages_relative_to_quiet_ones() -> None:
    loud, quiet = tone(500, dbfs=-10), tone(500, dbfs=-40)
    played = compression(np.concatenate([loud, quiet]), np.random.default_rng(1), ratio=4.0)
    half = len(loud)
    # The ends of both halves, after the gain has settled.
    ratio = np.mean(played[half - RATE // 4 : half] ** 2) / np.mean(played[-RATE // 4 :] ** 2)
    assert 5 < in_db(float(ratio)) < 25  # it was 30 dB


def test_compression_ratio_of_one_changes_nothing() -> None:
    dry = tone(300) + tone(3_000)
    np.testing.assert_allclose(
        compression(dry, np.random.default_rng(1), ratio=1.0), dry, atol=1e-5
    )


def test_codec_loses_something_but_keeps_the_tone() -> None:
    dry = tone(440)
    for seed in range(6):  # all three codecs
        coded = lossy_codec(dry, np.random.default_rng(seed))
        assert coded.shape == dry.shape
        assert not np.array_equal(coded, dry)
        assert abs(in_db(power_at(coded, 440) / power_at(dry, 440))) < 1
