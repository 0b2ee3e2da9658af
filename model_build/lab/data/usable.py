"""The recordings of a run: read, and their near-duplicates grouped or left out."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from model_build.corpus.formats.labelled import Example, Labelled, Left
from model_build.lab.data.inspections import inspect_all
from model_build.lab.data.near_duplicates import NearDuplicates, near_duplicates
from model_build.lab.data.recordings import read_recordings
from model_build.lab.executor.pool import Workers
from model_build.lab.experiment import Data

INSPECTIONS = "inspections"
"""Folder of the inspections, beside the run folders."""


def usable_recordings(data: Data, runs: Path, workers: Workers = None) -> Labelled:
    """Return the recordings of a data section, as its options on near-duplicates say.

    `runs` is the folder of all runs. Raises InputError if the data cannot be read.
    """
    return as_usable(read_recordings(data), data, runs, workers)


def as_usable(found: Labelled, data: Data, runs: Path, workers: Workers = None) -> Labelled:
    """Return the recordings that were read from a data section as `usable_recordings` does."""
    if not _is_inspected(data):
        return found
    near = found_near_duplicates(found.examples, runs, workers)
    if data.test_near_duplicates == "leave-out":
        found, near = _without_tested_twice(found, near)
    if data.group_near_duplicates:
        found = found._replace(examples=grouped(found.examples, near))
    return found


def found_near_duplicates(
    examples: Sequence[Example], runs: Path, workers: Workers = None
) -> NearDuplicates:
    """Return the near-duplicates among recordings; `runs` is the folder of all runs."""
    return near_duplicates(inspect_all(examples, runs / INSPECTIONS, workers).sounds)


def near_duplicates_among(
    used: Sequence[Example], data: Data, runs: Path, workers: Workers = None
) -> NearDuplicates:
    """Return the near-duplicates among some of the usable recordings of a data section.

    What `usable_recordings` has inspected is not inspected again.
    """
    if not _is_inspected(data):
        return found_near_duplicates(used, runs, workers)
    every = read_recordings(data).examples
    sounds = inspect_all(every, runs / INSPECTIONS, workers).sounds
    by_place = {_place(one): sound for one, sound in zip(every, sounds, strict=True)}
    return near_duplicates([by_place[_place(one)] for one in used])


def _is_inspected(data: Data) -> bool:
    return data.test_near_duplicates != "keep" or data.group_near_duplicates


def _place(example: Example) -> tuple[str, float, float | None]:
    return example.file, example.start_seconds, example.seconds


def _without_tested_twice(found: Labelled, near: NearDuplicates) -> tuple[Labelled, NearDuplicates]:
    """Leave out the test recordings in a cluster that has training recordings."""
    trained: dict[int, str] = {}
    for example, cluster in zip(found.examples, near.clusters.tolist(), strict=True):
        if example.side == "train":
            trained.setdefault(cluster, example.name)
    kept, left = [], list(found.left)
    for row, example in enumerate(found.examples):
        twin = trained.get(int(near.clusters[row]), "")
        if example.side == "test" and twin:
            left.append(Left(example.name, "near-duplicate", twin))
        else:
            kept.append(row)
    return (
        Labelled([found.examples[row] for row in kept], left),
        NearDuplicates(near.clusters[kept], []),
    )


def grouped(examples: Sequence[Example], near: NearDuplicates) -> list[Example]:
    """Return the examples with their groups joined wherever these share a near-duplicate."""
    _, clusters = np.unique(near.clusters, return_inverse=True)
    stated = [one.group or f"\n{row}" for row, one in enumerate(examples)]
    _, groups = np.unique(stated, return_inverse=True)
    size = len(examples)
    graph = coo_array((np.ones(size), (clusters, size + groups)), shape=(2 * size, 2 * size))
    joined = connected_components(graph, directed=False)[1][clusters]
    names: dict[int, str] = {}
    for root, example in zip(joined.tolist(), examples, strict=True):
        names[root] = names.get(root) or example.group
    for root in np.flatnonzero(np.bincount(joined) > 1).tolist():
        names[root] = names[root] or f"sound {root}"
    return [
        msgspec.structs.replace(one, group=names[root])
        for one, root in zip(examples, joined.tolist(), strict=True)
    ]
