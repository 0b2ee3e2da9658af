"""The files of one run of the note model, through which its stages pass on their results."""

from pathlib import Path

from daemon.errors import InputError


class NoteRun:
    """The paths of a run; each file exists once the stage that writes it has finished."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recipe = folder / "recipe.json"  # SHA-256 of the recipe, corpus and soundfonts
        self.sounds = folder / "sounds"  # decoded clips of the corpus
        self.clips = folder / "clips.json"  # the decoded clips, in the order of the sounds
        self.notes = folder / "notes.json"  # the usable notes among them
        self.fitted = folder / "network.keras"  # the fitted network, with averaged weights
        self.backup = folder / "backup"  # the state of an interrupted training
        self.history = folder / "history.json"  # the losses of each epoch
        self.network = folder / "network.tflite"  # the int8 network without its contract
        self.rules = folder / "rules.json"  # the tuned note creation, and its figures
        self.model = folder / "notes.tflite"  # the finished model file
        self.figures = folder / "figures.json"  # the figures on held-back clips

    def survey(self, soundfont: Path) -> Path:
        """Return the path of the figures of a soundfont's programs."""
        return self.folder / "surveys" / f"{soundfont.stem}.json"

    def pieces(self, side: str, number: int) -> Path:
        """Return the path of a file of rendered pieces."""
        return self.folder / "pieces" / f"{side}-{number:03d}.npz"

    def rooms(self, side: str) -> Path:
        """Return the path of one side's room impulse responses."""
        return self.folder / f"rooms-{side}.npz"

    def block(self, side: str, number: int) -> Path:
        """Return the path of a block of clips."""
        return self.folder / "clips" / f"{side}-{number:03d}.npz"

    def needed(self, path: Path, command: str) -> Path:
        """Return the path. Raises InputError naming the command that writes it if it is missing."""
        if not path.exists():
            raise InputError(f"{path}: does not exist yet; run timbrel-build {command} first")
        return path
