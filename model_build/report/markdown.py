"""Lists and tables in Markdown."""

from collections.abc import Iterable, Sequence


def bullets(lines: Iterable[str]) -> str:
    """A list, a line each."""
    return "\n".join(f"- {line}" for line in lines)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells may hold any text."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(escaped, line))} |" for line in lines)


def escaped(cell: str) -> str:
    """A cell that no bar or tag of its own breaks."""
    return cell.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
