"""Replace files atomically."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; rename it to `path` if the block succeeds.

    It has the suffix of `path`, because some libraries choose a format by it. If the block or the
    renaming fails, the new file is removed and the error raised.
    """
    fresh = path.with_name(f".new-{path.name}")
    try:
        yield fresh
        fresh.replace(path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise
