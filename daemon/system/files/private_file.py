"""Regular files of mode 0600 in the state directory.

A link, FIFO, device, socket or directory in place of a file is moved aside, never followed or read.
"""

import errno
import logging
import os
import stat
from pathlib import Path

log = logging.getLogger(__name__)

OWNER_ONLY = 0o600
_OTHERS = 0o077
_OTHERS_MAY_WRITE = 0o022
_MOST_ASIDE = 9
_DIRECTORY_IN_THE_WAY = {errno.EISDIR, errno.ENOTDIR, errno.ENOTEMPTY, errno.EEXIST}
_KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}


def open_private(path: Path, flags: int) -> int:
    """Open a regular file, or create it if `flags` has O_CREAT; return its descriptor.

    Only the file's owner can read it afterwards. Raises FileNotFoundError if it does not exist,
    and OSError if it is not a regular file or cannot be opened.
    """
    kind = _kind(path)
    if kind is not None:
        raise OSError(errno.EINVAL, f"{kind} instead of a file", str(path))
    file = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, OWNER_ONLY)
    try:
        _keep_private(file, path)
    except BaseException:
        os.close(file)
        raise
    return file


def read_private(path: Path, most_bytes: int) -> bytes:
    """Return the content of a regular file.

    Raises OSError as `open_private` does, and if the file is larger than `most_bytes`.
    """
    with os.fdopen(open_private(path, os.O_RDONLY), "rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"larger than {most_bytes} bytes", str(path))
    return content


def write_private(path: Path, content: bytes) -> None:
    """Replace a file and wait until its content is on the disk.

    Raises OSError if that fails; the file is then removed.
    """
    move_non_file_aside(path)
    path.unlink(missing_ok=True)
    file = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    left = memoryview(content)
    try:
        while left:
            # On a disk that fills up, a write may be partial before the next one fails.
            left = left[os.write(file, left) :]
        os.fsync(file)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(file)


def move_non_file_aside(path: Path) -> None:
    """Move a link, FIFO, device, socket or directory at `path` aside, and log an error."""
    kind = _kind(path)
    if kind is not None:
        aside = move_aside(path)
        log.error("%s is %s instead of a file: moved to %s", path, kind, aside.name)


def move_aside(path: Path) -> Path:
    """Rename a file to `NAME.damaged`, replacing an older one; return the new path.

    Directories are not replaced; the name gets a number from 2 to 9 instead. Raises OSError if the
    file cannot be renamed or all these names are directories.
    """
    first = path.with_name(f"{path.name}.damaged")
    others = (path.with_name(f"{first.name}-{number}") for number in range(2, _MOST_ASIDE + 1))
    for aside in (first, *others):
        try:
            path.rename(aside)
        except OSError as error:
            if error.errno not in _DIRECTORY_IN_THE_WAY:
                raise
        else:
            return aside
    raise OSError(errno.EEXIST, "directories are in the way", str(first))


def others_may_change(directory: Path) -> str | None:
    """Return why users other than root can change files in a directory; None if they cannot."""
    found = directory.stat()
    if found.st_uid not in {os.geteuid(), 0} and os.geteuid() != 0:
        return f"it belongs to user {found.st_uid}"
    if found.st_mode & _OTHERS_MAY_WRITE:
        return f"its mode is {stat.S_IMODE(found.st_mode):04o}"
    return None


def _kind(path: Path) -> str | None:
    """Return the kind of file at `path` in words; None if it is a regular file or missing."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return None
    return None if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "something else")


def _keep_private(file: int, path: Path) -> None:
    """Set mode 0600, and the owner where needed; raises OSError if it is not a regular file."""
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    if found.st_uid != os.geteuid():
        return
    if found.st_mode & _OTHERS:
        os.fchmod(file, OWNER_ONLY)
    owner = path.parent.stat()
    # Files that root creates for a service must be readable by the service's user.
    if os.geteuid() == 0 != owner.st_uid and found.st_size == 0 and found.st_nlink == 1:
        os.fchown(file, owner.st_uid, owner.st_gid)
