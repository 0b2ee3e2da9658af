"""Pictures of the parts of spectrograms that a class's score depends on."""

from pathlib import Path
from typing import Any

from model_build.lab.page.scored import Scored
from model_build.lab.run.lab_run import LabRun, Record


def write_cams(
    run: LabRun, record: Record, scored: Scored, wrong: Any, pages: Path
) -> dict[int, list[str]]:
    return {}
