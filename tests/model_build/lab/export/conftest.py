"""A run of the lab with its exported model."""

from pathlib import Path
from typing import NamedTuple

import pytest

from model_build.__main__ import main
from tests.conftest import made_once
from tests.model_build.lab.export.tones import write_experiment, write_tones


class Exported(NamedTuple):
    folder: Path

    @property
    def run(self) -> Path:
        return self.folder / "runs" / "tones"

    @property
    def model(self) -> Path:
        return self.run / "tones.tflite"


def _make(folder: Path) -> None:
    pytest.importorskip("tensorflow", reason="needs tensorflow to make a model")
    # `folder` is renamed later, and the run knows where its recordings are.
    data = folder.with_name("recordings-of-tones")
    write_tones(data)
    experiment = write_experiment(data, folder / "runs")
    assert main(["lab", "run", str(experiment), "--workers", "1"]) == 0
    assert main(["lab", "export", str(folder / "runs" / "tones")]) == 0


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A network of tones that was trained and exported once for all tests."""
    return Exported(made_once(tmp_path_factory, "tones", _make))
