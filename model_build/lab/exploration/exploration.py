"""What `lab data` finds in the recordings of an experiment."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_build.corpus.formats.labelled import Example, Labelled
from model_build.lab.data.inspection import Facts
from model_build.lab.data.inspections import inspect_all
from model_build.lab.data.near_duplicates import NearDuplicates, near_duplicates
from model_build.lab.data.recordings import read_recordings, why_no_test_figure
from model_build.lab.data.usable import INSPECTIONS, grouped
from model_build.lab.executor.pool import Workers
from model_build.lab.experiment import Experiment
from model_build.lab.exploration.doubts import Doubt, doubts
from model_build.lab.exploration.shortcuts import Shortcut, shortcuts
from model_build.lab.exploration.spellings import Spelling, odd_spellings
from model_build.lab.features.truth import truth_of
from model_build.lab.validation.folds import group_names

CLIPPED_SAMPLES = 10
"""Samples at full scale, in runs, from which a recording counts as clipped."""


class Cluster(NamedTuple):
    """Recordings of the same sound."""

    rows: list[int]
    """Their places."""
    similarity: float
    """The lowest correlation that connects them."""
    contradicts: bool
    """True if they have different labels, so that at least one is wrong."""
    crosses: bool
    """True if some are for training and some for the test."""


class Exploration(NamedTuple):
    """The recordings of an experiment, and what is odd about them."""

    name: str
    """Name of the experiment."""
    found: Labelled
    """The recordings, also the unusable ones, and the rows left out."""
    facts: list[Facts]
    """The facts of each recording."""
    classes: tuple[str, ...]
    """The classes of training and test."""
    clusters: list[Cluster]
    """The near-duplicates: contradicting labels first, then those on both sides."""
    doubts: list[Doubt]
    """Labels that a quick model doubts."""
    shortcuts: list[Shortcut]
    """How well technical facts alone predict the class."""
    spellings: list[Spelling]
    """Class names that need a look."""
    no_test_figure: str
    """Why the test recordings give no figure; empty if they do, or there are none."""

    def with_problem(self, *, silent: bool) -> list[int]:
        """Return the places of the silent recordings, or of those that cannot be decoded."""
        return [
            row
            for row, one in enumerate(self.facts)
            if one.problem and (one.problem == "silent") == silent
        ]

    @property
    def clipped(self) -> list[int]:
        """The places of clipped recordings."""
        return [row for row, one in enumerate(self.facts) if one.clipped >= CLIPPED_SAMPLES]


def explore(experiment: Experiment, workers: Workers = None) -> Exploration:
    """Inspect all recordings of an experiment. Raises InputError if they cannot be read.

    The inspections are kept in the folder of the runs, for the next time.
    """
    found = read_recordings(experiment.data)
    runs = Path(experiment.output.folder).expanduser()
    seen = inspect_all(found.examples, runs / INSPECTIONS, workers)
    near = near_duplicates(seen.sounds)
    classes = tuple(sorted({c for one in found.examples for c in (*one.labels, *one.unknown)}))
    usable = np.flatnonzero([not one.problem for one in seen.facts])
    examples = [found.examples[row] for row in usable]
    truth = truth_of(examples, classes)
    multi_label = experiment.data.multi_label
    groups = _joined_groups(examples, near.clusters[usable])
    odd = doubts(np.asarray(seen.vectors[usable]), truth, groups, multi_label=multi_label)
    short = []
    if not multi_label and len(usable):
        short = shortcuts([seen.facts[row] for row in usable], truth.has.argmax(axis=1), classes)
    return Exploration(
        experiment.name,
        found,
        seen.facts,
        classes,
        _clusters(found.examples, near.groups, {(a, b): s for a, b, s in near.pairs}),
        [one._replace(row=int(usable[one.row])) for one in odd],
        short,
        odd_spellings(found),
        why_no_test_figure(found),
    )


def _joined_groups(examples: Sequence[Example], clusters: NDArray[np.int64]) -> list[int]:
    """Return a number for each recording; those of one cluster or one group share it."""
    joined = grouped(examples, NearDuplicates(clusters, []))
    return [int(number) for number in np.unique(group_names(joined), return_inverse=True)[1]]


def _clusters(
    examples: Sequence[Example],
    groups: Sequence[Sequence[int]],
    similarities: dict[tuple[int, int], float],
) -> list[Cluster]:
    lowest: dict[int, float] = {}
    cluster_of = {row: n for n, rows in enumerate(groups) for row in rows}
    for (first, _), similarity in similarities.items():
        n = cluster_of[first]
        lowest[n] = min(similarity, lowest.get(n, 1.0))
    found = [
        Cluster(
            list(rows),
            lowest[n],
            len({examples[row].labels for row in rows}) > 1,
            len({examples[row].side for row in rows}) > 1,
        )
        for n, rows in enumerate(groups)
    ]
    return sorted(found, key=lambda one: (not one.contradicts, not one.crosses, -one.similarity))
