"""The figures of the field's progressions, as if they were annotated recordings."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from daemon.errors import InputError
from model_build.chords.evaluate import Row, harmony_rows, negative_sounds, table, triads
from model_build.chords.negatives import negative_paths
from model_build.chords.recordings import read_recordings
from tests.model_build.conftest import add_clip, write_manifest

FIELD = Path(__file__).parents[2] / "daemon" / "practice" / "field"
TRUTH = {"key-c-major": "C,major", "key-eb-major": "D#,major"}


def made_negatives(folder: Path) -> Path:
    """Sixteen noises of each label: enough for four joined clips."""
    folder.mkdir()
    rng, rows = np.random.default_rng(1), list[dict[str, str]]()
    for label in ("speech", "noise", "other"):
        for number in range(16):
            sound = (0.05 * rng.standard_normal(32_000)).astype(np.float32)
            columns = {"kind": "negative", "label": label, "split": "dev", "source": label}
            add_clip(rows, folder, sound, group=f"{label}-{number}", **columns)
    write_manifest(folder, rows)
    return folder


def made_practice(folder: Path) -> Path:
    """The field's progressions with key, chords, and the notes of their triads."""
    folder.mkdir()
    rows = ["path,kind,source,polyphonic,truth"]
    for name, key in TRUTH.items():
        shutil.copy(FIELD / f"{name}.flac", folder)
        shutil.copy(FIELD / f"{name}.chords.csv", folder)
        (folder / f"{name}.key.csv").write_text(f"tonic,mode\n{key}\n")
        truth = ";".join(f"{name}.{kind}.csv" for kind in ("key", "chords", "notes"))
        rows.append(f"{name}.flac,key;chords;notes,bach10,1,{truth}")
        with (folder / f"{name}.chords.csv").open() as file:
            chords = list(csv.reader(file))[1:]
        notes = ["onset_s,offset_s,pitch_midi"]
        for start, end, label in chords:
            root = {"C": 0, "Eb": 3, "F": 5, "G": 7, "Ab": 8, "A": 9, "Bb": 10}[label.split(":")[0]]
            third = 4 if label.endswith("maj") else 3
            notes += [f"{start},{end},{60 + root + step}" for step in (0, third, 7)]
        (folder / f"{name}.notes.csv").write_text("\n".join(notes) + "\n")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder


def by_figure(rows: list[Row]) -> dict[str, Row]:
    return {row.figure: row for row in rows}


@pytest.mark.timeout(300)
def test_known_recordings_have_known_figures(tmp_path: Path) -> None:
    corpus, practice = made_negatives(tmp_path / "corpus"), made_practice(tmp_path / "practice")
    rows = by_figure(harmony_rows(practice, corpus, rooms=False))
    for figure in ("key: weighted", "key: exact", "key, last 30 s: exact", "key: shown"):
        assert rows[figure].value == 1.0
        assert (rows[figure].n, rows[figure].sources) == (2, 1)
    assert rows["key: weighted, unknown as wrong"].value == 1.0
    assert rows["chords: majmin"].value > 0.85
    assert rows["chords of real triads"].value > 0.85
    assert rows["negatives with a key"].n == 12
    assert rows["negatives with a key"].value == 0.0
    assert rows["negatives: share of time with a chord"].value < 0.05
    assert 0.0 <= rows["key, librosa with Krumhansl: weighted"].value <= 1.0
    assert "key: shown" in table(list(rows.values()))
    in_rooms = by_figure(harmony_rows(practice, corpus, rooms=True))
    assert in_rooms["key: weighted"].value > 0.0
    assert "negatives with a key" not in in_rooms


def test_triads_are_read_from_the_notes(tmp_path: Path) -> None:
    first, second = read_recordings(made_practice(tmp_path / "practice"))
    assert first.cluster == "bach10"
    times, classes = triads(first)
    middle = np.abs(times - 1.0).argmin()
    assert classes[middle] == 0
    assert set(classes[times < 3.0]) <= {0, 21}
    assert 3 in triads(second)[1]


def test_negatives_are_the_same_each_time_and_joined(tmp_path: Path) -> None:
    corpus = made_negatives(tmp_path / "corpus")
    first, second = list(negative_sounds(corpus)), list(negative_sounds(corpus))
    assert len(first) == 12
    assert all(len(sound) == 4 * 32_000 for sound in first)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_halves_of_the_negatives_share_no_recording(tmp_path: Path) -> None:
    corpus = made_negatives(tmp_path / "corpus")
    halves = [set(negative_paths(corpus, "dev", "noise", half)) for half in (0, 1)]
    assert len(halves[0]) == len(halves[1]) == 8
    assert not halves[0] & halves[1]
    with pytest.raises(InputError, match="no noise among the negatives of train"):
        negative_paths(corpus, "train", "noise")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--practice DIR or TIMBREL_PRACTICE"):
        read_recordings(tmp_path / "nowhere")
