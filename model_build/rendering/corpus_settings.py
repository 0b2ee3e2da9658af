"""The settings of a rendered corpus, which are kept in its folder."""

from pathlib import Path

import msgspec

from model_build.rendering.general_midi import FAMILIES
from model_build.run_folder import write_json

SETTINGS = "rendering.json"
EDITION = 1
"""To be raised when the same settings give other sound."""


class CorpusSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that decides the sound of a rendered corpus."""

    seed: int
    """Seed of all random numbers."""
    phrases_per_programme: int
    """Number of clips of each player."""
    families: tuple[str, ...] = FAMILIES
    """The families whose instruments are rendered."""
    edition: int = EDITION
    """The EDITION that rendered the corpus."""


def read_settings(folder: Path) -> CorpusSettings | None:
    """Return the settings of a folder's corpus; None if they are missing or invalid."""
    try:
        return msgspec.json.decode((folder / SETTINGS).read_bytes(), type=CorpusSettings)
    except (OSError, msgspec.MsgspecError):
        return None


def write_settings(folder: Path, settings: CorpusSettings) -> None:
    """Write the settings into the folder of a corpus."""
    write_json(folder / SETTINGS, settings)
