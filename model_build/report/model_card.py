"""What is known of a run in, its model card as Markdown out: for what, from what, how good."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from daemon.errors import InputError
from model_build.corpus.clips import Clip, read_corpus
from model_build.evaluation.clip_figures import FEWEST_CLIPS, SPLIT, Figures
from model_build.evaluation.details import Said
from model_build.evaluation.sweep import Point
from model_build.report.findings import PEER, DevReadings, Findings
from model_build.report.markdown import bullets, table
from model_build.report.targets import ROWS

WEAK = 0.7  # the share named right, below which a family is named as weak
WORDS = {
    "snr_db": "Household noise (dB SNR)",
    "distance_metres": "Distance (m)",
    "level_dbfs": "Level (dBFS)",
}
KINDS = {
    "phrase": "played phrases",
    "note": "single notes",
    "drum": "drum strokes",
    "negative": "speech, noise and other sounds without an instrument",
    "unlabelled": "music that nobody labelled",
    "rir": "impulse responses of rooms and devices",
}


def model_card(findings: Findings, corpus: Path | None) -> str:
    """The whole card."""
    parts = [
        f"# Model card: {findings.name}",
        _intended(findings),
        "## How well it hears",
        _metrics(findings),
        "## Where it fails",
        bullets(_failures(findings)),
        "## What it was made from",
        _data(findings, corpus),
        "## How to rebuild it",
        _rebuild(findings),
    ]
    return "\n\n".join(parts) + "\n"


def _intended(findings: Findings) -> str:
    contract, size = findings.contract, findings.ours.size_bytes
    families = f"{len(contract.families)} instrument families: {', '.join(contract.families)}"
    of_size = f" of {size / 1e6:.2f} MB" if size else ""
    patches = f"{len(contract.patch_starts)} patches of {contract.patch_frames} log-mel frames"
    facts = [
        f"hears 4 s of sound at {contract.front_end.sample_rate_hz // 1000} kHz, once a second",
        f"gives a score in 0..1 for each of {families}; several may be high at once",
        f"is an int8 network{of_size} that reads {patches}",
    ]
    if base := contract.provenance.base:
        facts.append(
            f"started from the weights of {base} (Google, {contract.provenance.base_licence}), see "
            "NOTICE"
        )
    return (
        "It names the family of the instruments that are played in a room, for lights, scenes and "
        "practice logs at home, on a small computer that keeps the sound to itself. It\n\n"
        f"{bullets(facts)}\n\n"
        "It is not made to identify people or pieces, to judge playing, to listen to speech, or "
        "for anything where a missed or a wrong event does harm. Recorded music from a loudspeaker "
        "counts as music to it."
    )


def _metrics(findings: Findings) -> str:
    looks = findings.dev_readings
    read = (
        f"The clips were measured {looks.counted} during development, so the figures are slightly "
        "optimistic."
        if looks.times
        else "How often the clips were measured is not recorded."
    )
    clips = findings.ours.clips
    counts = ", ".join(f"{count} {kind}" for kind, count in clips.items() if count)
    every = list(findings.figures.values())
    rows = [[row.name, *(row.cell(f) for f in every), row.aim(row.target)] for row in ROWS]
    heads = ["", *findings.figures, "target"]
    return (
        f"Measured on the corpus' `{SPLIT}` split ({counts} clips), of other players, instruments "
        "and recordings than those it was trained on. `phrase` is close and clean, `room` the "
        f"same phrases across a simulated room with household noise at 10 dB SNR. {PEER} is "
        f"Google's network, its classes mapped to families, in the same run. {read}\n\n"
        f"{table(heads, rows)}\n\n"
        f"{_family_table(findings)}{_readings(looks)}"
    )


def _readings(looks: DevReadings) -> str:
    """The measurements of the clips as a folded table; empty if there were none."""
    if not looks.times:
        return ""
    rows = [[r.model, str(r.times), r.why] for r in looks.readings]
    return (
        "\n\n<details><summary>Measurements during development</summary>\n\n"
        f"{table(['model', 'times', 'reason'], rows)}\n\n</details>"
    )


def _family_table(findings: Findings) -> str:
    ours, every = findings.ours, findings.figures
    kinds = [kind for kind in ("phrase", "room") if kind in ours.by_family]
    heads = ["family", "clips", *(f"{kind}: {name}" for kind in kinds for name in every)]
    rows = [
        [
            family,
            str(count),
            *(_share(f.by_family[kind].get(family)) for kind in kinds for f in every.values()),
        ]
        for family, count in ours.clips_by_family["phrase"].items()
    ]
    return f"Share named right, by family:\n\n{table(heads, sorted(rows))}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _failures(findings: Findings) -> list[str]:
    """What the figures say of families, sounds, rooms, noise and levels."""
    said = next(iter(findings.said.values()))
    found = _weak_families(findings, said) + _untested(findings)
    top1 = findings.ours.top1
    if "room" in top1:
        found.append(
            f"Rooms: {100 * top1['phrase']:.0f} % of phrases are named right close and clean, "
            f"{100 * top1['room']:.0f} % across a room with noise."
        )
    for swept, words in WORDS.items():
        found += _conditions([p for p in said.points if p.swept == swept], words)
    return found + _weak_events(findings.ours)


def _weak_families(findings: Findings, said: Said) -> list[str]:
    kind = "room" if "room" in findings.ours.by_family else "phrase"
    found = []
    shares = sorted(findings.ours.by_family[kind].items(), key=lambda item: item[1])
    for family, share in shares:
        if share >= WEAK:
            break
        count = findings.ours.clips_by_family[kind][family]
        few = f" ({count} clips: few)" if count < FEWEST_CLIPS else ""
        taken = _taken_for(findings, said, kind, family)
        words = " and ".join(f"{other} ({100 * part:.0f} %)" for other, part in taken)
        found.append(
            f"{family.capitalize()}: {100 * share:.0f} % named right ({kind}){few}; most often "
            f"taken for {words}."
        )
    return found or [f"No family is named right in less than {100 * WEAK:.0f} % ({kind})."]


def _taken_for(findings: Findings, said: Said, kind: str, family: str) -> list[tuple[str, float]]:
    """What a family is taken for most often, and in which share of its clips."""
    shown = findings.details.clips
    of_family = [p for p, s in shown.items() if s.kind == kind and s.label == family]
    taken = Counter(said.families[int(np.argmax(said.scores[path]))] for path in of_family)
    accepted = {name for path in of_family for name in shown[path].accepts}
    wrong = [
        (other, n / len(of_family)) for other, n in taken.most_common() if other not in accepted
    ]
    return wrong[:2]


def _untested(findings: Findings) -> list[str]:
    missing = [f for f in findings.contract.families if f not in findings.ours.by_family["phrase"]]
    few = [
        family
        for family, count in findings.ours.clips_by_family["phrase"].items()
        if count < FEWEST_CLIPS
    ]
    found = []
    if missing:
        found.append(f"Nothing was there to measure these with: {', '.join(missing)}.")
    if few:
        found.append(
            f"Fewer than {FEWEST_CLIPS} clips, so that their figures say little: {', '.join(few)}."
        )
    return found


def _conditions(points: Sequence[Point], words: str) -> list[str]:
    """What one condition that was swept does."""
    if not points:
        return []
    shares = ", ".join(f"{100 * p.top1:.0f} % at {p.value:g}" for p in points)
    return [f"{words}: of {points[0].clips} phrases in simulated rooms are named right {shares}."]


def _weak_events(ours: Figures) -> list[str]:
    found = []
    if ours.alarms and ours.alarms.count:
        sorts = sorted(ours.alarms.events.items(), key=lambda item: -item[1])
        counts = ", ".join(f"{sort} {count}" for sort, count in sorts)
        found.append(
            f"False events when nobody plays: {ours.alarms.count} in {ours.alarms.minutes:.0f} "
            f"minutes of hard sounds without pause ({counts})."
        )
    if ours.day:
        events = "event" if ours.day.false_events == 1 else "events"
        found.append(
            f"In an hour of a day at home {100 * (1 - ours.day.hits):.0f} % of passages are missed "
            f"and {100 * (ours.day.hits - ours.day.right):.0f} % heard as another family; "
            f"{ours.day.false_events} {events} without music."
        )
    return found


def _data(findings: Findings, corpus: Path | None) -> str:
    clips, sides = _made_from(findings, corpus)
    if not clips:
        return "Not recorded: neither the run's list of clips nor a corpus is at hand."
    by_kind: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        by_kind[clip.kind].append(clip)
    rows = [
        [KINDS.get(kind, kind), *_counts(by_kind[kind])]
        for kind in sorted(by_kind, key=lambda kind: -len(by_kind[kind]))
    ]
    rows.append(["all", *_counts(clips)])
    heads = ["kind", "clips", "sources", "freely licensed", "in doubt"]
    return (
        f"{table(heads, rows)}\n\n"
        "*Freely licensed*: CC0, CC BY, MIT, BSD, Apache or public domain. The others state a "
        "licence that does not forbid to train on them and to ship a model. *In doubt*: something "
        "about the licence or the label is. None of the clips is part of this project.\n\n"
        f"{sides}Whole groups (one instrument, player or recording) are on one side of a split "
        f"only. Clips of the split `{SPLIT}` are never trained on.\n\n"
        f"<details><summary>Clips by licence, as stated where they come from</summary>\n\n"
        f"{_licences(clips)}\n\n</details>"
    )


def _made_from(findings: Findings, corpus: Path | None) -> tuple[list[Clip], str]:
    """The clips that the model was made from, and how they were split."""
    if findings.used:
        sides = Counter(used.side for used in findings.used)
        words = (
            f"Of them {sides['train']} were learned from; {sides['held']} were held back for early "
            "stopping, calibration and thresholds. "
        )
        return [used.clip for used in findings.used], words
    if corpus is None:
        return [], ""
    try:
        read = read_corpus(corpus, findings.contract.families)
    except InputError:
        return [], ""
    return [clip for clip in read.clips if clip.split == "train"], ""


def _counts(clips: Sequence[Clip]) -> list[str]:
    return [
        str(len(clips)),
        str(len({clip.source for clip in clips})),
        str(sum(clip.redistributable for clip in clips)),
        str(sum(bool(clip.doubt) for clip in clips)),
    ]


def _licences(clips: Iterable[Clip]) -> str:
    by_licence: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        by_licence[clip.licence or "not stated"].append(clip)
    rows = [
        [
            licence,
            ", ".join(sorted({clip.kind for clip in some})),
            str(len(some)),
            str(sum(bool(clip.doubt) for clip in some)),
        ]
        for licence, some in sorted(by_licence.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    return table(["licence", "kinds", "clips", "in doubt"], rows)


def _rebuild(findings: Findings) -> str:
    provenance = findings.contract.provenance
    name = findings.contract.name.removeprefix("timbrel-")
    base = " --base yamnet.tflite" if provenance.base else ""
    facts = [
        f"recipe: SHA-256 `{provenance.recipe_sha256}`",
        f"corpus' manifest: SHA-256 `{provenance.corpus_sha256}`",
        f"seed: {provenance.seed}",
    ]
    return (
        "```\nscript/setup build\n"
        "export TIMBREL_CORPUS=/path/to/corpus\n"
        f".venv/bin/timbrel-build all --recipe configs/recipe-{name}.yaml{base}\n```\n\n"
        f"{bullets(facts)}"
    )
