"""A tiny fit from the made-up songs to the daemon's weights."""

from pathlib import Path

import numpy as np
import pytest

from daemon.practice.harmony.chord_network import BUILT_IN_WEIGHTS, ChordNetwork, read_weights
from daemon.practice.harmony.keys import FIGURES
from model_build.chords.examples import Studio, draw_studio, example, song_examples
from model_build.chords.fit import Size, fit, write_weights
from model_build.chords.progressions import UNNAMED
from model_build.chords.songs import make_song
from tests.model_build.conftest import add_clip, write_manifest


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight train negatives of each label."""
    folder = tmp_path_factory.mktemp("negatives")
    rng, rows = np.random.default_rng(1), list[dict[str, str]]()
    for label in ("speech", "noise", "other"):
        for number in range(8):
            sound = (0.05 * rng.standard_normal(32_000)).astype(np.float32)
            columns = {"kind": "negative", "label": label, "source": label}
            add_clip(rows, folder, sound, group=f"{label}-{number}", **columns)
    write_manifest(folder, rows)
    return folder


@pytest.mark.timeout(400)
def test_a_small_fit_has_all_weights_and_is_repeatable(corpus: Path, tmp_path: Path) -> None:
    size = Size(songs=3, rooms=2, negative_groups=1, steps=20)
    fitted = fit(corpus, size, seed=5)
    assert fitted.report.count("key of") == 2
    path = tmp_path / "weights.npz"
    write_weights(path, fitted.weights)
    read = read_weights(path)
    built_in = read_weights(BUILT_IN_WEIGHTS)
    assert {name: w.shape for name, w in read.items()} == {
        name: w.shape for name, w in built_in.items()
    }
    again = fit(corpus, size, seed=5)
    for name, weight in fitted.weights.items():
        assert np.allclose(weight, again.weights[name], atol=1e-4)


def test_the_built_in_weights_are_those_of_the_network() -> None:
    weights = read_weights()
    assert weights["confidence"].shape == (FIGURES + 1,)
    assert sum(w.size for name, w in weights.items() if name != "confidence") == 1_523
    assert BUILT_IN_WEIGHTS.stat().st_size < 20_000
    ChordNetwork(weights)


def test_songs_in_rooms_keep_their_truth(corpus: Path) -> None:
    rng = np.random.default_rng(6)
    studio = draw_studio(rng, sorted(corpus.glob("*noise*.wav")), 1)
    clean, heard = song_examples(1, studio, rng, in_rooms=1)
    assert (clean.key, clean.kind) == (heard.key, heard.kind)
    assert clean.magnitudes.shape == heard.magnitudes.shape
    named = (heard.classes != UNNAMED) & (heard.classes < 24)
    assert np.array_equal(heard.classes[named], clean.classes[named])


def test_frames_buried_in_noise_have_no_chord() -> None:
    rng = np.random.default_rng(7)
    song = make_song(rng)
    noise = (0.001 * rng.standard_normal(len(song.samples))).astype(np.float32)
    clean = example(song, song.samples, None)
    buried = example(song, song.samples * np.float32(1e-5) + noise, noise)
    assert (clean.classes < 24).any()
    assert set(buried.classes) == {24}


def test_a_room_reports_the_noise_that_it_added() -> None:
    rng = np.random.default_rng(8)
    song = make_song(rng)
    dry = np.ones(1, np.float32)
    studio = Studio([dry], [Path("nowhere.wav")])
    heard, added = studio.heard(song.samples, rng)
    assert heard.shape == added.shape
    assert 0.0 < added.std() < heard.std()
