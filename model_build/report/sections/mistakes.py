"""The section with the worst mistakes, each with its spectrogram."""

from html import escape
from pathlib import Path

import numpy as np

from model_build.evaluation.details import ModelScores
from model_build.report.drawing.gauge import gauge
from model_build.report.drawing.spectrogram import spectrogram
from model_build.report.findings import PEER, Findings
from model_build.report.mistakes import Mistake, worst_mistakes
from model_build.report.sections.section import Section

MISTAKES = 12
SCORES_SHOWN = 3


def mistakes_section(findings: Findings, corpus: Path | None) -> Section | None:
    """Return a card for each mistake; spectrograms only if `corpus` holds the clips."""
    mistakes = worst_mistakes(findings.details, findings.our_scores, MISTAKES)
    if not mistakes:
        return None
    peer = findings.scores.get(PEER)
    cards = "".join(_card(mistake, peer, corpus) for mistake in mistakes)
    return Section(
        "Worst mistakes",
        "The largest margins of a wrong family, one clip of each source. Time runs to the right, "
        "pitch upwards.",
        f'<div class="grid cards">{cards}</div>',
    )


def _card(mistake: Mistake, peer: ModelScores | None, corpus: Path | None) -> str:
    clip = mistake.clip
    truth = " or ".join(clip.accepts) if clip.accepts else f"{clip.label}, no instrument"
    bars = "".join(
        f"<li><span>{escape(family)}</span>{gauge(score)}{score:.2f}</li>"
        for family, score in mistake.ranked[:SCORES_SHOWN]
    )
    theirs = ""
    if peer and mistake.path in peer.scores:
        scores = peer.scores[mistake.path]
        best = int(np.argmax(scores))
        theirs = f'<p class="peer">{PEER}: {escape(peer.families[best])} {scores[best]:.2f}</p>'
    description = f"Log-mel spectrogram of 4 s of {clip.label}, {clip.kind}"
    picture = spectrogram(corpus / mistake.path, description) if corpus else ""
    return (
        f'<figure class="mistake">{picture}<figcaption>'
        f"<b>{escape(truth)}</b> <small>{escape(clip.kind)}</small><ul>{bars}</ul>{theirs}"
        f"<small>{escape(clip.source)}</small></figcaption></figure>"
    )
