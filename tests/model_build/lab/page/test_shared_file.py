from pathlib import Path

from model_build.lab.page.shared_file import shared_file


def test_two_processes_can_replace_a_file_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    with shared_file(path) as first:
        first.write_text("first")
        with shared_file(path) as second:
            second.write_text("second")
        assert path.read_text() == "second"
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]
