"""The figures of the field's progressions, as if they were annotated recordings."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from daemon.errors import InputError
from model_build.chords.evaluate import KRUMHANSL, harmony_rows, triads
from model_build.practice.joined_negatives import joined_negatives, negative_files
from model_build.practice.practice_set import read_practice
from model_build.practice.row import OURS, Row, table_text
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
    rows = ["path,split,kind,source,polyphonic,truth"]
    for name, key in TRUTH.items():
        shutil.copy(FIELD / f"{name}.flac", folder)
        shutil.copy(FIELD / f"{name}.chords.csv", folder)
        (folder / f"{name}.key.csv").write_text(f"tonic,mode\n{key}\n")
        truth = ";".join(f"{name}.{kind}.csv" for kind in ("key", "chords", "notes"))
        rows.append(f"{name}.flac,dev,key;chords;notes,bach10,1,{truth}")
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


def values_of(rows: list[Row]) -> dict[tuple[str, str], float]:
    return {(row.figure, row.program): row.estimate.value for row in rows}


def test_known_recordings_have_known_figures(tmp_path: Path) -> None:
    corpus, practice = made_negatives(tmp_path / "corpus"), made_practice(tmp_path / "practice")
    recordings = read_practice(practice)
    rows = harmony_rows(recordings, [], joined_negatives(corpus))
    values = values_of(rows)
    for figure in ("key: weighted", "key: exact", "key, last 30 s: exact", "key: shown"):
        assert values[figure, OURS] == 1.0
    assert values["key: weighted, unknown as wrong", OURS] == 1.0
    assert values["chords: majmin", OURS] > 0.85
    assert values["chords of real triads", OURS] > 0.85
    assert values["negatives that get a key", OURS] == 0.0
    assert values["negatives: share of time with a chord", OURS] < 0.05
    assert 0.0 <= values["key: weighted", KRUMHANSL] <= 1.0
    counts = {row.figure: row.estimate.n for row in rows}
    assert (counts["key: shown"], counts["negatives that get a key"]) == (2, 12)
    assert "key: shown" in table_text(rows)
    in_rooms = values_of(harmony_rows(recordings, negative_files(corpus, "noise"), []))
    assert in_rooms["key: weighted", OURS] > 0.0
    assert ("negatives that get a key", OURS) not in in_rooms


def test_triads_are_read_from_the_notes(tmp_path: Path) -> None:
    first, second = read_practice(made_practice(tmp_path / "practice"))
    assert first.cluster == "bach10"
    times, classes = triads(first)
    middle = np.abs(times - 1.0).argmin()
    assert classes[middle] == 0
    assert set(classes[times < 3.0]) <= {0, 21}
    assert 3 in triads(second)[1]


def test_negatives_are_the_same_each_time_and_joined(tmp_path: Path) -> None:
    corpus = made_negatives(tmp_path / "corpus")
    clips = joined_negatives(corpus)
    assert len(clips) == 12
    assert all(len(clip.read()) == 4 * 32_000 for clip in clips)
    assert clips == joined_negatives(corpus)


def test_halves_of_the_negatives_share_no_recording(tmp_path: Path) -> None:
    corpus = made_negatives(tmp_path / "corpus")
    halves = [set(negative_files(corpus, "noise", "dev", half)) for half in (0, 1)]
    assert len(halves[0]) == len(halves[1]) == 8
    assert not halves[0] & halves[1]
    with pytest.raises(InputError, match="no noise among the negatives of train"):
        negative_files(corpus, "noise", "train")
