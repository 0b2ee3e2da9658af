"""How the code is divided: `python -m benchmarks.structure` prints a table for both packages.

Modules by their lines, functions by theirs, folders by their modules, and import cycles, lazy and
type-only imports included.
"""

import ast
import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PACKAGES = ("daemon", "model_build")


def modules(package: str) -> list[Path]:
    """Every module of a package but the `__init__` files."""
    return sorted(p for p in (ROOT / package).rglob("*.py") if p.name != "__init__.py")


def function_lines(path: Path) -> Iterator[int]:
    """The length of each function in a module, its decorators and docstring included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield node.end_lineno - node.lineno + 1


def cycles(package: str) -> int:
    """How many imports would have to go so that no folder has a cycle between its parts."""
    graph = grimp.build_graph(package, cache_dir=None)
    folders = [package, *graph.find_descendants(package)]
    return sum(len(graph.nominate_cycle_breakers(folder)) for folder in folders)


def figures(package: str) -> dict[str, float]:
    """The rows of the table for one package."""
    paths = modules(package)
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in paths]
    functions = [lines for path in paths for lines in function_lines(path)]
    folders = Counter(path.parent for path in paths)
    return {
        "modules": len(paths),
        "lines of the median module": statistics.median(lengths),
        "lines of the longest module": max(lengths),
        "lines of the median function": statistics.median(functions),
        "lines of the longest function": max(functions),
        "modules in the widest folder": max(folders.values()),
        "imports that close a cycle": cycles(package),
    }


def main() -> None:
    """Print the table."""
    columns = [figures(package) for package in PACKAGES]
    print(f"{'':32}{PACKAGES[0]:>12}{PACKAGES[1]:>14}")
    for name in columns[0]:
        print(f"{name:32}{columns[0][name]:12g}{columns[1][name]:14g}")


if __name__ == "__main__":
    main()
