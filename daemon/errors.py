"""The errors that cross a module's border, named by what the caller does next."""


class InputError(Exception):
    """Invalid input: report each line, one an error, and exit with 2; a retry would not help."""

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)
        self.lines = lines

    def __str__(self) -> str:
        return "\n".join(self.lines)


class SoundLostError(Exception):
    """The microphone is gone or cannot be opened now: report it, wait, and open it again."""


class FailedError(Exception):
    """What was asked for could not be done: say this one line and exit with 1."""
