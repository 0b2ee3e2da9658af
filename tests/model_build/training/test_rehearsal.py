"""Thresholds move until there are few false events on a day of held-out clips."""

import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from daemon.hearing.model_file import Calibration
from daemon.hearing.scorer import level_dbfs
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.recipe import Rehearsal, read_recipe
from model_build.run_folder import RunFolder
from model_build.training.assemble import load_run_classifier
from model_build.training.operating_points import OperatingPoints
from model_build.training.quantization.quantize import quantize
from model_build.training.rehearsal import (
    HIGHEST,
    PAUSE_SECONDS,
    PLACES,
    RehearsalResult,
    rehearsal_day,
    rehearse,
)
from model_build.windows.used_clips import held_clips

DAY_SECONDS = 120.0


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, pristine_training: Path) -> RunFolder:
    run = RunFolder(tmp_path_factory.mktemp("rehearsal") / "run")
    shutil.copytree(pristine_training, run.folder)
    quantize(read_recipe(run.recipe), run)
    return run


def test_day_has_held_out_clips_only_and_all_negatives_in_each_place(
    run: RunFolder,
) -> None:
    clips, read = held_clips(run)
    assert {clip.split for clip in clips} == {"train"}
    day = rehearsal_day(run, seed=3, seconds=DAY_SECONDS)
    negative_passages = [passage for passage in day.passages if passage.what == "negatives"]
    assert len(negative_passages) == len(PLACES)
    negatives = [read(clip) for clip in clips if clip.kind == "negative"]
    sounding = sum(map(len, negatives)) / SAMPLE_RATE_HZ
    for passage in negative_passages:
        assert passage.accepts == ()
        assert passage.end_seconds - passage.start_seconds == pytest.approx(sounding, abs=1.0)
    seconds = len(day.samples) / SAMPLE_RATE_HZ
    assert seconds == pytest.approx(negative_passages[-1].end_seconds)
    assert negative_passages[0].start_seconds == pytest.approx(DAY_SECONDS + PAUSE_SECONDS)


def test_steady_tones_follow_the_negatives(run: RunFolder) -> None:
    without = rehearsal_day(run, seed=3, seconds=30.0)
    day = rehearsal_day(run, seed=3, seconds=30.0, steady_seconds=84.0)
    steady = day.samples[len(without.samples) :]
    np.testing.assert_array_equal(day.samples[: len(without.samples)], without.samples)
    assert len(steady) == 84 * SAMPLE_RATE_HZ
    pause = round(PAUSE_SECONDS * SAMPLE_RATE_HZ)
    assert not steady[:pause].any()
    assert -60.0 < level_dbfs(steady[pause : 42 * SAMPLE_RATE_HZ]) < -28.0
    assert day.passages == without.passages


def test_each_day_is_in_other_rooms(run: RunFolder) -> None:
    one = rehearsal_day(run, seed=3, seconds=60.0)
    two = rehearsal_day(run, seed=3, seconds=60.0, days=2)
    first, second = np.split(two.samples[: 120 * SAMPLE_RATE_HZ], 2)
    np.testing.assert_array_equal(first, one.samples[: 60 * SAMPLE_RATE_HZ])
    next_day = rehearsal_day(run, seed=4, seconds=60.0)
    np.testing.assert_array_equal(second, next_day.samples[: 60 * SAMPLE_RATE_HZ])
    starts = [passage.start_seconds for passage in two.passages]
    assert starts == sorted(starts)
    assert any(60.0 < start < 120.0 for start in starts)


def test_thresholds_of_single_families_move_only_where_that_helps(run: RunFolder) -> None:
    recipe = read_recipe(run.recipe)
    classifier = load_run_classifier(recipe, run)
    alike = Rehearsal(day_seconds=DAY_SECONDS, false_events_an_hour=10_000.0)
    apart = msgspec.structs.replace(alike, false_event_cost=1.5)
    before, after = (rehearse(classifier, one, run, seed=recipe.seed) for one in (alike, apart))
    assert before.family_shifts == (0.0,) * len(recipe.families)
    assert gain(after) >= gain(before)
    if any(after.family_shifts):
        assert gain(after) > gain(before)


def gain(result: RehearsalResult) -> float:
    figures = result.figures
    named = (figures.right + figures.hits) * figures.passages
    return named - figures.wrong_events - 1.5 * figures.false_events


def test_same_seed_gives_same_day(run: RunFolder) -> None:
    one, again = (rehearsal_day(run, seed=3, seconds=30.0) for _ in range(2))
    np.testing.assert_array_equal(one.samples, again.samples)


def test_raises_thresholds_of_a_model_with_many_false_events(run: RunFolder) -> None:
    recipe = read_recipe(run.recipe)
    sensitive = OperatingPoints(
        calibration=tuple(Calibration(offset=3.0) for _ in recipe.families),
        thresholds=(0.2,) * len(recipe.families),
        precision=(),
        recall=(),
    )
    classifier = load_run_classifier(recipe, run, sensitive)
    wanted = Rehearsal(day_seconds=DAY_SECONDS, false_events_an_hour=1.0)
    found = rehearse(classifier, wanted, run, seed=recipe.seed)
    assert found.shift > 0.0
    assert all(0.2 < threshold <= HIGHEST for threshold in found.thresholds)
    lenient = Rehearsal(day_seconds=DAY_SECONDS, false_events_an_hour=10_000.0)
    strictly = found.figures
    leniently = rehearse(classifier, lenient, run, seed=recipe.seed).figures
    assert strictly.false_events <= leniently.false_events
    assert leniently.right + leniently.hits >= strictly.right + strictly.hits
