import zipfile
from pathlib import Path

import numpy as np
import pytest

from daemon.errors import InputError
from daemon.practice.harmoniser.files.source import heard_source, midi_source
from daemon.practice.harmoniser.harmony import Harmoniser, Harmony
from daemon.practice.harmoniser.keys import Key
from daemon.practice.harmoniser.model_file import BUILT_IN_HARMONY_MODEL, read_harmony_model
from daemon.practice.harmoniser.tune import Tune
from daemon.practice.harmoniser.voice_leading import faults_of_piece
from daemon.practice.harmoniser.voices import VOICE_RANGES
from tests.daemon.practice.harmoniser.made_midi import (
    ODE,
    key_signature,
    midi,
    off,
    on,
    time_signature,
    tune,
    written,
)
from tests.daemon.practice.harmoniser.test_tune import Heard

MELODIES = Path(__file__).parent / "melodies"
LARGEST_MODEL_BYTES = 1_000_000


@pytest.fixture(scope="module")
def harmoniser() -> Harmoniser:
    return Harmoniser()


def made_tune(folder: Path, content: bytes) -> Tune:
    return midi_source(written(folder, content)).tune


def chords(harmony: Harmony, made: Tune) -> np.ndarray:
    """Return soprano, alto, tenor and bass at the middle of each beat."""
    rows = []
    for start, end in zip(made.beats[:-1], made.beats[1:], strict=True):
        at = (start + end) / 2
        voices = [made.notes, *harmony.parts.values()]
        rows.append(
            [max((n.midi for n in voice if n.start <= at < n.end), default=-1) for voice in voices]
        )
    return np.array(rows)


def test_model_is_small_and_says_where_it_comes_from() -> None:
    assert BUILT_IN_HARMONY_MODEL.stat().st_size <= LARGEST_MODEL_BYTES
    _, contract = read_harmony_model()
    assert contract.task == "harmony"
    assert contract.provenance.trained_on == {"music21": 140, "JS Fake Chorales": 655}


def test_chorale_ends_on_the_tonic(harmoniser: Harmoniser) -> None:
    made = midi_source(MELODIES / "twinkle-c-major.mid").tune
    harmony = harmoniser.harmonise(made, "chorale")
    assert str(harmony.key) == "C major"
    assert harmony.chords[-1][1] == "C:maj"
    assert list(harmony.parts) == ["alto", "tenor", "bass"]
    assert chords(harmony, made)[-1, -1] % 12 == 0


def test_pop_has_one_triad_a_bar_and_ends_on_the_tonic(harmoniser: Harmoniser) -> None:
    made = midi_source(MELODIES / "twinkle-c-major.mid").tune
    harmony = harmoniser.harmonise(made, "pop")
    assert harmony.chords[-1][1] == "C:maj"
    starts = sorted({note.start for note in harmony.parts["chords"]})
    assert starts == [made.beats[bar] for bar in made.bars]
    assert len(harmony.parts["chords"]) == 3 * len(made.bars)


def test_voices_keep_the_rules(tmp_path: Path, harmoniser: Harmoniser) -> None:
    made = made_tune(tmp_path, midi(tune(*ODE)))
    harmony = harmoniser.harmonise(made, "chorale")
    found = faults_of_piece(chords(harmony, made), harmony.key.leading_note)
    assert not any(map(int, found[:3]))
    for name, (low, high) in zip(("bass", "tenor", "alto"), VOICE_RANGES, strict=True):
        assert all(low <= note.midi <= high for note in harmony.parts[name])


def test_harmony_moves_with_the_key(tmp_path: Path, harmoniser: Harmoniser) -> None:
    in_c = harmoniser.harmonise(made_tune(tmp_path, midi(tune(*ODE))), "chorale")
    in_d = harmoniser.harmonise(made_tune(tmp_path, midi(tune(*(p + 2 for p in ODE)))), "chorale")
    assert (str(in_c.key), str(in_d.key)) == ("C major", "D major")
    assert len(in_c.chords) > 3
    basses = zip(in_c.parts["bass"], in_d.parts["bass"], strict=False)
    # The voices' ranges stay where they are, so that a few notes may differ.
    same = np.mean([low.midi + 2 == high.midi for low, high in basses])
    assert same > 0.7


def test_a_given_key_is_used(tmp_path: Path, harmoniser: Harmoniser) -> None:
    made = made_tune(tmp_path, midi(tune(69, 71, 72, 71, 69, 64, 69, 69)))
    assert harmoniser.harmonise(made, "chorale", Key(0, "major")).key == Key(0, "major")
    assert harmoniser.harmonise(made, "chorale").key == Key(9, "minor")


def test_contradicting_signature_is_overruled(tmp_path: Path, harmoniser: Harmoniser) -> None:
    made = made_tune(tmp_path, midi(key_signature(6, 0) + tune(*ODE, 62, 60)))
    assert harmoniser.harmonise(made, "chorale").key == Key(0, "major")


