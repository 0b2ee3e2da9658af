from pathlib import Path

import numpy as np
import pytest

from model_build.corpus.formats.labelled import Example, Labelled
from model_build.lab.data.inspection import Facts, clipped_samples
from model_build.lab.experiment import Data, Experiment, Model, Output
from model_build.lab.exploration.exploration import Exploration, explore
from model_build.lab.exploration.shortcuts import shortcuts
from model_build.lab.exploration.spellings import odd_spellings
from model_build.lab.exploration.text import exploration_lines, shortcut_line
from tests.model_build.lab.data.test_near_duplicates import RATE_HZ, melody, write

LABELS = ("Sound_Drum", "Sound_Guitar")


def write_recordings(folder: Path) -> Experiment:
    """Write two classes that a model can tell apart, and one of everything that is odd."""
    noise = np.random.default_rng(3)
    for n in range(12):
        write(folder / "train/Sound_Guitar" / f"{n}.wav", melody(n))
        write(folder / "train/Sound_Drum" / f"{n}.wav", 0.1 * noise.normal(size=RATE_HZ))
    write(folder / "train/Sound_Drum/wrong.wav", melody(100))
    write(folder / "train/Sound_Drum/copy.flac", 0.2 * melody(0))
    write(folder / "train/Sound_Guitar/silent.wav", np.zeros(RATE_HZ))
    write(folder / "train/Sound_Guitar/clipped.wav", np.clip(30 * melody(101), -1, 1))
    (folder / "train/Sound_Guitar/broken.wav").write_text("<html>")
    write(folder / "test/Sound_Guiatr/1.wav", melody(200))
    write(folder / "test/Sound_Drum/1.wav", 0.1 * noise.normal(size=RATE_HZ))
    data = Data(layout="folders", path=str(folder / "train"), test_path=str(folder / "test"))
    model = Model(kind="forest")
    return Experiment(name="odd", data=data, model=model, output=Output(folder=str(folder)))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Exploration:
    return explore(write_recordings(tmp_path_factory.mktemp("odd")), workers=1)


def names(seen: Exploration, rows: list[int]) -> list[str]:
    return [seen.found.examples[row].name for row in rows]


def test_contradicting_near_duplicates_come_first(seen: Exploration) -> None:
    first = seen.clusters[0]
    assert names(seen, first.rows) == ["Sound_Drum/copy.flac", "Sound_Guitar/0.wav"]
    assert first.contradicts
    assert len(seen.clusters) == 1


def test_broken_silent_and_clipped_recordings_are_listed(seen: Exploration) -> None:
    assert names(seen, seen.with_problem(silent=True)) == ["Sound_Guitar/silent.wav"]
    assert names(seen, seen.with_problem(silent=False)) == ["Sound_Guitar/broken.wav"]
    assert names(seen, seen.clipped) == ["Sound_Guitar/clipped.wav"]


def test_a_wrong_label_is_doubted(seen: Exploration) -> None:
    doubted = {seen.found.examples[one.row].name: one for one in seen.doubts}
    assert doubted["Sound_Drum/wrong.wav"].guess == "Sound_Guitar"
    assert "Sound_Drum/3.wav" not in doubted


def test_facts_of_a_recording(seen: Exploration) -> None:
    row = [one.name for one in seen.found.examples].index("Sound_Guitar/1.wav")
    facts = seen.facts[row]
    assert (facts.format, facts.rate_hz, facts.channels) == ("WAV PCM_16", RATE_HZ, 1)
    assert facts.seconds == pytest.approx(1.5)
    assert -30 < facts.level_db < facts.peak_db < 0


def test_text_names_what_to_do(seen: Exploration) -> None:
    text = exploration_lines(seen)
    assert "occur more than once: 1, of these with different labels: 1," in text
    assert "only the test recordings have the class 'Sound_Guiatr'; is it 'Sound_Guitar'?" in text
    assert "no test figure" in text


def test_names_that_differ_by_case_alone_are_listed() -> None:
    found = Labelled([Example(str(n), "", (c,)) for n, c in enumerate(("Hi-Hat", "hi hat"))], [])
    assert [(one.name, one.nearest) for one in odd_spellings(found)] == [("hi hat", "Hi-Hat")]


def test_a_fact_that_gives_the_class_away_is_found() -> None:
    rng = np.random.default_rng(1)
    targets = np.repeat([0, 1], 20)
    facts = [
        Facts(format="WAV", rate_hz=(44_100, 48_000)[target], channels=1, seconds=rng.uniform(1, 2))
        for target in targets
    ]
    found = {one.fact: one for one in shortcuts(facts, targets, ("a", "b"))}
    assert found["sample rate"].strength == "strong"
    assert found["sample rate"].accuracy == 1.0
    assert found["file format"].strength == "none"
    assert next(iter(found)) == "sample rate"


def test_a_class_that_a_fact_gives_away_is_named() -> None:
    targets = np.repeat(np.arange(8), 10)
    facts = [
        Facts(format="WAV", rate_hz=22_050 if target == 5 else 44_100, channels=1, seconds=1.0)
        for target in targets
    ]
    found = shortcuts(facts, targets, "abcdefgh")[0]
    assert (found.fact, found.strength, found.given_away) == ("sample rate", "weak", ("f",))
    assert found.accuracy == 0.25
    assert shortcut_line(found).endswith("0.25 (chance 0.12) and gives away f")


def test_clipping_needs_three_samples_at_full_scale() -> None:
    sound = np.array([0, 1, 1, 0, 1, 1, 1, 0, -1, -1, -1, -1, 1], np.float32)
    assert clipped_samples(sound) == 7
    assert clipped_samples(0.5 * sound) == 0
