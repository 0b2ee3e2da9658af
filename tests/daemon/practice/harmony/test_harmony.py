"""The field's progressions, computed chords, and sound without harmony."""

import csv
import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from daemon.practice.harmony.harmony import Chord, Harmony, HarmonyStream, harmony_of
from daemon.practice.tuning import estimated_tuning
from model_build.chords.measures import Labelled, majmin_share
from model_build.rendering.household.noises import household_noise
from tests.daemon.practice.harmony.triads import Samples, progression, triad
from tests.daemon.practice.voices import hum, noisy, scale, silence

FIELD = Path(__file__).parents[1] / "field"
RATE_HZ = 16_000
CADENCES = {
    "C major": ["C:maj", "F:maj", "G:maj", "C:maj", "A:min", "D:min", "G:maj", "C:maj"],
    "Eb major": ["Eb:maj", "Ab:maj", "Bb:maj", "Eb:maj", "C:min", "F:min", "Bb:maj", "Eb:maj"],
    "A minor": ["A:min", "D:min", "E:maj", "A:min", "F:maj", "D:min", "E:maj", "A:min"],
    "F# minor": ["F#:min", "B:min", "C#:maj", "F#:min", "D:maj", "B:min", "C#:maj", "F#:min"],
}


def field(name: str) -> Samples:
    samples, rate_hz = soundfile.read(FIELD / f"{name}.flac", dtype="float32")
    return np.asarray(soxr.resample(samples, rate_hz, RATE_HZ), np.float32)


def field_chords(name: str) -> list[Labelled]:
    with (FIELD / f"{name}.chords.csv").open() as file:
        return [Labelled(float(a), float(b), label) for a, b, label in list(csv.reader(file))[1:]]


def known(samples: Samples) -> Harmony:
    found = harmony_of(samples)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "key"),
    [("key-c-major", "C major"), ("key-a-minor", "A minor"), ("key-eb-major", "Eb major")],
)
def test_the_progressions_of_the_field_have_their_key_and_chords(name: str, key: str) -> None:
    found = known(field(name))
    assert found.key == found.guessed_key == key
    assert found.key_confidence >= 0.5
    truth = field_chords(name)
    share = majmin_share([Labelled(*chord) for chord in found.chords], truth)
    assert share is not None
    assert share > 0.85
    names = [chord.label for chord in found.chords if chord.label != "N"]
    assert set(names) == {chord.label for chord in truth}


@pytest.mark.parametrize("key", CADENCES)
@pytest.mark.parametrize("cents", [0.0, -35.0])
def test_a_cadence_has_its_key_and_its_chords_in_any_tuning(key: str, cents: float) -> None:
    found = known(progression(CADENCES[key], cents=cents))
    assert found.guessed_key == key
    truth = [Labelled(1.5 * k, 1.5 * k + 1.5, label) for k, label in enumerate(CADENCES[key])]
    share = majmin_share([Labelled(*chord) for chord in found.chords], truth)
    assert share is not None
    assert share > 0.85


def test_chords_have_no_gaps_and_cover_the_recording() -> None:
    sound = np.concatenate([silence(1.0), progression(CADENCES["C major"]), silence(4.0)])
    chords = known(sound).chords
    assert chords[0].start_seconds == 0.0
    assert chords[-1].end_seconds == len(sound) / RATE_HZ
    for chord, following in itertools.pairwise(chords):
        assert chord.start_seconds < chord.end_seconds == following.start_seconds
        assert chord.label != following.label
    assert chords[0].label == chords[-1].label == "N"
    assert chords[-1].start_seconds == pytest.approx(1.0 + 8 * 1.5 + 2.0, abs=0.6)


