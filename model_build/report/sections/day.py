"""The section with the simulated day at home: its sounds, and the daemon's events."""

from pathlib import Path

from model_build.evaluation.events.outcomes import outcome, verdict
from model_build.evaluation.events.replayed import Replayed
from model_build.report.drawing.timeline import Bar, clock, timeline
from model_build.report.findings import Findings
from model_build.report.sections.section import Section
from model_build.windows.home_day import Passage

LEGEND = {
    "music": "music",
    "missed": "music that was missed",
    "other": "speech, noise, silence",
    "right": "right event",
    "wrong": "event of another family",
    "false": "event without music",
}


def day_section(findings: Findings, _: Path | None) -> Section | None:
    """Return the figures of all days, and the timeline of the first."""
    days, figures = findings.details.days, findings.ours.day
    if figures is None or not days:
        return None
    first = f"The timeline shows the first of {len(days)} days. " if len(days) > 1 else ""
    legend = "".join(f'<span class="swatch {look}">{LEGEND[look]}</span>' for look in LEGEND)
    return Section(
        "A day at home",
        f"{first}{figures.passages} passages of music in {60 * figures.hours:.0f} minutes: "
        f"{100 * figures.hits:.0f} % detected, {100 * figures.right:.0f} % as the right family; "
        f"{figures.false_events} events without music, {figures.wrong_events} of another family.",
        f'<p class="keys">{legend}</p>{day_timeline(days[0])}',
    )


def day_timeline(day: Replayed) -> str:
    """Return the timeline: the passages above, the events below."""
    return timeline({"truth": _passage_bars(day), "events": _event_bars(day)}, day.seconds)


def _passage_bars(day: Replayed) -> list[Bar]:
    bars = []
    for passage in day.passages:
        words, look, result = _words(passage), "other", ""
        if passage.accepts:
            found = outcome(passage, day.music, day.events)
            look = "music" if found.hit else "missed"
            result = "named right" if found.right else "detected" if found.hit else "missed"
        span = f"{clock(passage.start_seconds)} to {clock(passage.end_seconds)}"
        tooltip = f"{words}, {span} {result}".strip()
        bars.append(Bar(passage.start_seconds, passage.end_seconds, words, look, tooltip))
    return bars


def _event_bars(day: Replayed) -> list[Bar]:
    bars = []
    for event in day.events:
        judged = verdict(event, day.music)
        tooltip = (
            f"event {event.family}, {clock(event.onset)} to {clock(event.ended_at)}, "
            f"peak {event.peak:.2f}: {judged}"
        )
        bars.append(Bar(event.onset, event.ended_at, event.family, judged, tooltip))
    return bars


def _words(passage: Passage) -> str:
    return " or ".join(passage.accepts) or passage.what
