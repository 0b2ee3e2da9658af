"""Replace folders in one step."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def new_folder(place: Path) -> Iterator[Path]:
    """Yield an empty folder to write to; rename it to `place` if the block succeeds.

    If the block fails, the folder is removed. Several processes can make the same folder at the
    same time: the last one replaces those of the others, whose open files stay readable.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=place.parent) as name:
        fresh = Path(name, place.name)
        fresh.mkdir()
        yield fresh
        replace_folder(fresh, place)


def replace_folder(fresh: Path, place: Path) -> None:
    """Rename a folder to `place`; what was there is removed."""
    with tempfile.TemporaryDirectory(prefix=".old-", dir=place.parent) as name:
        if place.exists():
            place.rename(Path(name, place.name))
        fresh.rename(place)
