"""The frame of every page: a head, and the contents as JSON that its scripts show."""

import shutil
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from daemon.errors import InputError
from daemon.system.installation import pip_install
from model_build.lab.page.run_contents import encoded
from model_build.lab.page.shared_file import shared_file

ASSETS = "assets"
_PLOTLY = "plotly.min.js"
_FRAME = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="assets/lab.css">
{scripts}
<body data-page="{kind}">
<header id="head"></header>
<main id="main"></main>
<noscript>This page needs JavaScript.</noscript>
<script type="application/json" id="contents">{contents}</script>
</body>
</html>
"""
_SCRIPTS = (
    *("element.js", "numbers.js", "charts.js", "tables.js", "clips.js", "confusions.js"),
    *("training.js", "variations.js", "run.js", "index.js", "data.js", "start.js"),
)


def write_page(path: Path, kind: str, title: str, contents: Any) -> None:
    """Write a page of a kind (`run`, `index` or `data`), and the assets beside it."""
    write_assets(path.parent / ASSETS)
    scripts = "\n".join(f'<script defer src="assets/{name}"></script>' for name in _SCRIPTS)
    page = _FRAME.format(
        title=escape(title), scripts=scripts, kind=kind, contents=encoded(contents)
    )
    with shared_file(path) as fresh:
        fresh.write_text(page, encoding="utf-8")


def write_assets(folder: Path) -> None:
    """Write the style sheet, the scripts and Plotly to a folder, where they have changed.

    Raises InputError if Plotly is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    static = files("model_build.lab.page") / "static"
    for name in ("lab.css", *_SCRIPTS):
        _replace(folder / name, (static / name).read_bytes())
    try:
        plotly = files("plotly") / "package_data" / _PLOTLY
    except ModuleNotFoundError:
        raise InputError(f"a page needs Plotly (the extra lab); {pip_install('plotly')}") from None
    kept = folder / _PLOTLY
    with Path(str(plotly)).open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        if not kept.is_file() or kept.stat().st_size != size:
            with shared_file(kept) as fresh, fresh.open("wb") as copy:
                shutil.copyfileobj(file, copy)


def _replace(path: Path, content: bytes) -> None:
    if not path.is_file() or path.read_bytes() != content:
        with shared_file(path) as fresh:
            fresh.write_bytes(content)
