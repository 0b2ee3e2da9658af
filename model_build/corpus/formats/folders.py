"""Folders that are named after the classes of the recordings in them."""

from pathlib import Path

from model_build.corpus.formats.file_index import sounds_below
from model_build.corpus.formats.labelled import Example, Labelled, Left


def read_folders(folder: Path) -> Labelled:
    """Read a folder whose subfolders are classes; deeper folders belong to the class above.

    Raises InputError if the folder does not exist.
    """
    found = Labelled([], [])
    for file in sounds_below(folder):
        path = file.relative_to(folder)
        if len(path.parts) == 1:
            found.left.append(Left(path.as_posix(), "without a class"))
        else:
            found.examples.append(
                Example(name=path.as_posix(), file=str(file), labels=(path.parts[0],))
            )
    return found
