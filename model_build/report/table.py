"""The figures of models as a text table."""

from collections.abc import Mapping, Sequence

from model_build.evaluation.clip_figures import FEWEST_CLIPS
from model_build.evaluation.figures import Figures
from model_build.report.target_row import NONE
from model_build.report.targets import ROWS, of_day, of_kind, per_hour

# Further figures, without targets.
MORE_ROWS = (
    ("day: end error, median", of_day("end_error_seconds"), "{:.1f} s"),
    ("day: wrong families an hour", per_hour("wrong_events"), "{:.1f}"),
    ("phrase: calibration error", of_kind("calibration_error", "phrase"), "{:.3f}"),
)


def figure_table(found: Mapping[str, Figures]) -> str:
    """Return the figures of one or more models side by side, with their targets."""
    models = list(found.values())
    rows = [["", *found, "target", "stretch"]]
    rows += [
        [row.name, *map(row.cell, models), row.aim(row.target), row.aim(row.stretch)]
        for row in ROWS
    ]
    rows += [
        [name, *(_cell(value(figures), text) for figures in models), "", ""]
        for name, value, text in MORE_ROWS
    ]
    rows += [row for kind in models[0].by_family for row in _family_rows(kind, models)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in rows
    )


def _family_rows(kind: str, models: Sequence[Figures]) -> list[list[str]]:
    rows = []
    for family, clips in models[0].clips_by_family[kind].items():
        few = f"{clips} clips, few" if clips < FEWEST_CLIPS else f"{clips} clips"
        cells = (_cell(figures.by_family[kind].get(family)) for figures in models)
        rows.append([f"{kind}: {family}", *cells, few, ""])
    return sorted(rows)


def _cell(value: float | None, text: str = "{:.3f}") -> str:
    return NONE if value is None else text.format(value)
