"""What an evaluation found in, the pictures of a report out, each as a piece of HTML."""

import base64
import io
from collections import Counter, defaultdict
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.log_mel import FrontEnd, LogMel
from daemon.sound.sound_file import read_sound
from daemon.sound.window import WINDOW_SAMPLES
from model_build.evaluation.details import Details, Said, Shown
from model_build.evaluation.metrics import (
    area_under_roc,
    average_precision,
    precision_recall,
    reliability,
    roc,
)
from model_build.report.charts import Axis, Series, axis_around, line_chart, share_axis
from model_build.report.findings import PEER
from model_build.report.mistakes import Mistake

FEW = 3  # clips of a family, too few for a curve
SWEPT = {
    "snr_db": "household noise: SNR, dB",
    "distance_metres": "distance, m",
    "level_dbfs": "level, dBFS",
}
WHAT = {"top1": "share named right", "true_score": "score of the true family"}
LOOKS = ("ours", "peer")


def gauge(ours: float, peer: float | None = None, target: float | None = None) -> str:
    """A share as a bar, with ticks where the peer and the target are."""
    ticks = "".join(
        f'<i class="{look}" style="left:{100 * share:.1f}%"></i>'
        for look, share in (("target", target), ("peer", peer))
        if share is not None
    )
    bar = f'<b style="width:{100 * ours:.1f}%"></b>'
    return f'<div class="gauge" aria-hidden="true">{bar}{ticks}</div>'


def confusion(details: Details, said: Said, kind: str) -> str:
    """A table: of the clips of each label, how many were said to be what."""
    counts: dict[str, Counter[tuple[str, bool]]] = defaultdict(Counter)
    for path, shown in _clips(details, said, kind):
        best = said.families[int(np.argmax(said.scores[path]))]
        counts[shown.label][best, best in shown.accepts] += 1
    head = "".join(f'<th scope="col"><span>{escape(f)}</span></th>' for f in said.families)
    body = "".join(_confusion_row(label, counts[label], said.families) for label in sorted(counts))
    return (
        f'<table class="confusion"><caption>{escape(kind)}: of the clips of each family, the '
        f'share (%) that is named so</caption><thead><tr><th scope="col">really</th>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table>"
    )


def _confusion_row(label: str, counts: Counter[tuple[str, bool]], families: Sequence[str]) -> str:
    total = counts.total()
    cells = [f'<th scope="row">{escape(label)} <small>{total}</small></th>']
    for family in families:
        accepted, wrong = counts[family, True], counts[family, False]
        if not accepted + wrong:
            cells.append("<td></td>")
            continue
        share = 100.0 * (accepted + wrong) / total
        look = "right" if accepted >= wrong else "wrong"
        said = f"{label} named {family}: {accepted + wrong} of {total}"
        said += f", {accepted} of them accepted" if accepted and wrong else ""
        cells.append(
            f'<td class="{look}" style="--share:{min(90.0, 8 + share):.0f}%" '
            f'title="{escape(said)}">{share:.0f}</td>'
        )
    return f"<tr>{''.join(cells)}</tr>"


def family_bars(ours: dict[str, float], peer: dict[str, float], clips: dict[str, int]) -> str:
    """A bar a family, the worst first, with a tick where the peer is."""
    rows = []
    for family, share in sorted(ours.items(), key=lambda item: item[1]):
        theirs = peer.get(family)
        beside = "" if theirs is None else f' <span class="peer">{theirs:.2f}</span>'
        rows.append(
            f'<tr><th scope="row">{escape(family)} <small>{clips[family]} clips</small></th>'
            f"<td>{gauge(share, theirs, 0.7)}</td><td>{share:.2f}{beside}</td></tr>"
        )
    return f'<table class="families"><tbody>{"".join(rows)}</tbody></table>'


def curves(details: Details, every: dict[str, Said], kind: str) -> str:
    """For each family two charts, told from all else: ROC, and precision against recall."""
    figures = []
    for family in next(iter(every.values())).families:
        drawn: dict[str, list[Series]] = {"roc": [], "pr": []}
        captions = []
        for look, (name, said) in zip(LOOKS, every.items(), strict=False):
            apart = _apart(details, said, kind, family)
            if apart is None:
                continue
            drawn["roc"].append(Series(name, look, *roc(*apart)))
            drawn["pr"].append(Series(name, look, *precision_recall(*apart)))
            area, precision = area_under_roc(*apart), average_precision(*apart)
            captions.append(f'<span class="{look}">{area:.3f} / {precision:.3f}</span>')
        if drawn["roc"]:
            figures.append(_curve_figure(family, drawn, captions))
    return f'<div class="grid curves">{"".join(figures)}</div>'


def _curve_figure(family: str, drawn: dict[str, list[Series]], captions: list[str]) -> str:
    size = (230, 190)
    left = line_chart(
        drawn["roc"],
        share_axis("false positives"),
        share_axis("hits"),
        said=f"ROC curve of {family}",
        size=size,
        diagonal=True,
    )
    right = line_chart(
        drawn["pr"],
        share_axis("recall"),
        share_axis("precision"),
        said=f"Precision against recall of {family}",
        size=size,
    )
    return (
        f"<figure><figcaption><b>{escape(family)}</b> {' '.join(captions)}</figcaption>"
        f'<div class="pair">{left}{right}</div></figure>'
    )


