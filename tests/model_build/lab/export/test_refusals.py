"""Runs that cannot be exported: one clear line each, and nothing is written."""

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from daemon.errors import InputError
from model_build.__main__ import main
from model_build.lab.experiment import Experiment, FrontEndSettings, Model
from model_build.lab.experiment.data import Data
from model_build.lab.export import export as exporting
from model_build.lab.export.export import export
from model_build.lab.export.obstacles import label_obstacles, obstacles
from model_build.lab.run.lab_run import LabRun, Started, write_struct
from tests.model_build.lab.export.conftest import Exported

EXPERIMENT = Experiment(
    name="tones", data=Data(layout="folders", path="tones"), model=Model(kind="mel-cnn")
)


@pytest.mark.parametrize(
    ("front_end", "words"),
    [
        ({"kind": "mfcc"}, "front_end.kind: the box computes log-mel, not mfcc; use log-mel"),
        ({"kind": "stft"}, "front_end.kind: the box computes log-mel, not stft"),
        ({"sample_rate_hz": 44_100}, "front_end.sample_rate_hz: the box hears 16000, not 44100"),
        ({"chunk_seconds": 4.5}, "front_end.chunk_seconds: the box hears windows of 4 s"),
        ({"normalisation": "clip"}, "front_end.normalisation: clip needs the whole recording"),
    ],
)
def test_front_ends_that_the_box_lacks(front_end: dict[str, object], words: str) -> None:
    settings = msgspec.convert(front_end, FrontEndSettings)
    (found,) = obstacles(msgspec.structs.replace(EXPERIMENT, front_end=settings))
    assert found.startswith(words)


@pytest.mark.parametrize("kind", ["forest", "svm", "knn"])
def test_models_without_a_form_as_a_network(kind: str) -> None:
    (found,) = obstacles(
        msgspec.structs.replace(EXPERIMENT, model=msgspec.convert({"kind": kind}, Model))
    )
    assert found.startswith(f"model.kind: {kind} has no form as a network, and the box")


def test_network_on_any_log_mel_at_16_khz() -> None:
    front_end = FrontEndSettings(
        bands=40, hop_seconds=0.0116, low_hz=20.0, high_hz=8_000.0, chunk_seconds=4.0
    )
    assert obstacles(msgspec.structs.replace(EXPERIMENT, front_end=front_end)) == []


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        (["kick", "a\nb"], r"classes: 'a\nb' begins or ends with a space"),
        (["kick", 65 * "x"], "classes: 'xxxxxxxxxxxxxxxxxxxx'… has more than 64 characters"),
        (["kick"], "training.loss: cross-entropy gives the only class, kick, the score 1"),
    ],
)
def test_labels_that_a_model_file_cannot_hold(classes: list[str], words: str) -> None:
    (found,) = label_obstacles(classes, is_softmax=True)
    assert found.startswith(words)


def test_check_says_beforehand_what_will_be_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], exported: Exported
) -> None:
    text = (exported.folder.with_name("recordings-of-tones") / "tones.yaml").read_text()
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(text)
    bad.write_text(text.replace("chunk_seconds: 1,", "chunk_seconds: 5, kind: mfcc,"))
    assert main(["lab", "check", str(good), str(bad)]) == 0
    printed = capsys.readouterr().out
    assert printed.count("  export: possible\n") == 1
    assert "  export: not possible: front_end.kind: the box computes log-mel" in printed
    assert "  export: not possible: front_end.chunk_seconds: the box hears" in printed


def copied(exported: Exported, folder: Path) -> Path:
    return Path(shutil.copytree(exported.run, folder / "tones"))


def no_run(run: Path) -> None:
    shutil.rmtree(run)
    run.mkdir()


def interrupt(run: Path) -> None:
    write_struct(LabRun(run).started, Started("sha", 1))


def damage_record(run: Path) -> None:
    LabRun(run).record.write_bytes(b'{"experiment": {')


def make_forest(run: Path) -> None:
    record = LabRun(run).read_record()
    model = msgspec.structs.replace(
        record.experiment, model=Model(kind="forest"), training=None, augmentation=None
    )
    write_struct(LabRun(run).record, msgspec.structs.replace(record, experiment=model))


def damage_network(run: Path) -> None:
    file = LabRun(run).model / "model.keras"
    file.write_bytes(file.read_bytes()[:2_000])


def remove_network(run: Path) -> None:
    (LabRun(run).model / "model.keras").unlink()


def remove_recordings(run: Path) -> None:
    record = LabRun(run).read_record()
    data = msgspec.structs.replace(record.experiment.data, path=str(run / "gone.csv"))
    moved = msgspec.structs.replace(record.experiment, data=data)
    write_struct(LabRun(run).record, msgspec.structs.replace(record, experiment=moved))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (no_run, "there is no finished run; run `timbrel-build lab run FILE` first"),
        (interrupt, "the run was interrupted; continue it with `timbrel-build lab run`"),
        (damage_record, "run.json: "),
        (make_forest, "model.kind: forest has no form as a network"),
        (damage_network, "run the experiment again"),
        (remove_network, "run the experiment again"),
        (remove_recordings, "gone.csv"),
    ],
)
def test_unusable_runs_are_refused(
    spoil: Callable[[Path], None],
    words: str,
    exported: Exported,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = copied(exported, tmp_path)
    spoil(run)
    output = tmp_path / "model.tflite"
    assert main(["lab", "export", str(run), "--output", str(output)]) == 2
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert line.startswith("timbrel-build: ")
    assert words in line
    assert not output.exists()


def test_full_disk_leaves_nothing_behind(
    exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(exporting, "write_contract", full)
    with pytest.raises(OSError, match="No space left"):
        export(exported.run, tmp_path / "model.tflite")
    assert list(tmp_path.iterdir()) == []


def test_folder_that_does_not_exist_is_named(
    exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "int8_network", lambda *_: pytest.fail("too early"))
    with pytest.raises(InputError, match="gone: no such folder"):
        export(exported.run, tmp_path / "gone" / "model.tflite")
