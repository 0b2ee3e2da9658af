from pathlib import Path

import pytest

from daemon.system.files.whole_file import whole_file


def write_and_interrupt(path: Path) -> None:
    with whole_file(path) as fresh:
        fresh.write_text("half of the n")
        raise KeyboardInterrupt


def test_replaces_the_file_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text("old")
    with whole_file(path) as fresh:
        fresh.write_text("new")
        assert path.read_text() == "old"
        assert fresh.suffix == ".json"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_keeps_the_file_and_leaves_nothing_when_the_block_fails(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_and_interrupt(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_raises_the_error_of_the_block(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "never-written"):
        pass
