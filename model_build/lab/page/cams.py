"""Pictures of the parts of spectrograms that a class's score depends on."""

import shutil
from pathlib import Path

from model_build.lab.cam.cam_list import read_cams
from model_build.lab.page.clips import FOLDER
from model_build.lab.page.scored import Scored
from model_build.lab.run.lab_run import LabRun, Record


def copy_cams(run: LabRun, record: Record, scored: Scored) -> dict[int, list[tuple[int, str]]]:
    """Copy the maps that the folds have drawn to the folder of clips.

    Return, for each recording with maps, the place of the class and the name of the picture.
    """
    places = {(one.name, f"{one.start_seconds:g}"): n for n, one in enumerate(scored.examples)}
    found: dict[int, list[tuple[int, str]]] = {}
    strategy = record.experiment.validation.strategy
    for number in sorted(set(scored.folds)):
        for cam in read_cams(run.folder / "folds" / f"{strategy}-{number}"):
            row = places.get((cam.name, f"{cam.start_seconds:g}"))
            source = run.pictures / cam.picture
            if row is None or cam.label not in record.classes or not source.is_file():
                continue
            name = f"{run.folder.name}-cam-{cam.picture}"
            shutil.copyfile(source, Path(run.folder.parent, FOLDER, name))
            found.setdefault(row, []).append((record.classes.index(cam.label), name))
    return found
