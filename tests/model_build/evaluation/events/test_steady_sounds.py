import ast
import inspect

import numpy as np
import pytest

from daemon.hearing.scorer import level_dbfs
from model_build.evaluation.events import steady_sounds as module
from model_build.evaluation.events.steady_sounds import FLOOR_DBFS, SORTS, steady_sounds

SECONDS = 300.0


def test_same_seed_gives_the_same_sound() -> None:
    once, again = steady_sounds(seed=1, seconds=60.0), steady_sounds(seed=1, seconds=60.0)
    assert np.array_equal(once.samples, again.samples)
    assert not np.array_equal(once.samples, steady_sounds(seed=2, seconds=60.0).samples)


def test_passages_are_long_and_have_pauses() -> None:
    day = steady_sounds(seed=3, seconds=SECONDS)
    assert len(day.samples) == SECONDS * 16_000
    assert [passage.what for passage in day.passages[:5]] == list(SORTS)
    assert not any(passage.accepts for passage in day.passages)
    for passage, later in zip(day.passages, day.passages[1:], strict=False):
        assert 30.0 <= passage.end_seconds - passage.start_seconds <= 60.0
        assert 4.0 <= later.start_seconds - passage.end_seconds <= 16.0
    assert day.passages[-1].end_seconds <= SECONDS


@pytest.mark.parametrize("seed", [1, 2])
def test_sounds_have_their_level_and_pauses_that_of_a_quiet_room(seed: int) -> None:
    day = steady_sounds(seed=seed, seconds=SECONDS)
    for passage in day.passages:
        start, end = (round(s * 16_000) for s in (passage.start_seconds, passage.end_seconds))
        lowest, highest = SORTS[passage.what][1]
        # The floor adds a little to quiet sounds.
        assert lowest - 0.1 <= level_dbfs(day.samples[start:end]) <= highest + 0.5
        pause = day.samples[max(0, start - 48_000) : start]
        assert level_dbfs(pause) == pytest.approx(FLOOR_DBFS, abs=2.0)


@pytest.mark.parametrize("mains_hz", [50, 60])
def test_hum_consists_of_harmonics_of_the_mains(mains_hz: int) -> None:
    make = SORTS[f"hum {mains_hz} Hz"][0]
    wave = make(np.random.default_rng(1), 160_000)
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2
    bins_hz = np.fft.rfftfreq(len(wave), 1 / 16_000)
    near = np.abs(bins_hz - mains_hz * np.rint(bins_hz / mains_hz)) < 5.0
    assert power[near].sum() > 0.99 * power.sum()


def test_shares_no_code_with_the_generator_of_the_training() -> None:
    tree = ast.parse(inspect.getsource(module))
    imported = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
    assert not any("rendering" in name for name in imported)
