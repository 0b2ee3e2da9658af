"""Floats in the scale of integers are divided to fit -1..1; overshoot is not changed."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.sound.sound_file import read_sound
from tests.daemon.made_sounds import RATE_HZ, encode, put, steps
from tests.daemon.sound.test_sound_file import refusal, warnings_of, write_with_pyav

QUIET = np.concatenate([0.0001 * steps(1), steps(2)]).astype(np.float32)


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
@pytest.mark.parametrize("container", ["WAV", "AIFF", "CAF", "AU", "W64"])
@pytest.mark.parametrize(
    ("factor", "divisor"),
    [(300, 2**7), (32_768, 2**15), (2**23, 2**23), (2**31, 2**31), (170, 2**7), (161, 2**7)],
)
def test_divides_floats_in_the_scale_of_integers(
    *,
    factor: int,
    divisor: int,
    container: str,
    subtype: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = put(tmp_path, "x", encode(container, subtype, QUIET * factor))
    heard = read_sound(str(path))
    np.testing.assert_allclose(heard, QUIET * factor / divisor, rtol=1e-6)
    (warning,) = warnings_of(caplog)
    assert warning.startswith(f"{path}: its samples reach ")
    assert warning.endswith(f"they are divided by {divisor}")


@pytest.mark.parametrize("factor", [1, 3, 159])
def test_does_not_change_overshoot(
    factor: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = put(tmp_path, "x", encode("WAV", "FLOAT", QUIET * factor))
    assert np.array_equal(read_sound(str(path)), QUIET * np.float32(factor))
    assert warnings_of(caplog) == []


def test_divides_floats_in_the_scale_of_integers_with_ffmpeg(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    samples = (steps(3) * 32_768)[:, None]
    path = tmp_path / "x.mka"
    write_with_pyav(path, samples, RATE_HZ, codec="pcm_f32le", layout="mono", container="matroska")
    np.testing.assert_allclose(read_sound(str(path)), steps(3), rtol=1e-6)
    assert "divided by 32768" in warnings_of(caplog)[0]


@pytest.mark.parametrize(
    ("container", "codec"), [("matroska", "pcm_f32le"), ("mov", "pcm_f32be"), ("mov", "pcm_f64le")]
)
def test_divides_a_quiet_start_of_a_file_in_the_scale_of_integers(
    container: str, codec: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # Dither of one 16-bit step would otherwise be read as full scale.
    dither = np.tile(np.array([1.0, -1.0], np.float32), RATE_HZ)
    samples = np.concatenate([dither, steps(2) * 32_768]).astype(np.float32)
    path = tmp_path / "x"
    write_with_pyav(
        path, samples[:, None], RATE_HZ, codec=codec, layout="mono", container=container
    )
    np.testing.assert_allclose(read_sound(str(path)), samples / 32_768, rtol=1e-6)
    assert len(warnings_of(caplog)) == 1


def test_does_not_change_quiet_floats_with_ffmpeg(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "x.mka"
    write_with_pyav(
        path, QUIET[:, None], RATE_HZ, codec="pcm_f32le", layout="mono", container="matroska"
    )
    assert np.array_equal(read_sound(str(path)), QUIET)
    assert warnings_of(caplog) == []


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_rejects_nan_and_infinity_in_the_scale_of_integers(value: float, tmp_path: Path) -> None:
    samples = steps(3) * 32_768
    samples[20_000] = value
    path = tmp_path / "x.wav"
    soundfile.write(path, samples, RATE_HZ, subtype="FLOAT")
    assert "NaN or infinite" in refusal(path)
