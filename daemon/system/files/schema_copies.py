"""The copies of databases that were made before a migration, `NAME.schema-VERSION`."""

from pathlib import Path

# SQLite's own files beside a database. With those of another database, it would be damaged.
_COMPANIONS = ("-journal", "-wal", "-shm")


def copy_path(path: Path, version: int) -> Path:
    """Return the path of the copy of a database with that schema version."""
    return path.with_name(f"{path.name}.schema-{version}")


def copies(directory: Path, version: int | None = None) -> list[Path]:
    """Return the copies in a directory, by name; with `version` only those of that schema."""
    found = directory.glob(f"*.schema-{'*' if version is None else version}")
    return sorted(path for path in found if path.suffix.removeprefix(".schema-").isdecimal())


def restore(copy: Path) -> Path:
    """Replace the database by its copy, and return its path.

    The newer database is kept as `NAME.newer`, which replaces an older one. Raises OSError if a
    file cannot be renamed; the copy is renamed last, so that it can be tried again.
    """
    path = copy.with_suffix("")
    newer = path.with_name(f"{path.name}.newer")
    for end in (*_COMPANIONS, ""):
        file, kept = (Path(f"{name}{end}") for name in (path, newer))
        if file.is_file():
            file.replace(kept)
        elif end:
            kept.unlink(missing_ok=True)
    copy.replace(path)
    return path
