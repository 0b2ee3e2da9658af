"""Notes are rendered in tune and in time."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from model_build.rendering.midi_file import Note, Part
from model_build.rendering.soundfont import FLUID_R3, SAMPLE_RATE_HZ, render, render_parts

needs_fluidsynth = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not FLUID_R3.is_file(),
    reason="needs the Debian packages fluidsynth and fluid-soundfont-gm",
)
A4 = Note(start_seconds=0.0, seconds=1.0, pitch_midi=69, velocity=100)
HARPSICHORD, ORGAN, FLUTE = 6, 19, 73


def spectral_peak_hz(samples: NDArray[np.float32]) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    return float(np.argmax(spectrum)) * SAMPLE_RATE_HZ / samples.size


def rms(samples: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def test_error_without_fluidsynth_names_the_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="apt install fluidsynth"):
        render([A4], FLUTE)


@needs_fluidsynth
def test_error_without_soundfont_names_the_package(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="apt install fluid-soundfont-gm"):
        render([A4], FLUTE, soundfont=tmp_path / "absent.sf2")


@needs_fluidsynth
def test_rejects_file_that_is_not_a_soundfont(tmp_path: Path) -> None:
    other = tmp_path / "other.sf2"
    other.write_bytes(b"RIFF\x00\x00\x00\x00WAVE")
    with pytest.raises(ValueError, match="not a soundfont"):
        render([A4], FLUTE, soundfont=other)


@needs_fluidsynth
def test_full_temporary_disk_raises_instead_of_returning_partial_sound(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    with pytest.raises(OSError, match="no room for temporary files"):
        render([A4._replace(seconds=10.0)], FLUTE)


@needs_fluidsynth
def test_a4_has_440_hz_and_a5_880_hz() -> None:
    for pitch_midi, hz in ((69, 440.0), (81, 880.0)):
        samples = render([A4._replace(pitch_midi=pitch_midi)], FLUTE)
        assert spectral_peak_hz(samples[:SAMPLE_RATE_HZ]) == pytest.approx(hz, rel=0.01)


@needs_fluidsynth
def test_note_keeps_its_time_and_two_seconds_follow() -> None:
    samples = render([A4._replace(start_seconds=0.5)], HARPSICHORD)
    assert samples.dtype == np.float32
    assert samples.shape == (round(3.5 * SAMPLE_RATE_HZ),)
    (loud,) = np.nonzero(np.abs(samples) > 0.1 * np.abs(samples).max())
    assert loud[0] / SAMPLE_RATE_HZ == pytest.approx(0.5, abs=0.01)
    assert rms(samples[-SAMPLE_RATE_HZ:]) < 0.001 * rms(samples)


@needs_fluidsynth
def test_velocity_sets_loudness_and_rendering_is_repeatable() -> None:
    soft, loud, again = (
        render([A4._replace(velocity=velocity)], ORGAN) for velocity in (40, 110, 110)
    )
    assert rms(loud) > 2 * rms(soft)
    np.testing.assert_array_equal(loud, again)


@needs_fluidsynth
def test_drum_channel_plays_drums() -> None:
    notes = [Note(0.0, 0.5, 36, 100)]
    drum, piano = render(notes, 0, drums=True), render(notes, 0)
    assert drum.shape == piano.shape
    # A bass drum decays at once; a low C on a piano sounds while it is held.
    late = slice(SAMPLE_RATE_HZ * 3 // 10, SAMPLE_RATE_HZ // 2)
    assert rms(drum[late]) / rms(drum) < 0.5 * rms(piano[late]) / rms(piano)


def test_parts_sound_together() -> None:
    low, high = [Note(0.0, 1.0, 45, 100)], [Note(0.0, 1.0, 81, 100)]
    apart = render(low, 48) + render(high, 73)
    together = render_parts([Part(low, 48), Part(high, 73)])
    assert together.shape == apart.shape
    assert np.corrcoef(together, apart)[0, 1] > 0.98


@needs_fluidsynth
def test_drums_sound_as_they_do_alone() -> None:
    tune = [Note(0.0, 0.5, 60, 90), Note(0.5, 0.5, 67, 90)]
    beats = [Note(0.25, 0.1, 38, 100), Note(0.75, 0.1, 38, 100)]
    together = render_parts([Part(tune, 0), Part(beats, 0, drums=True)])
    apart = render(tune, 0)
    drums = render(beats, 0, drums=True)
    apart[: drums.size] += drums
    assert together == pytest.approx(apart, abs=0.002)


@needs_fluidsynth
def test_the_volume_changes_one_part() -> None:
    tune = [Note(0.0, 1.0, 60, 90)]
    loud, soft = (render_parts([Part(tune, 0, volume=volume)]) for volume in (100, 50))
    assert 0.1 < np.abs(soft).max() / np.abs(loud).max() < 0.6
