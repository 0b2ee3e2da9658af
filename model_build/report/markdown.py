"""Lists and tables in Markdown."""

from collections.abc import Iterable, Sequence


def bullets(lines: Iterable[str]) -> str:
    """Return a list with one item per line."""
    return "\n".join(f"- {line}" for line in lines)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; special characters in cells are escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(escaped, line))} |" for line in lines)


def escaped(cell: str) -> str:
    """Return a cell whose bars, tags and line breaks do not break the table."""
    return cell.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
