"""Replace files that several runs share, such as the index and the clips."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def shared_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to; rename it to `path` if the block succeeds.

    Unlike with `whole_file`, several processes can replace the same file at the same time: each
    writes to a folder of its own, and the last one wins.
    """
    with tempfile.TemporaryDirectory(prefix=".new-", dir=path.parent) as folder:
        fresh = Path(folder, path.name)
        yield fresh
        fresh.replace(path)
