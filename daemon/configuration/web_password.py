"""The password of the page: stored as a hash, in a file that only its owner can read."""

import base64
import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from daemon.configuration.web_settings import WebSettings
from daemon.errors import InputError
from daemon.system import systemd, unit
from daemon.system.files.bounded_file import UnreadableError, bounded_content

LEAST_CHARACTERS = 8
"""The least length of a password."""
MOST_CHARACTERS = 200
"""The greatest length of a password."""
_MOST_BYTES = 4_096
# scrypt (Percival, "Stronger key derivation via sequential memory-hard functions", 2009) with 16 MB
# of memory, which a 512 MB machine can spare for the fraction of a second of a log-in.
_COST, _BLOCK, _LANES = 2**14, 8, 1
_SALT_BYTES, _DIGEST_BYTES = 16, 32
_SCHEME = "scrypt"


class PasswordHash(NamedTuple):
    """What is known about a password."""

    salt: bytes
    """Random bytes."""
    digest: bytes
    """The result of scrypt."""

    def matches(self, password: str) -> bool:
        """Return whether this is the hash of `password`; takes a fraction of a second."""
        return hmac.compare_digest(_digest(password, self.salt), self.digest)

    def line(self) -> str:
        """Return the line for the password file."""
        return ":".join((_SCHEME, *(base64.b64encode(part).decode() for part in self)))


def hash_password(password: str, random_bytes: Callable[[int], bytes] = os.urandom) -> PasswordHash:
    """Return the hash of a password; raises InputError if it is too short or too long."""
    if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        raise InputError(
            f"a password needs {LEAST_CHARACTERS} to {MOST_CHARACTERS} characters; "
            "choose another one"
        )
    salt = random_bytes(_SALT_BYTES)
    return PasswordHash(salt, _digest(password, salt))


def password_file(web: WebSettings) -> Path:
    """Return the file in which `timbrel web-password` stores the hash."""
    return unit.WEB_PASSWORD if web.password_file is None else Path(web.password_file)


def read_web_password(
    web: WebSettings, environment: Mapping[str, str] = os.environ
) -> PasswordHash | None:
    """Return the hash of the page's password, or None if there is none.

    The service manager's copy of the file is preferred. If this user cannot read the default file,
    it is the service's, and not this process'. Raises InputError if the file cannot be
    read or contains anything but the line that `timbrel web-password` writes.
    """
    copy = systemd.credential(systemd.WEB_PASSWORD_CREDENTIAL, environment)
    file = password_file(web) if copy is None else copy
    if copy is None and web.password_file is None and not os.access(file, os.R_OK):
        return None
    try:
        content = bounded_content(file, _MOST_BYTES).decode("ascii").strip()
    except UnreadableError as error:
        raise InputError(f"web.password_file: {file}: {error}; {_REMEDY}") from None
    except UnicodeDecodeError:
        raise InputError(f"web.password_file: {file}: not a hash; {_REMEDY}") from None
    if not content:
        return None
    scheme, *parts = content.split(":")
    try:
        found = PasswordHash(*(base64.b64decode(part, validate=True) for part in parts))
    except (ValueError, TypeError):
        found = PasswordHash(b"", b"")
    if scheme == _SCHEME and (len(found.salt), len(found.digest)) == (_SALT_BYTES, _DIGEST_BYTES):
        return found
    raise InputError(f"web.password_file: {file}: not a hash; {_REMEDY}")


_REMEDY = "set the password with `timbrel web-password`"


def _digest(password: str, salt: bytes) -> bytes:
    secret = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(secret, salt=salt, n=_COST, r=_BLOCK, p=_LANES, dklen=_DIGEST_BYTES)
