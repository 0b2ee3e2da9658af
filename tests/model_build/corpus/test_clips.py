import logging
from pathlib import Path

import pytest

from daemon.errors import InputError
from model_build.corpus.clips import read_corpus

FAMILIES = ("drums", "flute", "organ")


def append(corpus: Path, *rows: str) -> None:
    with (corpus / "manifest.csv").open("a") as file:
        file.writelines(f"{row}\n" for row in rows)


def test_reads_clips_from_rows(corpus: Path) -> None:
    clips = {(c.kind, c.label): c for c in read_corpus(corpus, FAMILIES).clips}
    assert clips["phrase", "flute"].families == ("flute",)
    assert clips["phrase", "flute"].accepts == ("flute",)
    assert clips["drum", "kick"].families == ("drums",)
    assert clips["negative", "speech"].families == ()
    assert clips["mixture", "flute;organ"].families == ("flute", "organ")
    assert clips["note", "organ"].redistributable


def test_hash_changes_with_the_manifest(corpus: Path) -> None:
    before = read_corpus(corpus, FAMILIES).sha256
    append(corpus, "one,more,row")
    assert read_corpus(corpus, FAMILIES).sha256 != before


@pytest.mark.parametrize(
    ("row", "path", "reason"),
    [
        ("gone.wav,phrase,train,flute,flute,,s,g,real,,4.0,CC0,1,,,", "gone.wav", "no such file"),
        (",phrase,train,flute,flute,,s,g,real,,4.0,CC0,1,,,", "a row without path", "no such file"),
        (
            "a.wav,phrase,train,kazoo,,,s,g,real,,4.0,CC0,1,,,",
            "a.wav",
            "not a family of the recipe: 'kazoo'",
        ),
        ("a.wav,song,train,flute,,,s,g,real,,4.0,CC0,1,,,", "a.wav", "unknown kind 'song'"),
        ("a.wav,phrase,train", "a.wav", "the row is incomplete"),
    ],
)
def test_skips_and_logs_invalid_row(
    corpus: Path, caplog: pytest.LogCaptureFixture, row: str, path: str, reason: str
) -> None:
    before = read_corpus(corpus, FAMILIES)
    append(corpus, row)
    with caplog.at_level(logging.WARNING):
        after = read_corpus(corpus, FAMILIES)
    assert after.skipped == [(path, reason)]
    assert after.clips == before.clips
    assert caplog.messages == [f"skipped: {path}: {reason}"]


def test_logs_count_of_many_invalid_rows(corpus: Path, caplog: pytest.LogCaptureFixture) -> None:
    append(corpus, *["a.wav,song"] * 25)
    assert len(read_corpus(corpus, FAMILIES).skipped) == 25
    assert len(caplog.messages) == 11
    assert caplog.messages[-1] == "skipped: 15 more"


@pytest.mark.parametrize("folder", [None, Path("nowhere")])
def test_error_for_missing_corpus_names_the_option(folder: Path | None) -> None:
    with pytest.raises(InputError, match="--corpus DIR or TIMBREL_CORPUS"):
        read_corpus(folder, FAMILIES)


def test_rejects_csv_without_needed_columns(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("file,class\na.wav,flute\n")
    with pytest.raises(InputError, match="lacks the columns accepts, doubt, group"):
        read_corpus(tmp_path, FAMILIES)
