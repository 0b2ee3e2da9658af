"""A model file and the corpus' dev clips in, its figures out; dev decides nothing else."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from daemon.classifier import Classifier
from daemon.errors import InputError
from daemon.replay import heard_in
from daemon.sound_file import read_sound
from daemon.window import WINDOW_SAMPLES, WINDOW_SECONDS
from model_build.augmentations.room import shoebox_response
from model_build.clips import Clip, Corpus, read_corpus
from model_build.day import day_at_home
from model_build.event_figures import EventFigures, event_figures
from model_build.event_replay import Alarms, alarms, events_in
from model_build.metrics import area_under_roc, micro_f1, right_by_family
from model_build.peer import CLASSES, yamnet

SPLIT = "dev"
SINGLE_KINDS = ("phrase", "room")

# As the corpus' own baseline was measured; it hears little difference.
PEER_PEAK = 0.5

SEED = 1
DAY_SECONDS = 3_600.0
PLACES = ((0.8, 0.25, -24.0), (2.0, 0.35, -32.0), (3.5, 0.5, -40.0))  # metres, RT60 s, dBFS

Hear = Callable[[Clip], NDArray[np.float32]]


class Figures(msgspec.Struct, frozen=True):
    """What a model reaches, by kind of clip: `phrase` is close and clean, `room` is not.

    `top1` is over clips, `by_family` over those of a family, `family_mean` over families. Kinds
    that the corpus has none of are absent.
    """

    clips: dict[str, int]
    top1: dict[str, float]
    family_mean: dict[str, float]
    by_family: dict[str, dict[str, float]]
    presence_auc: dict[str, float]
    mixture_f1: float | None = None
    day: EventFigures | None = None
    alarms: Alarms | None = None

    def flat(self) -> dict[str, float]:
        """The main figures by name, as the model file's provenance keeps them."""
        found = {}
        for name in ("top1", "family_mean", "presence_auc"):
            for kind, value in getattr(self, name).items():
                found[f"{SPLIT}_{kind}_{name}"] = round(value, 4)
        if self.mixture_f1 is not None:
            found[f"{SPLIT}_mixture_f1"] = round(self.mixture_f1, 4)
        if self.day is not None:
            found[f"{SPLIT}_day_hits"] = round(self.day.hits, 4)
            found[f"{SPLIT}_day_right"] = round(self.day.right, 4)
            found[f"{SPLIT}_day_false_events"] = self.day.false_events
        if self.alarms is not None:
            found[f"{SPLIT}_alarms"] = self.alarms.count
        return found


def evaluate(
    model: Path, corpus_folder: Path | None, *, day_seconds: float = DAY_SECONDS
) -> Figures:
    """Measure a model file through the daemon's own replay: clips as windows, a day as events.

    Raises InputError for a model or corpus that cannot be used.
    """
    classifier = Classifier(model)
    contract = classifier.contract
    corpus = read_corpus(corpus_folder, contract.families)

    def hear(clip: Clip) -> NDArray[np.float32]:
        return next(heard_in(str(corpus.folder / clip.path), classifier, WINDOW_SECONDS)).scores

    found = figures(corpus, hear, contract.families, np.array(contract.thresholds))
    return msgspec.structs.replace(found, **_events(corpus, classifier, day_seconds))


def _events(corpus: Corpus, classifier: Classifier, day_seconds: float) -> dict[str, Any]:
    """What the daemon makes of a day at home, and of all negatives in three places."""
    day = day_at_home(corpus, SPLIT, seed=SEED, seconds=day_seconds)
    heard = events_in(day.samples, classifier)
    rng = np.random.default_rng(SEED)
    places = [
        (shoebox_response(rng, distance_metres=metres, rt60_seconds=seconds), dbfs)
        for metres, seconds, dbfs in PLACES
    ]
    return {
        "day": event_figures(day.passages, heard, day_seconds),
        "alarms": alarms(corpus, SPLIT, classifier, places),
    }


def evaluate_peer(model: Path, corpus_folder: Path | None) -> Figures:
    """Measure YAMNet on the same clips; it has no thresholds, so mixtures are left out."""
    families = tuple(CLASSES)
    corpus = read_corpus(corpus_folder, families)
    scores = yamnet(model)

    def hear(clip: Clip) -> NDArray[np.float32]:
        samples = read_sound(str(corpus.folder / clip.path))[:WINDOW_SAMPLES]
        window = np.pad(samples, (0, WINDOW_SAMPLES - len(samples)))
        return scores(window * np.float32(PEER_PEAK / max(float(np.abs(window).max()), 1e-6)))

    return figures(corpus, hear, families, None)


