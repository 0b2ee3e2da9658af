"""Print how the code is divided: `python -m benchmarks.structure`.

The table shows the length of modules and functions in lines, the number of modules in the widest
folder, and the imports that close a cycle. Lazy and type-only imports count, too.
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
    """Return the paths of all modules of a package except the `__init__` files."""
    return sorted(p for p in (ROOT / package).rglob("*.py") if p.name != "__init__.py")


def function_lines(path: Path) -> Iterator[int]:
    """Yield the number of lines of each function in a module, including its docstring."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield node.end_lineno - node.lineno + 1


def cycles(package: str) -> int:
    """Return how many imports must be removed so that no folder has a cycle between its parts."""
    graph = grimp.build_graph(package, cache_dir=None)
    folders = [package, *graph.find_descendants(package)]
    return sum(len(graph.nominate_cycle_breakers(folder)) for folder in folders)


def figures(package: str) -> dict[str, float]:
    """Return the figures of one package by the names of the table's rows."""
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
