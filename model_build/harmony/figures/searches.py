"""Harmonise pieces in several processes."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from daemon.practice.harmoniser.beam import Penalties, find_voices
from daemon.practice.harmoniser.correction import Correction
from daemon.practice.harmoniser.network import HarmonyNetwork
from daemon.practice.harmoniser.voices import Ints
from model_build.harmony.chorales.pieces import Piece
from model_build.workers import parallel_map


class Search(NamedTuple):
    """One way to search."""

    tflite: bytes
    """The quantized network."""
    correction: Correction | None
    """None for the bare network."""
    penalties: Penalties | None
    """None for a search without rules."""


class _Task(NamedTuple):
    search: Search
    piece: Piece


def search_all(
    searches: Sequence[Search], pieces: Sequence[Piece], workers: int | None
) -> list[list[Ints]]:
    """Return for each search bass, tenor and alto of each piece's melody, (beats, 3)."""
    tasks = [_Task(search, piece) for search in searches for piece in pieces]
    found = list(parallel_map(_voices, tasks, label="harmonising", workers=workers))
    count = len(pieces)
    return [found[start : start + count] for start in range(0, len(found), count)]


def _voices(task: _Task) -> Ints:
    (tflite, correction, penalties), piece = task
    return find_voices(_network(tflite), correction, piece.melody, piece.melody_key, penalties)


@cache
def _network(tflite: bytes) -> HarmonyNetwork:
    return HarmonyNetwork(tflite)
