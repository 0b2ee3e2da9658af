"""The file with the costs of a network before and after pruning."""

from pathlib import Path

import msgspec

from daemon.system.files.whole_file import whole_file

_FILE = "costs.json"


class Cost(msgspec.Struct, frozen=True):
    """The cost of one network as a TFLite file."""

    weights: int
    """Weights that are not 0."""
    bytes: int
    """Size of the int8 TFLite file."""
    compressed_bytes: int
    """The same, compressed with zlib."""
    milliseconds: float
    """CPU time per chunk, on one thread of the daemon's runtime."""


def write_cost_file(folder: Path, before: Cost, after: Cost) -> None:
    """Write the costs of a network before and after pruning."""
    with whole_file(folder / _FILE) as fresh:
        fresh.write_bytes(msgspec.json.encode((before, after)))


def read_cost_file(folder: Path) -> tuple[Cost, Cost]:
    """Return the costs before and after pruning."""
    return msgspec.json.decode((folder / _FILE).read_bytes(), type=tuple[Cost, Cost])