@pytest.mark.parametrize(("move", "octaves"), [(-24, 2), (24, -1), (0, 0)])
def test_low_and_high_melodies_are_harmonised_as_if_moved(
    tmp_path: Path, harmoniser: Harmoniser, move: int, octaves: int
) -> None:
    made = made_tune(tmp_path, midi(tune(*(pitch + move for pitch in ODE))))
    harmony = harmoniser.harmonise(made, "chorale")
    assert harmony.octaves == octaves
    for name, (low, high) in zip(("bass", "tenor", "alto"), VOICE_RANGES, strict=True):
        assert all(low <= note.midi <= high for note in harmony.parts[name])


def test_voices_rest_where_the_melody_rests(tmp_path: Path, harmoniser: Harmoniser) -> None:
    content = tune(*ODE) + on(4 * 480, 60) + off(480, 60)
    made = made_tune(tmp_path, midi(content))
    silent = range(15 * 480, 19 * 480)
    for notes in harmoniser.harmonise(made, "chorale").parts.values():
        assert not [n for n in notes if n.start < silent.stop and n.end > silent.start]
        assert notes[-1].start == silent.stop


def test_voices_start_with_an_upbeat_and_stop_with_the_melody(
    tmp_path: Path, harmoniser: Harmoniser
) -> None:
    content = on(240, 67) + off(240, 67) + tune(72, 74, 76, 72) + on(0, 72) + off(200, 72)
    made = made_tune(tmp_path, midi(content))
    for notes in harmoniser.harmonise(made, "chorale").parts.values():
        assert notes[0].start == 240
        assert notes[-1].end == 5 * 480 + 200


def test_compound_time_has_two_chords_a_bar(tmp_path: Path, harmoniser: Harmoniser) -> None:
    jig = (67, 69, 67, 64, 62, 60, 62, 64, 65, 67, 64, 60)
    made = made_tune(tmp_path, midi(time_signature(6, 3) + tune(*jig, ticks=240)))
    assert len(made.beats) - 1 == 4
    assert len(harmoniser.harmonise(made, "chorale").parts["bass"]) <= 4


@pytest.mark.parametrize("style", ["chorale", "pop"])
@pytest.mark.parametrize(
    "pitches", [(60,), tuple(range(60, 85)), (21, 108), (60,) * 40, (127, 0)], ids=str
)
def test_odd_melodies_get_a_harmony(
    tmp_path: Path, harmoniser: Harmoniser, style: str, pitches: tuple[int, ...]
) -> None:
    made = made_tune(tmp_path, midi(tune(*pitches)))
    harmony = harmoniser.harmonise(made, "pop" if style == "pop" else "chorale")
    assert harmony.chords
    assert all(0 <= n.midi <= 127 and n.end > n.start for p in harmony.parts.values() for n in p)


def test_heard_notes_keep_their_times(harmoniser: Harmoniser) -> None:
    heard = [Heard(0.4 + 0.61 * i, 0.9 + 0.61 * i, pitch) for i, pitch in enumerate(ODE)]
    source = heard_source(heard, Path("melody.wav"))
    (tempo,) = [message.tempo for _, message in source.conductor]
    seconds_per_tick = tempo / 1e6 / source.ticks_per_quarter
    for note, own in zip(source.tune.notes, heard, strict=True):
        assert note.start * seconds_per_tick == pytest.approx(own.onset_seconds, abs=0.002)
        assert note.end * seconds_per_tick == pytest.approx(own.offset_seconds, abs=0.002)
    harmony = harmoniser.harmonise(source.tune, "chorale")
    assert str(harmony.key) == "C major"
    first = min(note.start for note in harmony.parts["bass"]) * seconds_per_tick
    assert first == pytest.approx(0.4, abs=0.06)


def test_a_recording_without_notes_is_refused() -> None:
    with pytest.raises(InputError, match=r"noise\.wav: no melody was heard"):
        heard_source([], Path("noise.wav"))


def test_damaged_model_is_refused(tmp_path: Path) -> None:
    content = bytearray(BUILT_IN_HARMONY_MODEL.read_bytes())
    content[5000] ^= 1
    damaged = tmp_path / "harmony.tflite"
    damaged.write_bytes(content)
    with pytest.raises(InputError, match="its checksum does not match"):
        read_harmony_model(damaged)
    damaged.write_bytes(content[:2000])
    with pytest.raises(InputError, match="cannot be read"):
        read_harmony_model(damaged)
    with zipfile.ZipFile(damaged, "w") as archive:
        archive.writestr("contract.json", '{"contract_version": 2}')
    with pytest.raises(InputError, match="cannot be read"):
        read_harmony_model(damaged)
    with pytest.raises(InputError, match="not found"):
        read_harmony_model(tmp_path / "none.tflite")
