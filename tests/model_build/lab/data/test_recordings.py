import os
import unicodedata
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from daemon.errors import InputError
from model_build.corpus.formats.labelled import Left
from model_build.lab.data.recordings import read_recordings, why_no_test_figure
from model_build.lab.data.sound import read_example
from model_build.lab.experiment import Data
from tests.model_build.conftest import COLUMNS, write_manifest


def folders(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / name, np.full(4_410, 0.1), 44_100)
    return folder


def test_labels_are_replaced_and_chosen(tmp_path: Path) -> None:
    folders(tmp_path, "kick/ann_1.wav", "bass drum/bob_1.wav", "snare/ann_2.wav", "cat/1.wav")
    found = read_recordings(
        Data(
            layout="folders",
            path=str(tmp_path),
            classes={"bass drum": "kick"},
            only=("kick", "snare"),
            group_pattern=r"/([a-z]+)_",
        )
    )
    assert [(one.labels, one.group) for one in found.examples] == [
        (("kick",), "bob"),
        (("kick",), "ann"),
        (("snare",), "ann"),
    ]
    assert [one.reason for one in found.left] == ["not used"]


def test_the_group_pattern_is_for_the_file_name_before_the_path(tmp_path: Path) -> None:
    folders(tmp_path, "sax, tenor/ann_1.wav", "sax, tenor/bob_1.wav", "off/ann_1.wav")

    def groups(pattern: str) -> list[str]:
        data = Data(layout="folders", path=str(tmp_path), group_pattern=pattern)
        return [one.group for one in read_recordings(data).examples]

    assert groups("^([^_]+)_") == ["ann", "ann", "bob"]
    assert groups("^([^/]+)/") == ["off", "sax, tenor", "sax, tenor"]


def test_the_group_pattern_finds_file_names_of_windows(tmp_path: Path) -> None:
    folders(tmp_path, "off/ann_1.wav", "sax/bob_1.wav")
    (tmp_path / "t.csv").write_text("file,class\noff\\ann_1.wav,off\nsax\\bob_1.wav,sax\n")
    found = read_recordings(
        Data(
            layout="table",
            path=str(tmp_path / "t.csv"),
            file_column="file",
            label_columns=("class",),
            group_pattern="^([a-z]+)_",
        )
    )
    assert [one.group for one in found.examples] == ["ann", "bob"]


def test_accepted_families_are_replaced_like_labels(tmp_path: Path) -> None:
    rows = []
    for name, label, accepts in (("harp", "string", "guitar;string"), ("lute", "guitar", "")):
        (tmp_path / f"{name}.wav").touch()
        row = dict.fromkeys(COLUMNS, "") | {"kind": "phrase", "split": "train", "group": name}
        rows.append(row | {"path": f"{name}.wav", "label": label, "accepts": accepts})
    write_manifest(tmp_path, rows)
    found = read_recordings(
        Data(layout="corpus", path=str(tmp_path), classes={"guitar": "plucked"})
    )
    assert [one.accepted for one in found.examples] == [("plucked", "string"), ()]


def test_a_class_only_in_the_test_table_gives_no_test_figure(tmp_path: Path) -> None:
    train = folders(tmp_path / "train", "Sound_Guitar/1.wav", "Sound_Drum/1.wav")
    test = folders(tmp_path / "test", "Sound_Guiatr/2.wav", "Sound_Drum/2.wav")
    data = Data(layout="folders", path=str(train), test_path=str(test))
    said = why_no_test_figure(read_recordings(data))
    assert "'Sound_Guiatr'" in said
    assert "is it 'Sound_Guitar'? then add it to data.classes" in said
    mapped = Data(
        layout="folders",
        path=str(train),
        test_path=str(test),
        classes={"Sound_Guiatr": "Sound_Guitar"},
    )
    found = read_recordings(mapped)
    assert not why_no_test_figure(found)
    assert sum(one.side == "test" for one in found.examples) == 2


def test_too_few_classes_are_refused(tmp_path: Path) -> None:
    data = Data(layout="folders", path=str(folders(tmp_path, "Kick/1.wav", "None/2.wav")))
    with pytest.raises(InputError, match=r"all .* the class 'Kick'; two .*; left out: ignored: 1"):
        read_recordings(data)


def test_a_class_that_nothing_has_is_refused(tmp_path: Path) -> None:
    folder = str(folders(tmp_path, "a/1.wav", "b/2.wav"))
    with pytest.raises(InputError, match=r"has the class .c.; correct data\.only"):
        read_recordings(Data(layout="folders", path=folder, only=("a", "b", "c")))


def test_sound_is_read_at_any_rate(tmp_path: Path) -> None:
    folder = str(folders(tmp_path, "a/1.wav", "b/2.wav"))
    example = read_recordings(Data(layout="folders", path=folder)).examples[0]
    assert len(read_example(example, 44_100)) == 4_410
    assert len(read_example(example, 22_050)) == pytest.approx(2_205, abs=1)


def test_classes_and_groups_are_the_same_in_any_unicode_normalisation(tmp_path: Path) -> None:
    composed, decomposed = "Äolsharfe", unicodedata.normalize("NFD", "Äolsharfe")
    folders(tmp_path, f"{composed}/{composed}_1.wav", f"{decomposed}/{decomposed}_2.wav", "b/3.wav")
    data = Data(
        layout="folders",
        path=str(tmp_path),
        group_pattern="/(.*)_",
        classes={decomposed: decomposed, "b": "Glocke"},
        only=(decomposed, "Glocke"),
    )
    found = read_recordings(data)
    assert found.classes == ("Glocke", composed)
    assert {one.group for one in found.examples} == {composed, ""}


def test_files_whose_names_are_not_utf_8_are_left_out_and_counted(tmp_path: Path) -> None:
    folders(tmp_path, "kick/1.wav", "snare/1.wav")
    (tmp_path / "kick/1.wav").rename(tmp_path / "kick" / os.fsdecode(b"tr\xf6te.wav"))
    folders(tmp_path, "kick/2.wav")
    found = read_recordings(Data(layout="folders", path=str(tmp_path)))
    assert [one.name for one in found.examples] == ["kick/2.wav", "snare/1.wav"]
    assert found.left == [Left("kick/tr\\xf6te.wav", "name not in UTF-8")]


def test_a_class_with_the_separator_of_a_runs_tables_is_refused(tmp_path: Path) -> None:
    folders(tmp_path, "a;b/1.wav", "c/1.wav")
    data = Data(layout="folders", path=str(tmp_path))
    assert read_recordings(data).classes == ("a;b", "c")
    with pytest.raises(InputError, match=r"the class 'a;b' contains ';'.* rename it"):
        read_recordings(msgspec.structs.replace(data, multi_label=True))