def figures(
    corpus: Corpus,
    hear: Hear,
    families: Sequence[str],
    thresholds: NDArray[np.float64] | None,
) -> Figures:
    """The figures of any function from a clip to scores (families,)."""
    dev = [clip for clip in corpus.clips if clip.split == SPLIT]
    clips = {
        kind: [clip for clip in dev if clip.kind == kind]
        for kind in (*SINGLE_KINDS, "negative", "mixture")
    }
    if not clips["phrase"]:
        raise InputError(f"corpus {corpus.folder}: has no {SPLIT} phrases to measure with")
    scores = {kind: _scores(some, hear) for kind, some in clips.items() if some}
    by_family = {
        kind: right_by_family(
            scores[kind], families, [c.label for c in clips[kind]], [c.accepts for c in clips[kind]]
        )
        for kind in SINGLE_KINDS
        if kind in scores
    }
    counted = {kind: np.array([c.label for c in clips[kind]]) for kind in by_family}
    presence = {kind: scores[kind].max(axis=1) for kind in scores}
    return Figures(
        clips={kind: len(some) for kind, some in clips.items()},
        top1={
            kind: float(np.mean([by_family[kind][label] for label in counted[kind]]))
            for kind in by_family
        },
        family_mean={kind: float(np.mean(list(by_family[kind].values()))) for kind in by_family},
        by_family=by_family,
        presence_auc={
            kind: area_under_roc(presence[kind], presence["negative"])
            for kind in by_family
            if "negative" in presence
        },
        mixture_f1=_mixture_f1(clips["mixture"], scores, families, thresholds),
    )


def table(figures_by_name: dict[str, Figures]) -> str:
    """The figures of one or more models side by side, as text."""
    first = next(iter(figures_by_name.values()))
    rows = [["", *figures_by_name]]
    for kind in first.top1:
        every = list(figures_by_name.values())
        rows.append([f"{kind}: top-1", *(f"{f.top1[kind]:.3f}" for f in every)])
        rows.append([f"{kind}: mean over families", *(f"{f.family_mean[kind]:.3f}" for f in every)])
        if first.presence_auc:
            rows.append([f"{kind}: presence AUC", *(f"{f.presence_auc[kind]:.3f}" for f in every)])
        for family in first.by_family[kind]:
            cells = (_cell(f.by_family[kind].get(family)) for f in every)
            rows.append([f"{kind}: {family}", *cells])
    rows += _event_rows(list(figures_by_name.values()))
    mixtures = [_cell(f.mixture_f1) for f in figures_by_name.values()]
    rows.append(["mixture: micro F1", *mixtures])
    width = max(len(row[0]) for row in rows)
    return "\n".join(
        row[0].ljust(width) + "".join(cell.rjust(14) for cell in row[1:]) for row in rows
    )


def _event_rows(every: Sequence[Figures]) -> list[list[str]]:
    def row(name: str, text: Callable[[EventFigures], str]) -> list[str]:
        return [name, *(text(f.day) if f.day else "-" for f in every)]

    return [
        row("day: passages heard", lambda d: f"{d.hits:.3f}"),
        row("day: right family", lambda d: f"{d.right:.3f}"),
        row("day: onset error", lambda d: f"{d.onset_error_seconds:.1f} s"),
        row("day: end error", lambda d: f"{d.end_error_seconds:.1f} s"),
        row("day: false events an hour", lambda d: f"{d.false_events / d.hours:.1f}"),
        row("day: wrong families an hour", lambda d: f"{d.wrong_events / d.hours:.1f}"),
        ["false events, negatives alone", *(_alarm_cell(f.alarms) for f in every)],
    ]


def _alarm_cell(found: Alarms | None) -> str:
    return "-" if found is None else f"{found.count} in {found.minutes:.0f} min"


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _scores(clips: Sequence[Clip], hear: Hear) -> NDArray[np.float32]:
    """Scores (clips, families)."""
    return np.stack([hear(clip) for clip in tqdm(clips, clips[0].kind, leave=False, disable=None)])


def _mixture_f1(
    clips: Sequence[Clip],
    scores: dict[str, NDArray[np.float32]],
    families: Sequence[str],
    thresholds: NDArray[np.float64] | None,
) -> float | None:
    if thresholds is None or not clips:
        return None
    playing = np.array([[family in clip.families for family in families] for clip in clips])
    return micro_f1(scores["mixture"] >= thresholds, playing)
