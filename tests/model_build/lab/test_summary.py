from pathlib import Path

import pytest

from model_build.__main__ import main
from tests.model_build.lab.data.test_recordings import folders

NETWORK = """\
name: one
data: {{layout: folders, path: "{path}", test_path: "{test}"}}
model: {{kind: mel-cnn}}
validation: {{folds: 2}}
"""


def written(folder: Path) -> Path:
    train = folders(folder / "train", "kick/1.wav", "kick/2.wav", "snare/1.wav", "None/1.wav")
    test = folders(folder / "test", "kick/3.wav", "sanre/1.wav")
    file = folder / "one.yaml"
    file.write_text(NETWORK.format(path=train, test=test), encoding="utf-8")
    return file


def test_check_counts_classes_and_left_out_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lab", "check", str(written(tmp_path))]) == 0
    shown = capsys.readouterr().out
    assert "data: 3 recordings, 2 for the test" in shown
    assert "classes: kick: 2, snare: 1" in shown
    assert "left out: ignored: 1" in shown
    assert "198 frames of 64 values in each 2 s" in shown
    assert "note: classes with fewer recordings than the 2 folds" in shown
    assert "note: no test figure" in shown
    assert "is it 'snare'?" in shown


def test_check_shows_what_else_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path)
    start = file.read_text(encoding="utf-8") + "pruning: {kind: channels, share: 0.25}\n"
    file.write_text(start + "search: {space: {model.filters: [[8], [16]]}}\n", encoding="utf-8")
    assert main(["lab", "check", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "pruning: 25% by channels" in shown
    assert "search: random, over model.filters" in shown
    file.write_text(start + "ablate: {pruning itself: {remove: [pruning]}}\n", encoding="utf-8")
    assert main(["lab", "check", str(file)]) == 0
    assert "ablation: pruning itself" in capsys.readouterr().out


def test_check_reports_the_errors_of_all_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = written(tmp_path)
    bad, gone = tmp_path / "bad.yaml", tmp_path / "gone.yaml"
    bad.write_text("name: bad\n", encoding="utf-8")
    gone.write_text(NETWORK.format(path="/nowhere", test=""), encoding="utf-8")
    assert main(["lab", "check", str(good), str(bad), str(gone)]) == 2
    shown = capsys.readouterr()
    assert "model: mel-cnn" in shown.out
    assert "bad.yaml" in shown.err
    assert "/nowhere: there is no such folder; correct the path" in shown.err


def table(folder: Path, keys: str, validation: str) -> str:
    sounds = folders(folder, *(f"{player}_{n}.wav" for player in "ab" for n in range(4)))
    rows = [f"{player}_{n}.wav,{'2;10' if n % 2 else '2'}" for player in "ab" for n in range(4)]
    (sounds / "t.csv").write_text("\n".join(["file,class", *rows]), encoding="utf-8")
    (folder / "one.yaml").write_text(
        f"name: one\ndata: {{layout: table, path: '{sounds / 't.csv'}', file_column: file, "
        f"label_columns: [class], {keys}}}\nmodel: {{kind: forest}}\nvalidation: {validation}\n",
        encoding="utf-8",
    )
    return str(folder / "one.yaml")


def test_check_refuses_more_folds_than_groups(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = "group_pattern: '^([ab])_'"
    two = table(tmp_path, keys, "{strategy: group-k-fold, folds: 2}")
    assert main(["lab", "check", two]) == 0
    assert "data: 8 recordings in 2 groups, 0 for the test" in capsys.readouterr().out
    three = table(tmp_path, keys, "{strategy: group-k-fold, folds: 3}")
    assert main(["lab", "check", three]) == 2
    assert "3 folds need as many groups; there are 2; use fewer folds" in capsys.readouterr().err


def test_check_refuses_a_group_pattern_that_matches_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = table(tmp_path, "group_pattern: '^(x)'", "{strategy: group-k-fold, folds: 2}")
    assert main(["lab", "check", file]) == 2
    assert "group-k-fold needs groups" in capsys.readouterr().err


def test_check_notes_labels_that_look_like_several(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    note = "note: the class '2;10' contains ';'; if these are several classes, set data.multi_label"
    assert main(["lab", "check", table(tmp_path, "multi_label: false", "{folds: 2}")]) == 0
    assert note in capsys.readouterr().out
    assert main(["lab", "check", table(tmp_path, "multi_label: true", "{folds: 2}")]) == 0
    assert "contains" not in capsys.readouterr().out


def test_data_can_be_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path)
    other = folders(tmp_path / "other", "a/1.wav", "b/1.wav")
    assert main(["lab", "check", str(file), "--data", str(other), "--test-data", str(other)]) == 0
    assert "classes: a: 1, b: 1" in capsys.readouterr().out


def test_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "schema"]) == 0
    assert '"Experiment"' in capsys.readouterr().out
