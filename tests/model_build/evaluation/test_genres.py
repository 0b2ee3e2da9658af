from pathlib import Path

import pytest
import soundfile

from daemon.errors import InputError
from daemon.practice.genre.built_in import configured_genre_network
from model_build.evaluation.genres import RIGHT, UNKNOWN, genre_rows
from tests.model_build.conftest import tone


@pytest.fixture
def practice(tmp_path: Path) -> Path:
    """Two recordings with a genre, and one of a genre that no model names."""
    folder = tmp_path / "genre"
    folder.mkdir()
    names = {"a.wav": "rock", "b.wav": "jazz", "c.wav": "polka"}
    for number, name in enumerate(names):
        soundfile.write(folder / name, tone(220.0, 6.0, number + 1), 16_000)
    lines = ["path,genre", *(f"{name},{genre}" for name, genre in names.items())]
    (folder / "manifest.csv").write_text("\n".join(lines))
    return tmp_path


def test_counts_recordings_of_the_ten_genres_beside_yamnet(practice: Path, base: Path) -> None:
    rows = genre_rows(practice, configured_genre_network(None), base)
    found = {(row.figure, row.program): row.estimate for row in rows}
    assert set(found) == {(RIGHT, "timbrel"), (UNKNOWN, "timbrel"), (RIGHT, "YAMNet")}
    assert {estimate.n for estimate in found.values()} == {2}
    # A tone is neither rock nor jazz.
    right, unknown = found[RIGHT, "timbrel"].value, found[UNKNOWN, "timbrel"].value
    assert right + unknown <= 1.0


def test_folder_without_genres_has_no_rows(tmp_path: Path) -> None:
    assert genre_rows(tmp_path, configured_genre_network(None), None) == []


def test_manifest_without_genres_is_one_line(practice: Path) -> None:
    (practice / "genre" / "manifest.csv").write_text("path,style\na.wav,rock\n")
    with pytest.raises(InputError, match="lacks the columns path, genre"):
        genre_rows(practice, configured_genre_network(None), None)
