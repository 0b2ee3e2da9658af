import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.errors import InputError
from model_build.corpus.formats.labelled import Labelled
from model_build.corpus.formats.table import read_label_table
from model_build.lab.data.sound import without_broken

AWKWARD = Path(__file__).parent / "awkward-table"


def awkward(encoding: str) -> Labelled:
    return read_label_table(
        AWKWARD / f"labels-{encoding}.csv",
        AWKWARD / "audio",
        file_column="Datei",
        label_columns=["Klasse"],
    )


def sounds(folder: Path, *names: str) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, np.full(800, 0.1), 16_000)
    return folder


@pytest.mark.parametrize("encoding", ["utf8-bom", "cp1252", "utf16"])
def test_awkward_table_has_the_same_rows_in_every_encoding(encoding: str) -> None:
    found = without_broken(awkward(encoding), workers=1)
    assert Counter(one.labels[0] for one in found.examples) == {
        "Kick": 3,
        "Snare": 2,
        "Hi-Hat": 1,
        "808": 2,
        "NA": 1,
        "Glocke": 1,
    }
    reasons = Counter(one.reason for one in found.left)
    assert reasons == {
        "broken": 3,
        "missing": 1,
        "repeated": 1,
        "contradiction": 1,
        "without a class": 1,
    }
    contradiction = next(one for one in found.left if one.reason == "contradiction")
    assert contradiction.name == "both.wav"
    assert contradiction.detail == "Hi-Hat and Snare"


def test_none_and_ignored_are_no_classes(tmp_path: Path) -> None:
    sounds(tmp_path, "a.wav", "b.wav", "c.wav")
    table = tmp_path / "labels.csv"
    table.write_text(",FileName,Class\n0,a.wav,Kick\n1,b.wav,None\n2,c.wav,Ignored\n")
    found = read_label_table(
        table,
        None,
        file_column="FileName",
        label_columns=["Class"],
        ignored=("None", "Ignored"),
    )
    assert found.classes == ("Kick",)
    assert [one.reason for one in found.left] == ["ignored", "ignored"]


def test_reads_several_labels_folds_and_groups(tmp_path: Path) -> None:
    sounds(tmp_path, "x/a.wav", "x/b.wav")
    table = tmp_path / "labels.tsv"
    table.write_text("file\tlabels\tfold\twho\na.wav\tKick; Snare\t2\tAnn\nb.wav\t\t1\tBob\n")
    found = read_label_table(
        table,
        tmp_path / "x",
        file_column="file",
        label_columns=["labels"],
        separator=";",
        fold_column="fold",
        group_column="who",
        several=True,
    )
    first, second = found.examples
    assert (first.labels, first.fold, first.group) == (("Kick", "Snare"), "2", "Ann")
    assert (second.labels, second.fold, second.group) == ((), "1", "Bob")


def test_empty_cells_of_class_columns_are_unknown(tmp_path: Path) -> None:
    sounds(tmp_path, "a.wav")
    table = tmp_path / "labels.csv"
    table.write_text("file,Kick,Snare,Hat\na.wav,1,,0\n")
    columns = ["Kick", "Snare", "Hat"]
    found = read_label_table(table, None, file_column="file", label_columns=columns, several=True)
    assert found.examples[0].labels == ("Kick",)
    assert found.examples[0].unknown == ("Snare",)
    table.write_text("file,Kick,Snare,Hat\na.wav,1,maybe,0\n")
    with pytest.raises(InputError, match="row 2: Snare is 'maybe'; write 0, 1 or nothing"):
        read_label_table(table, None, file_column="file", label_columns=columns, several=True)


