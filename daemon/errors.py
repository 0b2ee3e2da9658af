"""Errors that cross module boundaries, one for each way in which callers handle them."""


class InputError(Exception):
    """Invalid input: report every line and exit with 2. Retrying does not help.

    Each of `lines` is one error.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)
        self.lines = lines

    def __str__(self) -> str:
        return "\n".join(self.lines)


class SoundLostError(Exception):
    """The microphone is gone or cannot be opened: report it, wait, and open it again."""


class FailedError(Exception):
    """The command failed: print the message, which is one line, and exit with 1."""