def without_harmony() -> dict[str, Samples]:
    rng = np.random.default_rng(5)
    sounds = {
        "white noise": rng.normal(0.0, 0.1, 16 * RATE_HZ).astype(np.float32),
        "mains hum": hum(50.0, 16.0),
        "mains hum of 60 Hz": hum(60.0, 16.0),
    }
    for sort in ("fan", "fridge", "hum", "vacuum", "washing-machine", "water", "typing"):
        sounds[f"household {sort}"] = 0.3 * household_noise(sort, rng, 16.0)
    return sounds


@pytest.mark.parametrize("name", without_harmony())
def test_household_noise_has_neither_key_nor_chords(name: str) -> None:
    found = harmony_of(without_harmony()[name])
    if found is not None:
        assert found.key is None
        assert {chord.label for chord in found.chords} == {"N"}


@pytest.mark.parametrize(
    "samples",
    [silence(0.0), silence(0.4), silence(10.0), triad("C:maj", 0.4)],
    ids=["nothing", "short silence", "silence", "too short"],
)
def test_silence_and_half_a_second_have_no_harmony(samples: Samples) -> None:
    assert harmony_of(samples) is None
    stream = HarmonyStream()
    stream.push(samples)
    assert stream.harmony() is None


def test_without_a_key_chords_are_spelt_with_sharps() -> None:
    found = known(triad("Eb:maj", 2.0))
    assert found.key is None or found.key == "Eb major"
    expected = "D#:maj" if found.key is None else "Eb:maj"
    assert [chord.label for chord in found.chords] == [expected]


def test_a_stream_finds_what_a_recording_has() -> None:
    sound = noisy(progression(CADENCES["Eb major"])[: 9 * RATE_HZ], 25.0)
    whole = known(sound)
    for length in (1_600, 4_096, 50_000):
        stream = HarmonyStream()
        for start in range(0, len(sound), length):
            stream.push(sound[start : start + length])
        live = stream.harmony()
        assert live is not None
        assert live.key == whole.key
        assert live.guessed_key == whole.guessed_key
        assert live.key_confidence == pytest.approx(whole.key_confidence, abs=0.05)
        assert [chord.label for chord in live.chords] == [chord.label for chord in whole.chords]


def test_a_stream_forgets_what_is_older_than_30_s() -> None:
    stream = HarmonyStream()
    stream.push(progression(CADENCES["C major"]))
    for _ in range(3):
        stream.push(progression(CADENCES["F# minor"]))
    found = stream.harmony()
    assert found is not None
    assert found.guessed_key == "F# minor"
    start, end = found.chords[0].start_seconds, found.chords[-1].end_seconds
    assert end == pytest.approx(48.0, abs=0.6)
    assert end - start == pytest.approx(10.0, abs=0.3)
    recent = stream.harmony(4.0)
    assert recent is not None
    assert recent.chords[-1] == found.chords[-1]


def test_a_reset_stream_is_as_new() -> None:
    stream = HarmonyStream()
    stream.push(progression(CADENCES["C major"]))
    stream.reset()
    assert stream.harmony() is None
    stream.push(triad("A:min", 2.0))
    found = stream.harmony()
    assert found is not None
    assert found.chords == [Chord(0.0, found.chords[0].end_seconds, "A:min")]
    assert found.chords[0].end_seconds < 2.1


def test_a_stream_keeps_a_bounded_amount_and_knows_the_tuning() -> None:
    stream = HarmonyStream()
    for _ in range(5):
        stream.push(progression(CADENCES["C major"], cents=20.0))
    kept = sum(spectrum.nbytes for spectrum in stream._spectra)
    assert kept < 1_000_000
    assert len(stream._peaks) == len(stream._spectra)
    estimate = estimated_tuning(stream.steady_peaks())
    assert estimate is not None
    assert estimate.cents == pytest.approx(20.0, abs=3.0)


def test_a_scale_alone_has_its_key_as_best_guess() -> None:
    pitches = [60, 62, 64, 65, 67, 69, 71, 72, 71, 69, 67, 65, 64, 62, 60, 67, 64, 60]
    assert known(scale(pitches, 0.5)).guessed_key == "C major"
