"""Clips without music are speech, noise or steady tones, which may begin within the clip."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from model_build.corpus.clip_sound import FULL_SCALE
from model_build.corpus.decoded import Sounds
from model_build.notes.material.clips import ClipSampler, Material, Surroundings
from model_build.notes.material.strung_notes import NoteStringer
from model_build.notes.recipe import read_note_recipe
from model_build.windows.rooms import LONGEST_SAMPLES, Rooms
from tests.daemon.practice.notes.notes_sounds import SAMPLE_RATE_HZ, Samples, tone

RECIPE = Path("configs/recipe-notes.yaml")
SECONDS = 3.0
SPEECH_HZ = 440.0


def _sampler(folder: Path, **shares: float) -> ClipSampler:
    """Draw only clips without music; the one that stands for speech is a tone of 440 Hz."""
    recipe = read_note_recipe(RECIPE)
    clips = msgspec.structs.replace(recipe.clips, negative_share=1.0, **shares)
    microphone = msgspec.structs.replace(
        recipe.microphone, probability=0.0, low_pass_probability=0.0, level_dbfs=[-20.0, -20.0]
    )
    recipe = msgspec.structs.replace(recipe, clips=clips, microphone=microphone)
    one = np.zeros((1, LONGEST_SAMPLES), np.float32)
    np.savez(folder / "rooms.npz", computed=one, measured=one)
    speech = tone(69, 4.0, partials=1)
    (speech * FULL_SCALE).astype(np.int16).tofile(folder / "samples.int16")
    np.save(folder / "ends.npy", [len(speech)])
    noise = np.random.default_rng(1).standard_normal(64_000).astype(np.float32)
    material = Material(
        pieces=[],
        stringer=NoteStringer([], Sounds(folder)),
        negatives=[noise],
        speech=[speech],
        drums=[],
        rooms=Rooms(folder / "rooms.npz", 0.0),
    )
    return ClipSampler(recipe, material, Surroundings(0.0, (20.0, 30.0)))


def _share_near(samples: Samples, hz: float) -> float:
    """The share of the power within 2 Hz."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    places = np.fft.rfftfreq(len(samples), 1.0 / SAMPLE_RATE_HZ)
    return float(power[np.abs(places - hz) < 2.0].sum() / power.sum())


@pytest.mark.parametrize(("share", "is_speech"), [(1.0, True), (0.0, False)])
def test_speech_has_its_share(tmp_path: Path, share: float, *, is_speech: bool) -> None:
    sampler = _sampler(tmp_path, speech_share=share, steady_share=0.0)
    for seed in range(8):
        clip = sampler.draw(np.random.default_rng(seed), SECONDS)
        assert clip.notes == []
        assert len(clip.samples) == 4 * SAMPLE_RATE_HZ
        assert (_share_near(clip.samples, SPEECH_HZ) > 0.5) == is_speech


@pytest.mark.parametrize(("share", "fewest", "most"), [(0.0, 0, 2), (1.0, 20, 30)])
def test_steady_tones_begin_within_the_clip(
    tmp_path: Path, share: float, fewest: int, most: int
) -> None:
    """A tone that is switched on has a first hundredth of a second far below its level."""
    sampler = _sampler(tmp_path, steady_share=1.0, switched_share=share)
    silent = 0
    for seed in range(30):
        samples = sampler.draw(np.random.default_rng(seed), SECONDS).samples
        silent += float(np.sqrt(np.mean(samples[:160] ** 2))) < 0.01 * float(samples.std())
    assert fewest <= silent <= most