def _apart(
    details: Details, said: Said, kind: str, family: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """The family's scores of its clips, and of those where it would be wrong."""
    if family not in said.families:
        return None
    place = said.families.index(family)
    positive, negative = [], []
    for path, shown in [*_clips(details, said, kind), *_clips(details, said, "negative")]:
        if shown.label == family:
            positive.append(said.scores[path][place])
        elif family not in shown.accepts:
            negative.append(said.scores[path][place])
    if len(positive) < FEW or not negative:
        return None
    return np.array(positive), np.array(negative)


def reliability_diagram(details: Details, every: dict[str, Said], kind: str) -> str:
    """How often the top score's family is right, against that score."""
    series = []
    for look, (name, said) in zip(LOOKS, every.items(), strict=False):
        rows = list(_clips(details, said, kind))
        scores = np.array([said.scores[path] for path, _ in rows])
        best = scores.argmax(axis=1)
        right = np.array(
            [said.families[b] in shown.accepts for b, (_, shown) in zip(best, rows, strict=True)]
        )
        bins = reliability(scores.max(axis=1), right)
        series.append(
            Series(name, look, [b.score for b in bins], [b.right for b in bins], dots=True)
        )
    return line_chart(
        series,
        share_axis("top score"),
        share_axis("share that is right"),
        said=f"Reliability of the top score, {kind}: on the diagonal a score is a probability",
        diagonal=True,
    )


def sweeps(every: dict[str, Said]) -> str:
    """Share named right, and the true family's score, as conditions get better."""
    charts = [
        _sweep_chart(every, swept, what)
        for what in WHAT
        for swept in SWEPT
        if any(p.swept == swept for said in every.values() for p in said.points)
    ]
    return f'<div class="grid charts">{"".join(f"<figure>{c}</figure>" for c in charts)}</div>'


def _sweep_chart(every: dict[str, Said], swept: str, what: str) -> str:
    series = []
    for look, (name, said) in zip(LOOKS, every.items(), strict=False):
        points = [point for point in said.points if point.swept == swept]
        ys = [float(getattr(point, what)) for point in points]
        series.append(Series(name, look, [point.value for point in points], ys, dots=True))
    values = sorted(series[0].x)
    said_so = f"{WHAT[what]} against {SWEPT[swept]}: " + "; ".join(
        f"{one.name} " + ", ".join(f"{y:.2f} at {x:g}" for x, y in zip(one.x, one.y, strict=True))
        for one in series
    )
    axis = Axis(SWEPT[swept], values[0], values[-1], values)
    return line_chart(series, axis, share_axis(WHAT[what]), said=said_so)


def histories(history: dict[str, list[float]]) -> str:
    """Each figure of the training by epoch, on the training side and the held-out one."""
    figures = []
    for name in (name for name in history if not name.startswith("val_")):
        series = [
            Series("in training", "faint", _epochs(history[name]), history[name], dots=True),
        ]
        if held := history.get(f"val_{name}"):
            series.append(Series("held out", "ours", _epochs(held), held, dots=True))
        values = [value for one in series for value in one.y]
        if not values or not np.isfinite(values).all():
            continue
        words = name.replace("_", " ")
        epochs = axis_around("epoch", [1.0, max(2.0, *series[0].x)])
        chart = line_chart(
            series,
            epochs._replace(low=1.0, ticks=[t for t in epochs.ticks if t >= 1]),
            axis_around(words, values),
            said=f"{words} by epoch",
        )
        figures.append(f"<figure>{chart}</figure>")
    return f'<div class="grid charts">{"".join(figures)}</div>'


def _epochs(values: Sequence[float]) -> list[float]:
    return [float(epoch) for epoch in range(1, len(values) + 1)]


def mistake_card(mistake: Mistake, peer: Said | None, corpus: Path | None) -> str:
    """A clip that was heard wrong: how it looks, what it is, and what was said."""
    shown = mistake.shown
    really = " or ".join(shown.accepts) if shown.accepts else f"{shown.label}, no instrument"
    bars = "".join(
        f"<li><span>{escape(family)}</span>{gauge(score)}{score:.2f}</li>"
        for family, score in mistake.said[:3]
    )
    theirs = ""
    if peer and mistake.path in peer.scores:
        scores = peer.scores[mistake.path]
        best = int(np.argmax(scores))
        theirs = f'<p class="peer">{PEER}: {escape(peer.families[best])} {scores[best]:.2f}</p>'
    return (
        f'<figure class="mistake">{_spectrogram(mistake, corpus)}<figcaption>'
        f"<b>{escape(really)}</b> <small>{escape(shown.kind)}</small><ul>{bars}</ul>{theirs}"
        f"<small>{escape(shown.source)}</small></figcaption></figure>"
    )


def _spectrogram(mistake: Mistake, corpus: Path | None) -> str:
    """The clip's log-mel frames as a PNG, low bands below; nothing where there is no clip."""
    if corpus is None:
        return ""
    try:
        samples = read_sound(str(corpus / mistake.path))[:WINDOW_SAMPLES]
    except InputError:
        return ""
    frames = LogMel(FrontEnd()).frames(np.pad(samples, (0, WINDOW_SAMPLES - len(samples))))
    said = f"Log-mel spectrogram of 4 s of {mistake.shown.label}, {mistake.shown.kind}"
    return f'<img alt="{escape(said)}" src="{_png(frames.T)}">'


def _png(bands: NDArray[np.float32]) -> str:
    """Values (bands, frames) as the address of an image that holds itself."""
    from matplotlib import image

    file = io.BytesIO()
    save: Any = image.imsave
    save(file, bands, cmap="magma", origin="lower", format="png")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def _clips(details: Details, said: Said, kind: str) -> list[tuple[str, Shown]]:
    return [
        (path, shown)
        for path, shown in details.clips.items()
        if shown.kind == kind and path in said.scores
    ]
