"""Thresholds move until the model is calm on a day made of what was held back from training."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from daemon.hearing.model_file import Calibration
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.recipe import Rehearsal, read_recipe
from model_build.run_folder import RunFolder
from model_build.training.assemble import OperatingPoints, assemble
from model_build.training.quantize import quantize
from model_build.training.rehearsal import HIGHEST, PAUSE_SECONDS, PLACES, rehearsal, rehearse
from model_build.windows.used_clips import held_clips

DAY_SECONDS = 120.0


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, pristine_training: Path) -> RunFolder:
    run = RunFolder(tmp_path_factory.mktemp("rehearsal") / "run")
    shutil.copytree(pristine_training, run.folder)
    quantize(read_recipe(run.recipe), run)
    return run


def test_the_day_holds_nothing_that_was_trained_on_and_every_negative_in_every_place(
    run: RunFolder,
) -> None:
    clips, read = held_clips(run)
    assert {clip.split for clip in clips} == {"train"}
    day = rehearsal(run, seed=3, seconds=DAY_SECONDS)
    strung = [passage for passage in day.passages if passage.what == "negatives"]
    assert len(strung) == len(PLACES)
    negatives = [read(clip) for clip in clips if clip.kind == "negative"]
    sounding = sum(map(len, negatives)) / SAMPLE_RATE_HZ
    for passage in strung:
        assert passage.accepts == ()
        assert passage.end_seconds - passage.start_seconds == pytest.approx(sounding, abs=1.0)
    seconds = len(day.samples) / SAMPLE_RATE_HZ
    assert seconds == pytest.approx(strung[-1].end_seconds)
    assert strung[0].start_seconds == pytest.approx(DAY_SECONDS + PAUSE_SECONDS)


def test_the_same_seed_is_the_same_rehearsal(run: RunFolder) -> None:
    one, again = (rehearsal(run, seed=3, seconds=30.0) for _ in range(2))
    np.testing.assert_array_equal(one.samples, again.samples)


def test_a_model_that_hears_music_everywhere_is_made_as_calm_as_it_can_be(
    run: RunFolder, tmp_path: Path
) -> None:
    recipe = read_recipe(run.recipe)
    everywhere = OperatingPoints(
        calibration=tuple(Calibration(offset=3.0) for _ in recipe.families),
        thresholds=(0.2,) * len(recipe.families),
        precision=(),
        recall=(),
    )
    model = assemble(run.network, tmp_path / "model.tflite", recipe, points=everywhere)
    wanted = Rehearsal(day_seconds=DAY_SECONDS, false_events_an_hour=1.0)
    found = rehearse(model, recipe, wanted, run)
    assert found.shift > 0.0
    assert all(0.2 < threshold <= HIGHEST for threshold in found.thresholds)
    lenient = Rehearsal(day_seconds=DAY_SECONDS, false_events_an_hour=10_000.0)
    calm, loud = found.figures, rehearse(model, recipe, lenient, run).figures
    assert calm.false_events <= loud.false_events
    assert loud.right + loud.hits >= calm.right + calm.hits
