"""The evaluation on recordings that are made here, so that the right figures are known."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from model_build.corpus.clips import Clip
from model_build.corpus.manifest import write_manifest
from model_build.pitch.evaluate import PYIN, pitch_rows
from model_build.practice.joined_negatives import joined_negatives, negative_files
from model_build.practice.practice_set import read_practice
from model_build.practice.row import OURS, table_text
from tests.daemon.practice.voices import Samples, hertz, scale, silence, tone

MIDIS = (60, 64, 67, 72)
A4_HZ = 443.0


def write(path: Path, sound: Samples) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, 16_000)


@pytest.fixture
def practice(tmp_path: Path) -> Path:
    """A folder with one recording of known pitch and one of known tuning."""
    folder = tmp_path / "practice"
    parts = [silence(0.5)]
    for midi in MIDIS:
        parts += [tone(hertz(midi), 0.6), silence(0.3)]
    write(folder / "audio" / "line.flac", np.concatenate(parts))
    times = np.arange(0.0, 4.0, 0.01)
    hz = np.zeros(len(times))
    for number, midi in enumerate(MIDIS):
        start = 0.5 + 0.9 * number
        hz[(times >= start) & (times < start + 0.6)] = hertz(midi)
    (folder / "truth").mkdir()
    table = np.column_stack([times, hz])
    np.savetxt(folder / "truth" / "line.csv", table, delimiter=",", header="t,hz", comments="")
    cents = 12.0 * np.log2(A4_HZ / 440.0)
    write(folder / "audio" / "scale.flac", scale([midi + cents for midi in (60, 62, 64, 65, 67)]))
    (folder / "truth" / "scale.csv").write_text(f"a4_hz\n{A4_HZ:g}\n")
    (folder / "manifest.csv").write_text(
        "path,split,kind,truth,source,polyphonic\n"
        "audio/line.flac,dev,f0,truth/line.csv,someone,0\n"
        "audio/other.flac,train,f0,truth/other.csv,someone,0\n"
        "audio/scale.flac,dev,tuning,truth/scale.csv,another,0\n"
    )
    return folder


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of negatives: noise, but for one tone that the rooms' noise must not contain."""
    folder = tmp_path / "corpus"
    rng = np.random.default_rng(0)
    rows = []
    for sort in ("speech", "noise", "other"):
        for number in range(8):
            name = f"{sort}/{number}.flac"
            write(folder / name, rng.normal(0.0, 0.05, 16_000).astype(np.float32))
            rows.append({"path": name, "kind": "negative", "split": "dev", "label": sort})
    write(folder / "noise" / "church.flac", tone(440.0, 1.0))
    rows.append({**rows[-1], "path": "noise/church.flac", "label": "noise"})
    columns = {name: "" for name in Clip.__struct_fields__ if name != "families"}
    write_manifest(folder, [{**columns, **row, "redistributable": "1"} for row in rows])
    return folder


@pytest.mark.timeout(400)  # librosa compiles its functions
def test_figures_of_known_sounds_are_right(practice: Path, corpus: Path) -> None:
    rows = pitch_rows(read_practice(practice), [], joined_negatives(corpus), workers=1)
    figures = {(row.figure, row.program): row.estimate.value for row in rows}
    assert figures["pitch: raw accuracy", OURS] > 0.97
    assert figures["pitch: overall accuracy", OURS] > 0.92
    assert figures["pitch: false voicing", OURS] < 0.1
    assert figures["pitch: raw accuracy", PYIN] > 0.97
    assert figures["A4: mean error, cents", OURS] < 1.0
    assert figures["A4: within 5 cents", OURS] == 1.0
    assert figures["A4: said to be unknown", OURS] == 0.0
    assert figures["negatives that get an A4", OURS] == 0.0
    assert [row.estimate.n for row in rows if "negatives" in row.figure] == [6]
    assert table_text(rows).startswith("pitch: raw accuracy")


@pytest.mark.timeout(400)
def test_rooms_are_harder(practice: Path, corpus: Path) -> None:
    noises = negative_files(corpus, "noise")
    rows = pitch_rows(read_practice(practice), noises, [], workers=1)
    figures = {(row.figure, row.program): row.estimate.value for row in rows}
    assert 0.6 < figures["pitch: overall accuracy", OURS] < 0.99
    assert "negatives that get an A4" not in {row.figure for row in rows}
