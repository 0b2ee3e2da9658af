from pathlib import Path

import numpy as np
import pytest

from daemon.hearing.classifier import BUILT_IN_MODEL
from daemon.hearing.model_file import read_contract
from model_build.corpus.clips import read_corpus
from model_build.evaluation.events.recordings import (
    PLACES,
    HomeDay,
    Recording,
    SteadySounds,
    negatives_in_rooms,
    replay_all,
)
from model_build.evaluation.models import ModelSource
from tests.model_build.evaluation.known_scores import FAMILIES


def test_every_dev_negative_is_heard_in_every_place(corpus: Path) -> None:
    found = negatives_in_rooms(read_corpus(corpus, FAMILIES), seed=1)
    assert [recording.clips[0].label for recording in found] == ["noise"] * 3 + ["speech"] * 3
    assert {clip.split for recording in found for clip in recording.clips} == {"dev"}
    assert {recording.dbfs for recording in found} == {dbfs for _, _, dbfs in PLACES}
    day = found[0].make()
    (passage,) = day.passages
    # One clip of 4 s.
    assert (passage.what, passage.accepts, passage.end_seconds) == ("noise", (), 4.0)


@pytest.mark.timeout(400)
def test_processes_find_the_same_events_as_this_one(corpus: Path) -> None:
    every = read_corpus(corpus, FAMILIES)
    model = ModelSource(BUILT_IN_MODEL, read_contract(BUILT_IN_MODEL))
    first, second = HomeDay(every, 1, 20.0), HomeDay(every, 2, 20.0)
    recordings: list[Recording] = [first, SteadySounds(1, 20.0), second]
    alone = replay_all(model, recordings, workers=1)
    assert replay_all(model, recordings, workers=2) == alone
    assert [recording.seconds for recording in alone] == [20.0] * 3
    assert alone[0].passages == first.make().passages
    assert np.isfinite([event.peak for one in alone for event in one.events]).all()


@pytest.mark.parametrize("seed", [1, 2])
def test_day_depends_on_its_seed_only(corpus: Path, seed: int) -> None:
    every = read_corpus(corpus, FAMILIES)
    once, again = HomeDay(every, seed, 20.0).make(), HomeDay(every, seed, 20.0).make()
    assert np.array_equal(once.samples, again.samples)