def test_names_the_columns_that_a_table_has(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("FileName;Class\na.wav;Kick\n")
    with pytest.raises(InputError, match="no column Label; its columns are FileName, Class"):
        read_label_table(table, None, file_column="FileName", label_columns=["Label"])


def test_columns_without_a_name_are_called_as_in_pandas(tmp_path: Path) -> None:
    sounds(tmp_path, "a.wav")
    table = tmp_path / "labels.csv"
    table.write_text(",FileName,Class\n7,a.wav,Kick\n")
    found = read_label_table(
        table, None, file_column="FileName", label_columns=["Class"], group_column="Unnamed: 0"
    )
    assert [one.group for one in found.examples] == ["7"]


@pytest.mark.parametrize("rest", ["b.wav,Kick\n" * 3, "b.wav,Kick\n" * 20_000])
def test_a_quotation_mark_that_is_not_closed_hides_no_rows(tmp_path: Path, rest: str) -> None:
    table = tmp_path / "labels.csv"
    table.write_text(f'FileName,Class\na.wav,"Kick\n{rest}')
    with pytest.raises(InputError, match=r"labels\.csv, row 2, line 2: a quote is not closed"):
        read_label_table(table, None, file_column="FileName", label_columns=["Class"])


def test_reads_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="needs the extra `lab`")
    from pyarrow import parquet

    sounds(tmp_path, "a.wav", "b.wav")
    table = tmp_path / "labels.pq"
    rows = {"file": ["a.wav", "b.wav"], "class": ["Kick", None], "fold": [1.0, 2.0]}
    parquet.write_table(pyarrow.table(rows), table)
    found = read_label_table(
        table, None, file_column="file", label_columns=["class"], fold_column="fold"
    )
    assert [(one.labels, one.fold) for one in found.examples] == [(("Kick",), "1")]
    assert [one.reason for one in found.left] == ["without a class"]


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs the extra `lab`")
    table = tmp_path / "labels.parquet"
    table.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(InputError, match=r"labels\.parquet: .*; export it again"):
        read_label_table(table, None, file_column="file", label_columns=["class"])


def read(table: Path, content: str | bytes, column: str = "label") -> Labelled:
    table.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_label_table(table, None, file_column="file", label_columns=[column])


@pytest.mark.parametrize("more", ["", "b.wav,a\n" * 20_000])
def test_a_quote_that_is_not_closed_is_named_with_its_line(tmp_path: Path, more: str) -> None:
    # Otherwise all rows that follow would become one label.
    with pytest.raises(InputError, match="row 3, line 4: a quote is not closed"):
        read(tmp_path / "labels.csv", f'file,label\na.wav,"Kick\n1"\nb.wav,"Snare\n{more}')


def test_a_column_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="several columns 'label'; rename all but one"):
        read(tmp_path / "labels.csv", "file,label,label\na.wav,Kick,Snare\n")


@pytest.mark.parametrize(
    "content",
    [
        "sep=;\r\nfile;label\r\na.wav;Kick\r\n",
        "\n\nfile;label\na.wav;Kick\n",
        "file;label\na.wav;Kick\n".encode("utf-16-le"),
        "file;label\na.wav;Kick\n".encode("utf-16-be"),
    ],
)
def test_lines_before_the_header_and_a_missing_byte_order_mark_are_no_obstacle(
    tmp_path: Path, content: str | bytes
) -> None:
    sounds(tmp_path, "a.wav")
    assert read(tmp_path / "labels.csv", content).classes == ("Kick",)


def test_columns_match_in_any_unicode_normalisation(tmp_path: Path) -> None:
    sounds(tmp_path, "a.wav")
    content = unicodedata.normalize("NFD", "file,Schläge\na.wav,Kick\n")
    assert read(tmp_path / "labels.csv", content, "Schläge").classes == ("Kick",)


def test_reads_text_that_parquet_holds_as_bytes(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    sounds(tmp_path, "ä.wav")
    table = tmp_path / "labels.parquet"
    columns = {"file": ["ä.wav".encode()], "label": [b"Kick"]}
    parquet.write_table(pyarrow.table(columns), table)
    found = read_label_table(table, None, file_column="file", label_columns=["label"])
    assert found.classes == ("Kick",)
