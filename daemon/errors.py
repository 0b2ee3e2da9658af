"""The errors that cross a module's border, named by what the caller does next."""


class InputError(Exception):
    """What the user gave is wrong: say this one line and exit with 2; a retry would not help."""


class SoundLostError(Exception):
    """The microphone is gone or cannot be opened now: report it, wait, and open it again."""


class FailedError(Exception):
    """What was asked for could not be done: say this one line and exit with 1."""
