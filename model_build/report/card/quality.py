"""The figures of the card."""

from collections.abc import Iterable, Mapping

from model_build.evaluation.clip_scores import SPLIT
from model_build.evaluation.figures import Figures
from model_build.report.findings import PEER, Findings
from model_build.report.markdown import table
from model_build.report.readings import DevReadings
from model_build.report.target_row import Row, with_interval
from model_build.report.targets import ROWS, second_rows


def quality(findings: Findings) -> str:
    """Return the tables of figures, of families and of measurements."""
    readings = findings.dev_readings
    measured = (
        f"The clips were measured {readings.times_in_words} during development, so the figures are "
        "slightly optimistic."
        if readings.times
        else "How often the clips were measured is not recorded."
    )
    clips = findings.ours.clips
    counts = ", ".join(f"{count} {kind}" for kind, count in clips.items() if count)
    models = findings.figures
    days = findings.ours.day.days if findings.ours.day else 0
    return (
        f"Measured on the corpus' `{SPLIT}` split ({counts} clips). Its players, instruments and "
        "recordings are not those of the training clips. `phrase` clips are close and clean; "
        "`room` clips are the same phrases across a simulated room, with household noise at 10 dB "
        f"SNR. {PEER} is Google's network with its classes mapped to families, measured in the "
        f"same run. Intervals in parentheses are confidence intervals (95 %). {_days(days)}"
        f"{measured}\n\n"
        f"{_figure_table(ROWS, models)}\n\n{_second(findings)}"
        f"{_family_table(findings)}{_readings(readings)}"
    )


def _days(days: int) -> str:
    if not days:
        return ""
    of_days = "one simulated day" if days == 1 else f"{days} simulated days"
    return (
        f"Events are those of {of_days} at home, made of the same clips. *Message after the start* "
        "is the time from the start of a passage to the message of its family, without the "
        "passages that have none. Hum, fans and fridges are computed. "
    )


def _second(findings: Findings) -> str:
    """Return the table of the clips that were added later; empty without such clips."""
    second = findings.ours.second
    if second is None:
        return ""
    counts = ", ".join(f"{count} {kind}" for kind, count in second.clips.items() if count)
    found = {name: f.second for name, f in findings.figures.items() if f.second}
    return (
        f"Dev clips that were added later (`{findings.ours.second_paths}`; {counts}), not among "
        "those above. Their rooms are simulated in the same way, with a fixed seed:\n\n"
        f"{_figure_table(second_rows([findings.ours]), found)}\n\n"
    )


def _figure_table(rows: Iterable[Row], models: Mapping[str, Figures]) -> str:
    cells = [[r.name, *map(r.cell, models.values()), r.aim(r.target)] for r in rows]
    return table(["", *models, "target"], cells)


def _family_table(findings: Findings) -> str:
    ours, models = findings.ours, findings.figures
    kinds = [kind for kind in ("phrase", "room") if kind in ours.by_family]
    heads = ["family", "clips", *(f"{kind}: {name}" for kind in kinds for name in models)]
    rows = [
        [
            family,
            str(count),
            *(
                with_interval(f.by_family[kind].get(family), count)
                for kind in kinds
                for f in models.values()
            ),
        ]
        for family, count in ours.clips_by_family["phrase"].items()
    ]
    return f"Share of clips that are named right, by family:\n\n{table(heads, sorted(rows))}"


def _readings(readings: DevReadings) -> str:
    """Return the measurements of the dev clips as a folded table; empty if there were none."""
    if not readings.times:
        return ""
    rows = [[r.model, str(r.times), r.why] for r in readings.readings]
    return (
        "\n\n<details><summary>Measurements during development</summary>\n\n"
        f"{table(['model', 'times', 'reason'], rows)}\n\n</details>"
    )
