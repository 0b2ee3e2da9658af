"""A section of the page, and what several sections share."""

from typing import NamedTuple

from model_build.evaluation.details import Details, MeasuredClip, ModelScores

KIND_WORDS = {"room": "Across a room, with noise", "phrase": "Close and clean"}
LOOKS = ("ours", "peer")
"""CSS classes of the model and the peer."""


class Section(NamedTuple):
    """A section of the page, as HTML."""

    heading: str
    """Its heading."""
    lead: str
    """How to read it."""
    body: str
    """Its content."""


def clips_of(details: Details, model: ModelScores, kind: str) -> list[tuple[str, MeasuredClip]]:
    """Return the clips of one kind that the model scored, with their paths."""
    return [
        (path, clip)
        for path, clip in details.clips.items()
        if clip.kind == kind and path in model.scores
    ]
