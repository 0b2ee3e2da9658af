"""`timbrel practice` on real files, with a note model that hears harmonic tones."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from daemon.commands.practice.practice import Choices, practice
from daemon.configuration.settings import ModelSettings, Settings
from daemon.errors import InputError
from tests.daemon.practice.note_model_by_hand import NOTE_MODEL
from tests.daemon.practice.voices import Samples, scale, silence

SETTINGS = Settings(model=ModelSettings(notes_file=str(NOTE_MODEL)))
SCALE = np.concatenate([silence(0.5), scale((60, 62, 64, 65, 67, 69, 71, 74), 0.5, 0.0)])
KEYS = {
    *("file", "seconds", "a4_hz", "in_tune", "median_cents", "tempo_bpm", "tempo_stability"),
    *("beats", "key", "key_confidence", "chords", "dynamics", "dynamic_range_db", "range"),
    *("genre", "legato", "tuning_drift_cents", "notes"),
}

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def file(tmp_path: Path) -> str:
    return write(tmp_path / "scale.flac", SCALE)


def write(path: Path, sound: Samples) -> str:
    soundfile.write(path, sound, 16_000)
    return str(path)


def objects(captured: Capture) -> list[Any]:
    return [json.loads(line) for line in captured.readouterr().out.splitlines()]


def test_prints_an_object_with_the_right_values(file: str, capsys: Capture) -> None:
    assert practice(SETTINGS, [file], Choices(as_json=True)) == 0
    (found,) = objects(capsys)
    assert found.keys() == KEYS
    assert (found["file"], found["seconds"]) == (file, 4.5)
    assert found["a4_hz"] == pytest.approx(440.0, abs=0.3)
    assert (found["in_tune"], found["legato"], found["range"]) == (1.0, 1.0, ["C4", "D5"])
    assert found["key"] == "C major"
    assert 0.5 <= found["key_confidence"] <= 1.0
    assert found["chords"][-1][1] == pytest.approx(4.5, abs=0.01)
    assert [note["midi"] for note in found["notes"]] == [60, 62, 64, 65, 67, 69, 71, 74]
    assert found["notes"][0] == {
        "onset": pytest.approx(0.5, abs=0.05),
        "offset": pytest.approx(1.0, abs=0.1),
        "midi": 60,
        "cents": pytest.approx(0.0, abs=1.0),
        "loudness": pytest.approx(-12.0, abs=2.0),
        "vibrato_hz": None,
        "vibrato_cents": None,
    }


def test_beats_are_null_exactly_if_the_tempo_is(tmp_path: Path, capsys: Capture) -> None:
    steady = write(tmp_path / "steady.wav", scale(4 * (60, 62, 64, 65, 67), 0.3, 0.2))
    quiet = write(tmp_path / "silence.wav", silence(6.0))
    assert practice(SETTINGS, [steady, quiet], Choices(as_json=True)) == 0
    with_tempo, without = objects(capsys)
    assert with_tempo["tempo_bpm"] == pytest.approx(120.0, abs=1.0)
    gaps = np.diff(with_tempo["beats"])
    assert 60.0 / np.median(gaps) == pytest.approx(with_tempo["tempo_bpm"], rel=0.04)
    assert (without["tempo_bpm"], without["beats"]) == (None, None)


def test_curves_add_the_pitch_every_ten_milliseconds(file: str, capsys: Capture) -> None:
    assert practice(SETTINGS, [file], Choices(as_json=True, curves=True)) == 0
    (found,) = objects(capsys)
    curve = found["pitch"]
    assert [at for at, _ in curve[:3]] == [0.0, 0.01, 0.02]
    assert curve[20][1] is None
    assert curve[75][1] == pytest.approx(261.63, abs=0.8)
    assert len(curve) == pytest.approx(450, abs=6)


def test_names_and_cents_follow_the_reference(file: str, capsys: Capture) -> None:
    assert practice(SETTINGS, [file], Choices(as_json=True, a4_hz=415.0)) == 0
    (found,) = objects(capsys)
    assert (found["key"], found["range"]) == ("Db major", ["Db4", "Eb5"])
    assert found["median_cents"] == pytest.approx(1.3, abs=1.0)
    assert found["a4_hz"] == pytest.approx(440.0, abs=0.3)


def test_a_bad_file_is_reported_and_the_others_go_on(
    file: str, tmp_path: Path, capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"")
    infinite = write_float(tmp_path / "nan.wav")
    assert practice(SETTINGS, [str(broken), infinite, file], Choices(as_json=True)) == 2
    assert [found["file"] for found in objects(capsys)] == [file]
    assert len(caplog.records) == 2
    assert "nan.wav: contains NaN or infinite samples" in caplog.text


def write_float(path: Path) -> str:
    sound = SCALE.copy()
    sound[100] = np.nan
    soundfile.write(path, sound, 16_000, subtype="FLOAT")
    return str(path)


def test_page_shows_figures_piano_roll_and_histogram(file: str, capsys: Capture) -> None:
    assert practice(SETTINGS, [file], Choices()) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{file}  0:04.5"
    text = "\n".join(lines)
    assert re.search(r"tuning +A4 = 440.\d Hz, 100 % of the time in tune with it", text)
    assert re.search(r"notes +8, C4 to D5, 100 % legato", text)
    rows = {line.split()[0]: line for line in lines if "│" in line}
    # Eight notes of equal length, one after the other.
    assert rows["C4"].index("█") < rows["E4"].index("█") < rows["D5"].index("█")
    assert "█" not in rows["C#4"]
    assert "█" in rows["+0"]
    assert all(len(line) <= 79 for line in lines[1:])


def test_silence_is_unknown_in_words(tmp_path: Path, capsys: Capture) -> None:
    assert practice(SETTINGS, [write(tmp_path / "silence.wav", silence(3.0))], Choices()) == 0
    text = capsys.readouterr().out
    assert "tempo     unknown: no steady beat" in text
    assert "tuning    A4 unknown" in text
    assert "notes     none" in text
    assert "dynamics  unknown: silence" in text


def test_html_is_one_file_that_loads_nothing(file: str, tmp_path: Path, capsys: Capture) -> None:
    page = tmp_path / "practice.html"
    odd = write(tmp_path / "<script>x.wav", SCALE)
    assert practice(SETTINGS, [file, odd], Choices(html=page)) == 0
    assert capsys.readouterr().out == ""
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"https?:|src=|href=|<script|@import|url\(", text)
    assert "default-src 'none'" in text
    assert text.count("<svg") in {4, 6}  # with a tempo curve or without
    assert text.count("<title>C4 +0 cents") + text.count("<title>C4 -0 cents") == 2
    assert "&lt;script&gt;x.wav" in text


def test_curves_need_json(file: str) -> None:
    with pytest.raises(InputError, match="--curves is for the objects of --json"):
        practice(SETTINGS, [file], Choices(curves=True))


def test_without_a_note_model_notes_are_unknown(
    file: str, capsys: Capture, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "daemon.practice.notes.built_in.BUILT_IN_NOTE_MODEL", Path("/nonexistent.tflite")
    )
    assert practice(Settings(), [file], Choices(as_json=True)) == 0
    (found,) = objects(capsys)
    assert (found["notes"], found["range"], found["in_tune"]) == (None, None, None)
    assert found["a4_hz"] == pytest.approx(440.0, abs=0.3)
    assert "set model.notes_file" in caplog.text


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("notes_file", "its task is 'families', but a note model"),
        ("genre_file", "its task is 'families', but a genre model"),
    ],
)
def test_refuses_a_model_of_another_task(file: str, setting: str, message: str) -> None:
    from daemon.hearing.classifier import BUILT_IN_MODEL

    other = Settings(model=ModelSettings(**{setting: str(BUILT_IN_MODEL)}))
    with pytest.raises(InputError, match=message):
        practice(other, [file], Choices())
