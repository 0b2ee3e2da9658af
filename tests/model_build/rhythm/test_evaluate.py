import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from model_build.practice.joined_negatives import JoinedNegative
from model_build.practice.practice_set import read_practice
from model_build.practice.row import OURS, table_text
from model_build.rhythm.evaluate import LIBROSA, rhythm_rows
from tests.daemon.practice.test_tempo import clicks

RATE_HZ = 16_000


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clicks at 100 with tempo and beats, and a tone that swells."""
    folder = tmp_path_factory.mktemp("practice")
    beats = np.arange(0.5, 13.0, 0.6)
    seconds = np.arange(6 * RATE_HZ) / RATE_HZ
    swell = 10 ** (np.interp(seconds, [0, 3, 6], [-40, -10, -40]) / 20) * np.sin(1_500 * seconds)
    (folder / "audio").mkdir()
    soundfile.write(folder / "audio/clicks.flac", clicks(list(beats), 13.5), RATE_HZ)
    soundfile.write(folder / "audio/swell.flac", swell, RATE_HZ)
    write_rows(folder / "truth/clicks.tempo.csv", [{"bpm": "100"}])
    write_rows(folder / "truth/clicks.beats.csv", [{"time_s": f"{beat:.3f}"} for beat in beats])
    marked = [("0", "3", "crescendo"), ("3", "6", "decrescendo")]
    columns = ("start_s", "end_s", "label")
    rows = [dict(zip(columns, row, strict=True)) for row in marked]
    write_rows(folder / "truth/swell.dynamics.csv", rows)
    truth = "truth/clicks.tempo.csv;truth/clicks.beats.csv"
    recorded = [
        ("audio/clicks.flac", "tempo;beats", truth, "us", "dev", "0"),
        ("audio/swell.flac", "dynamics", "truth/swell.dynamics.csv", "us too", "dev", "0"),
        ("audio/none.flac", "key", "truth/none.key.csv", "others", "dev", "0"),
    ]
    names = ("path", "kind", "truth", "source", "split", "polyphonic")
    write_rows(folder / "manifest.csv", [dict(zip(names, row, strict=True)) for row in recorded])
    return folder


def test_rows_say_what_was_measured(practice: Path, tmp_path: Path) -> None:
    hiss = tmp_path / "noise.flac"
    soundfile.write(hiss, np.random.default_rng(1).normal(0.0, 0.05, 4 * RATE_HZ), RATE_HZ)
    negatives = [JoinedNegative("noise", (hiss,) * 4)]
    rows = rhythm_rows(read_practice(practice), [], negatives)
    values = {(row.figure, row.program): row.estimate.value for row in rows}
    assert values["tempo, best guess", OURS] == 1.0
    assert values["tempo, 30 s, best guess, octaves allowed", OURS] == 1.0
    assert values["beats, F", OURS] == pytest.approx(1.0, abs=0.06)
    assert values["tempo, best guess, octaves allowed", LIBROSA] == 1.0
    assert values["marked swells found", OURS] == 1.0
    assert values["swells said per marked", OURS] == 1.0
    assert values["negatives that get a tempo", OURS] == 0.0
    assert len(table_text(rows).splitlines()) == len(rows)


def test_rooms_are_harder_for_swells_and_negatives_may_be_left_out(
    practice: Path, tmp_path: Path
) -> None:
    hiss = tmp_path / "noise.flac"
    soundfile.write(hiss, np.random.default_rng(1).normal(0.0, 0.05, 4 * RATE_HZ), RATE_HZ)
    rows = rhythm_rows(read_practice(practice), [hiss], [])
    values = {(row.figure, row.program): row.estimate.value for row in rows}
    assert values["tempo, best guess, octaves allowed", OURS] == 1.0
    assert ("negatives that get a tempo", OURS) not in values
