"""Keep two commands from working in the same run folder."""

import contextlib
from collections.abc import Iterator

from daemon.errors import InputError
from model_build.lab.data.locked_folder import locked_folder
from model_build.lab.run.lab_run import LabRun


@contextlib.contextmanager
def alone_in(run: LabRun) -> Iterator[None]:
    """Lock the folder of a run while the block runs; make it, and remove it if it stays empty.

    Otherwise two commands would remove each other's folds and mix up their figures. Raises
    InputError if another command works there. A killed command leaves no lock. On file systems
    without locks nothing is kept out.
    """
    made = [folder for folder in (run.folder, *run.folder.parents) if not folder.exists()]
    try:
        with locked_folder(run.folder) as is_ours:
            if is_ours is False:
                raise InputError(
                    f"{run.folder}: another command is running this experiment; wait for it, or "
                    "choose another name"
                )
            yield
    finally:
        with contextlib.suppress(OSError):
            for folder in made:
                folder.rmdir()
