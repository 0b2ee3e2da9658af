import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.errors import InputError
from daemon.sound.sound_file import read_sound
from model_build.corpus.formats.labelled import Example
from model_build.lab.data import sound
from model_build.lab.data.sound import read_example

RATE_HZ = 16_000


def write(file: Path, seconds: float, seed: int = 0) -> None:
    samples = np.random.default_rng(seed).uniform(-0.5, 0.5, round(seconds * RATE_HZ))
    soundfile.write(file, samples, RATE_HZ, subtype="FLOAT")


def test_a_pipe_is_refused_instead_of_read_for_ever(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(InputError, match="a pipe or a device; replace it by a file"):
        read_example(Example("pipe", str(tmp_path / "pipe.wav"), labels=("a",)), RATE_HZ)


def segments(file: Path, count: int) -> list[Example]:
    return [
        Example(str(n), str(file), labels=("a",), start_seconds=float(n), seconds=1.0)
        for n in range(count)
    ]


def test_segments_of_a_recording_are_its_parts_and_decode_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "long.wav"
    write(file, 3.5)
    whole = read_example(Example("whole", str(file), labels=("a",)), RATE_HZ)
    decoded: list[str] = []

    def counted(path: str, rate_hz: int) -> sound.Samples:
        decoded.append(path)
        return read_sound(path, rate_hz)

    monkeypatch.setattr(sound, "read_sound", counted)
    parts = [read_example(one, RATE_HZ) for one in segments(file, 4)]
    assert np.array_equal(np.concatenate(parts), whole)
    assert len(decoded) == 1


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "long.wav"
    write(file, 2.0)
    first = read_example(segments(file, 1)[0], RATE_HZ)
    write(file, 2.5, seed=1)
    assert not np.array_equal(read_example(segments(file, 1)[0], RATE_HZ), first)


def test_a_segment_after_the_end_of_its_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "short.wav"
    write(file, 1.0)
    with pytest.raises(InputError, match="ends before 1 s"):
        read_example(segments(file, 2)[1], RATE_HZ)
