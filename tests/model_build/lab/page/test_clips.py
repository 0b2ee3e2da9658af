from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from model_build.corpus.formats.labelled import Example
from model_build.lab.page.clips import spectrogram, write_clips
from tests.model_build.lab.data.test_near_duplicates import melody, write


def written(example: Example, folder: Path) -> tuple[Path, Path, float]:
    (files,) = write_clips([example], folder, workers=1)
    assert files
    return folder / files.sound, folder / files.picture, files.seconds


def test_short_recordings_are_copied(tmp_path: Path) -> None:
    source = write(tmp_path / "a.flac", melody(1))
    sound, picture, seconds = written(Example("a", str(source), ()), tmp_path / "clips")
    assert sound.read_bytes() == source.read_bytes()
    assert seconds == pytest.approx(1.5, abs=0.01)
    with Image.open(picture) as image:
        assert image.size == (148, 96)
    assert picture.stat().st_size < 10_000


def test_segments_and_long_recordings_are_cut(tmp_path: Path) -> None:
    source = write(tmp_path / "long.wav", melody(1, 14.0))
    whole, _, seconds = written(Example("a", str(source), ()), tmp_path / "clips")
    assert soundfile.info(whole).duration == pytest.approx(10.0, abs=0.01)
    assert seconds == 10.0
    segment = Example("a", str(source), (), start_seconds=12.0, seconds=1.0)
    part, _, _ = written(segment, tmp_path / "clips")
    assert soundfile.info(part).duration == pytest.approx(1.0, abs=0.01)


def test_files_are_written_once_for_all_runs(tmp_path: Path) -> None:
    source = write(tmp_path / "a.wav", melody(1))
    example = Example("a", str(source), ())
    sound, _, _ = written(example, tmp_path / "clips")
    before = sound.stat().st_mtime_ns
    assert written(example, tmp_path / "clips")[0].stat().st_mtime_ns == before
    write(source, melody(2))
    assert written(example, tmp_path / "clips")[0] != sound, "another sound has another name"


def test_unusable_recordings_have_no_files(tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_text("<html>")
    missing = Example("a", str(tmp_path / "missing.wav"), ())
    broken = Example("b", str(tmp_path / "broken.wav"), ())
    assert write_clips([missing, broken], tmp_path / "clips", workers=1) == [None, None]


def test_low_bands_are_at_the_bottom() -> None:
    low = np.sin(2 * np.pi * 100 * np.arange(16_000) / 16_000).astype(np.float32)
    rows = spectrogram(low).mean(axis=1)
    assert rows.argmax() > 80
