"""The clips that the model was made from."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from daemon.errors import InputError
from model_build.corpus.clips import Clip, read_corpus
from model_build.evaluation.clip_scores import SPLIT
from model_build.report.findings import Findings
from model_build.report.markdown import table

KIND_WORDS = {
    "phrase": "played phrases",
    "note": "single notes",
    "drum": "drum strokes",
    "negative": "speech, noise and other sounds without an instrument",
    "unlabelled": "unlabelled music",
    "rir": "impulse responses of rooms and devices",
}


def data(findings: Findings, corpus: Path | None) -> str:
    """Return the tables of clips by kind and by licence.

    The clips come from the run's list or, without one, from the corpus.
    """
    clips, sides = _made_from(findings, corpus)
    if not clips:
        return "Not recorded: the run has no list of clips, and there is no corpus to read."
    by_kind: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        by_kind[clip.kind].append(clip)
    rows = [
        [KIND_WORDS.get(kind, kind), *_counts(by_kind[kind])]
        for kind in sorted(by_kind, key=lambda kind: -len(by_kind[kind]))
    ]
    rows.append(["all", *_counts(clips)])
    heads = ["kind", "clips", "sources", "freely licensed", "in doubt"]
    return (
        f"{table(heads, rows)}\n\n"
        "*Freely licensed*: CC0, CC BY, MIT, BSD, Apache or public domain. The licences of the "
        "others do not forbid training on them and shipping the model. *In doubt*: the licence or "
        "the label is uncertain. None of the clips is part of this project.\n\n"
        f"{sides}All clips of a group (an instrument, player or recording) are on the same side of "
        f"a split. Clips of the split `{SPLIT}` are never used for training.\n\n"
        f"<details><summary>Clips by licence, as stated by their sources</summary>\n\n"
        f"{_licences(clips)}\n\n</details>"
    )


def _made_from(findings: Findings, corpus: Path | None) -> tuple[list[Clip], str]:
    """Return the clips that the model was made from, and a sentence about their split."""
    if findings.used:
        sides = Counter(used.side for used in findings.used)
        words = (
            f"The network was fitted to {sides['train']} of them; {sides['held']} were held out "
            "for early stopping, calibration and thresholds. "
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
