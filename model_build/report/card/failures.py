"""The known weaknesses of the model, as sentences."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from model_build.evaluation.clip_figures import FEWEST_CLIPS
from model_build.evaluation.figures import Figures
from model_build.evaluation.sweep import Point
from model_build.report.findings import Findings

WEAK = 0.7  # families with a lower share of correct names are listed
CONDITION_WORDS = {
    "snr_db": "Household noise (dB SNR)",
    "distance_metres": "Distance (m)",
    "level_dbfs": "Level (dBFS)",
}


def failures(findings: Findings) -> list[str]:
    """Return a sentence for each weak family, untested family, condition and kind of event."""
    found = _weak_families(findings) + _untested_families(findings)
    top1 = findings.ours.top1
    if "room" in top1:
        found.append(
            f"Rooms: {100 * top1['phrase']:.0f} % of phrases are named right if close and clean, "
            f"{100 * top1['room']:.0f} % across a room with noise."
        )
    points = findings.our_scores.points
    for swept, words in CONDITION_WORDS.items():
        found += _condition([p for p in points if p.swept == swept], words)
    return found + _wrong_events(findings.ours)


def _weak_families(findings: Findings) -> list[str]:
    kind = "room" if "room" in findings.ours.by_family else "phrase"
    found = []
    shares = sorted(findings.ours.by_family[kind].items(), key=lambda item: item[1])
    for family, share in shares:
        if share >= WEAK:
            break
        count = findings.ours.clips_by_family[kind][family]
        few = f" (only {count} clips)" if count < FEWEST_CLIPS else ""
        confused = _confused_with(findings, kind, family)
        words = " and ".join(f"{other} ({100 * part:.0f} %)" for other, part in confused)
        found.append(
            f"{family.capitalize()}: {100 * share:.0f} % named right ({kind}){few}; most often "
            f"confused with {words}."
        )
    return found or [f"No family is named right in less than {100 * WEAK:.0f} % ({kind})."]


def _confused_with(findings: Findings, kind: str, family: str) -> list[tuple[str, float]]:
    """Return up to two families that are named most often instead, and their shares of clips."""
    clips, model = findings.details.clips, findings.our_scores
    paths = [path for path, clip in clips.items() if clip.kind == kind and clip.label == family]
    named = Counter(model.families[int(np.argmax(model.scores[path]))] for path in paths)
    accepted = {name for path in paths for name in clips[path].accepts}
    wrong = [(other, n / len(paths)) for other, n in named.most_common() if other not in accepted]
    return wrong[:2]


def _untested_families(findings: Findings) -> list[str]:
    missing = [f for f in findings.contract.families if f not in findings.ours.by_family["phrase"]]
    few = [
        family
        for family, count in findings.ours.clips_by_family["phrase"].items()
        if count < FEWEST_CLIPS
    ]
    found = []
    if missing:
        found.append(f"No clips to measure these families: {', '.join(missing)}.")
    if few:
        found.append(
            f"Fewer than {FEWEST_CLIPS} clips, so the figures of these families are uncertain: "
            f"{', '.join(few)}."
        )
    return found


def _condition(points: Sequence[Point], words: str) -> list[str]:
    """Return a sentence about the values of one condition; none if it was not swept."""
    if not points:
        return []
    shares = ", ".join(f"{100 * p.top1:.0f} % at {p.value:g}" for p in points)
    return [
        f"{words}: share of {points[0].clips} phrases in simulated rooms named right: {shares}."
    ]


def _wrong_events(ours: Figures) -> list[str]:
    found = []
    if ours.alarms and ours.alarms.count:
        sorts = sorted(ours.alarms.events.items(), key=lambda item: -item[1])
        counts = ", ".join(f"{sort} {count}" for sort, count in sorts)
        found.append(
            f"False events without music: {ours.alarms.count} in {ours.alarms.minutes:.0f} "
            f"minutes of difficult sounds without a pause ({counts})."
        )
    if ours.steady and ours.steady.count:
        counts = ", ".join(f"{sort} {count}" for sort, count in ours.steady.events.items())
        found.append(
            f"False events on steady sounds: {ours.steady.count} in {ours.steady.minutes:.0f} "
            f"minutes, which last {ours.steady.held_seconds:.0f} s ({counts})."
        )
    if ours.day:
        events = "event" if ours.day.false_events == 1 else "events"
        found.append(
            f"On simulated days at home {100 * (1 - ours.day.hits):.0f} % of passages are missed "
            f"and {100 * (ours.day.hits - ours.day.right):.0f} % are named as another family; "
            f"{ours.day.false_events} {events} without music in {ours.day.hours:.1f} h."
        )
    return found
