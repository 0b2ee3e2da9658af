from pathlib import Path

import pytest

from daemon.errors import InputError
from model_build.__main__ import main
from model_build.lab.summary import summary

NETWORK = """\
name: one
data: {{layout: folders, path: "{path}"}}
model: {{kind: mel-cnn}}
"""


def written(folder: Path, more: str = "", path: str | None = None) -> Path:
    file = folder / "one.yaml"
    file.write_text(NETWORK.format(path=path or folder) + more, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", "in the daemon: possible"),
        ("front_end: {kind: mfcc}", "because its front end is log-mel, not mfcc"),
        ("front_end: {sample_rate_hz: 44100}", "because its sound has 16000 Hz"),
        ("front_end: {chunk_seconds: 60}", "because its windows have 4 s"),
    ],
)
def test_says_if_the_daemon_can_run_the_model(tmp_path: Path, more: str, said: str) -> None:
    assert said in summary(written(tmp_path, more))


def test_names_data_that_do_not_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="/nowhere does not exist"):
        summary(written(tmp_path, path="/nowhere"))


def test_check_reports_the_errors_of_all_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = written(tmp_path)
    bad, worse = tmp_path / "bad.yaml", tmp_path / "worse.yaml"
    bad.write_text("name: bad\n", encoding="utf-8")
    worse.write_text("seed: many\n", encoding="utf-8")
    assert main(["lab", "check", str(good), str(bad), str(worse)]) == 2
    shown = capsys.readouterr()
    assert "model: mel-cnn" in shown.out
    assert "bad.yaml" in shown.err
    assert "worse.yaml" in shown.err


def test_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "schema"]) == 0
    assert '"Experiment"' in capsys.readouterr().out
