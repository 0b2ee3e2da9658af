"""The figures of the card."""

from model_build.evaluation.clip_scores import SPLIT
from model_build.report.findings import PEER, Findings
from model_build.report.markdown import table
from model_build.report.readings import DevReadings
from model_build.report.targets import ROWS


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
    models = list(findings.figures.values())
    rows = [[row.name, *(row.cell(f) for f in models), row.aim(row.target)] for row in ROWS]
    heads = ["", *findings.figures, "target"]
    return (
        f"Measured on the corpus' `{SPLIT}` split ({counts} clips). Its players, instruments and "
        "recordings are not those of the training clips. `phrase` clips are close and clean; "
        "`room` clips are the same phrases across a simulated room, with household noise at 10 dB "
        f"SNR. {PEER} is Google's network with its classes mapped to families, measured in the "
        f"same run. {measured}\n\n"
        f"{table(heads, rows)}\n\n"
        f"{_family_table(findings)}{_readings(readings)}"
    )


def _family_table(findings: Findings) -> str:
    ours, models = findings.ours, findings.figures
    kinds = [kind for kind in ("phrase", "room") if kind in ours.by_family]
    heads = ["family", "clips", *(f"{kind}: {name}" for kind in kinds for name in models)]
    rows = [
        [
            family,
            str(count),
            *(_share(f.by_family[kind].get(family)) for kind in kinds for f in models.values()),
        ]
        for family, count in ours.clips_by_family["phrase"].items()
    ]
    return f"Share of clips that are named right, by family:\n\n{table(heads, sorted(rows))}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _readings(readings: DevReadings) -> str:
    """Return the measurements of the dev clips as a folded table; empty if there were none."""
    if not readings.times:
        return ""
    rows = [[r.model, str(r.times), r.why] for r in readings.readings]
    return (
        "\n\n<details><summary>Measurements during development</summary>\n\n"
        f"{table(['model', 'times', 'reason'], rows)}\n\n</details>"
    )
