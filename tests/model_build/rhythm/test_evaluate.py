import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.errors import InputError
from model_build.rhythm.evaluate import rhythm_rows, table
from model_build.rhythm.practice_set import in_room, recordings, without_music
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
        ("audio/clicks.flac", "tempo;beats", truth, "us"),
        ("audio/swell.flac", "dynamics", "truth/swell.dynamics.csv", "us too"),
        ("audio/none.flac", "key", "truth/none.key.csv", "others"),
    ]
    names = ("path", "kind", "truth", "source")
    write_rows(folder / "manifest.csv", [dict(zip(names, row, strict=True)) for row in recorded])
    return folder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three negatives of noise in each split."""
    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(1)
    rows = []
    for number, split in enumerate(("dev", "train") * 3):
        path = f"noise-{number}.flac"
        soundfile.write(folder / path, rng.normal(0.0, 0.05, 4 * RATE_HZ), RATE_HZ)
        names = ("accepts", "source", "group", "origin", "licence", "redistributable", "doubt")
        row = {"path": path, "kind": "negative", "split": split, "label": "noise"}
        rows.append(row | dict.fromkeys(names, ""))
    write_rows(folder / "manifest.csv", rows)
    return folder


def test_reads_recordings_with_their_truth(practice: Path) -> None:
    ticking, swelling = recordings(practice, [])
    assert ticking.bpm == 100.0
    assert len(ticking.beats_seconds) == 21
    assert (ticking.source, swelling.source) == ("us", "us too")
    assert [swell.label for swell in swelling.swells] == ["crescendo", "decrescendo"]


def test_rooms_are_the_same_in_every_run(practice: Path) -> None:
    noises = [np.random.default_rng(2).normal(0.0, 0.1, RATE_HZ).astype(np.float32)]
    first, again = (next(iter(recordings(practice, noises))).samples for _ in range(2))
    assert first.tobytes() == again.tobytes()
    rms_db = 10 * np.log10(np.mean(np.square(first)))
    assert rms_db == pytest.approx(-32.0, abs=0.5)
    heard = in_room(first, noises, np.random.default_rng(3))
    assert heard.shape == first.shape


def test_rows_say_what_was_measured(practice: Path, corpus: Path) -> None:
    rows = {row.figure: row for row in rhythm_rows(practice, corpus, rooms=False)}
    assert rows["tempo, best guess"].value == 1.0
    assert rows["tempo, 30 s, best guess, octaves allowed"].value == 1.0
    assert rows["beats, F"].value == pytest.approx(1.0, abs=0.06)
    assert rows["tempo, librosa, octaves allowed"].value == 1.0
    assert rows["marked swells found"].value == 1.0
    assert rows["swells said per marked"].value == 1.0
    assert rows["no music, but a tempo"].value == 0.0
    assert len(list(table(list(rows.values())))) == len(rows)


def test_sound_without_music_is_four_clips_long(corpus: Path) -> None:
    (joined,) = without_music(corpus, "train")
    assert len(joined) == 3 * 4 * RATE_HZ


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="TIMBREL_PRACTICE"):
        list(recordings(tmp_path, []))
