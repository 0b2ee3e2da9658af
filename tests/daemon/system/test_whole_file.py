from pathlib import Path

import pytest

from daemon.system.whole_file import whole_file


def interrupted_while_writing(path: Path) -> None:
    with whole_file(path) as fresh:
        fresh.write_text("half of the n")
        raise KeyboardInterrupt


def test_file_is_replaced_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text("old")
    with whole_file(path) as fresh:
        fresh.write_text("new")
        assert path.read_text() == "old"
        assert fresh.suffix == ".json"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_file_stays_and_nothing_is_left_when_the_block_fails(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        interrupted_while_writing(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_error_of_the_block_is_the_one_raised(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "never-written"):
        pass
