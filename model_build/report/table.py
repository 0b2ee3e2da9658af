"""The figures of models as a text table."""

from collections.abc import Mapping, Sequence

from model_build.evaluation.clip_figures import FEWEST_CLIPS
from model_build.evaluation.figures import Figures
from model_build.report.target_row import NONE, with_interval
from model_build.report.targets import ROWS, of_day, of_kind, second_rows

# Further figures, without targets.
MORE_ROWS = (
    ("day: end error, median", of_day("end_error_seconds"), "{:.1f} s"),
    ("phrase: calibration error", of_kind("calibration_error", "phrase"), "{:.3f}"),
)


def figure_table(found: Mapping[str, Figures]) -> str:
    """Return the figures of one or more models side by side, with their targets.

    A second table follows if clips were added to the corpus later.
    """
    models = list(found.values())
    text = _aligned([["", *found, "target", "stretch"], *_first_rows(models)])
    seconds = [figures.second for figures in models if figures.second]
    if not seconds:
        return text
    rows = [
        [row.name, *map(row.cell, seconds), row.aim(row.target), row.aim(row.stretch)]
        for row in second_rows(models)
    ]
    heads = [f"clips of {models[0].second_paths}", *found, "target", "stretch"]
    return f"{text}\n\n{_aligned([heads, *rows, *_rows_by_family(seconds)])}"


def _first_rows(models: Sequence[Figures]) -> list[list[str]]:
    rows = [
        [row.name, *map(row.cell, models), row.aim(row.target), row.aim(row.stretch)]
        for row in ROWS
    ]
    rows += [
        [name, *(_cell(value(figures), text) for figures in models), "", ""]
        for name, value, text in MORE_ROWS
    ]
    return rows + _rows_by_family(models)


def _rows_by_family(models: Sequence[Figures]) -> list[list[str]]:
    return [row for kind in models[0].by_family for row in _family_rows(kind, models)]


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in rows
    )


def _family_rows(kind: str, models: Sequence[Figures]) -> list[list[str]]:
    rows = []
    for family, clips in models[0].clips_by_family[kind].items():
        few = f"{clips} clips, few" if clips < FEWEST_CLIPS else f"{clips} clips"
        cells = (with_interval(figures.by_family[kind].get(family), clips) for figures in models)
        rows.append([f"{kind}: {family}", *cells, few, ""])
    return sorted(rows)


def _cell(value: float | None, text: str) -> str:
    return NONE if value is None else text.format(value)
