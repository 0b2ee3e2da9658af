"""How far an interrupted training got."""

import shutil
import sys

import msgspec

from model_build.run_folder import RunFolder


def is_finished(run: RunFolder) -> bool:
    """Return whether the network was fitted completely, and to the current features."""
    if not run.fitted.exists() or run.backup.exists():
        return False
    return run.fitted.stat().st_mtime >= run.features.stat().st_mtime


def completed_epochs(run: RunFolder) -> int:
    """Return the number of completed epochs in the backup.

    If the interruption cut that file short, remove the backup and return 0.
    """
    metadata = run.backup / "training_metadata.json"
    if not metadata.exists():
        return 0
    try:
        return int(msgspec.json.decode(metadata.read_bytes())["epoch"])
    except msgspec.DecodeError:
        print(
            f"{metadata}: cut short by the interruption; training starts again from the beginning",
            file=sys.stderr,
        )
        shutil.rmtree(run.backup)
        return 0
