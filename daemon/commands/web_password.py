"""`timbrel web-password`: set the password of the page."""

import getpass
import os
import sys
from pathlib import Path

from daemon.configuration.settings import Settings
from daemon.configuration.web_password import MOST_CHARACTERS, hash_password, password_file
from daemon.errors import InputError
from daemon.system.files.whole_file import whole_file

_OWNER_ONLY = 0o600


def web_password(settings: Settings) -> int:
    """Store the hash of a password that is typed, or read from standard input; return 0.

    Raises InputError if it is too short, or if the two that were typed differ.
    """
    file = password_file(settings.web)
    hashed = hash_password(_typed() if sys.stdin.isatty() else _piped())
    _write(file, f"{hashed.line()}\n")
    print(f"the password is set in {file}; restart Timbrel to apply it")
    return 0


def _typed() -> str:
    password = getpass.getpass("password of the page: ")
    if getpass.getpass("the same again: ") != password:
        raise InputError("the passwords differ; nothing was changed")
    return password


def _piped() -> str:
    return sys.stdin.readline(MOST_CHARACTERS + 2).rstrip("\r\n")


def _write(file: Path, text: str) -> None:
    """Replace a file that only its owner can read."""
    file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    with whole_file(file) as new:
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="ascii") as output:
            os.fchmod(descriptor, _OWNER_ONLY)
            output.write(text)
            output.flush()
            os.fsync(output.fileno())
