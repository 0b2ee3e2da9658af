from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.errors import InputError
from daemon.practice.harmoniser.files.source import MelodySource, midi_source
from daemon.practice.harmoniser.keys import Key
from daemon.practice.harmoniser.tune import sampled
from tests.daemon.practice.harmoniser.made_midi import (
    ODE,
    key_signature,
    meta,
    midi,
    number,
    off,
    on,
    tempo,
    time_signature,
    tune,
    written,
)

MELODIES = Path(__file__).parent / "melodies"


def source(folder: Path, content: bytes, track: int | None = None) -> MelodySource:
    return midi_source(written(folder, content), track)


def pitches(made: MelodySource) -> list[int]:
    return [note.midi for note in made.tune.notes]


@pytest.mark.parametrize(
    "name",
    ["key-8-sharps", "key-minus18-mode1", "key-minus2-mode255", "text-latin1-cp932"],
)
def test_ignores_impossible_signatures_and_undecodable_text(name: str) -> None:
    made = midi_source(MELODIES / f"{name}.mid")
    assert pitches(made) == [67, 67, 74, 74, 76, 76, 74, 67]
    assert made.tune.hint is None
    assert [note.start for note in made.tune.notes] == [480 * i for i in range(8)]


def test_reads_tempo_from_the_second_track() -> None:
    made = midi_source(MELODIES / "tempo-on-second-track.mid")
    tempos = [(t, m.tempo) for t, m in made.conductor if m.type == "set_tempo"]
    assert tempos == [(0, 1_000_000), (1920, 500_000), (3840, 666_667)]
    assert len(made.tune.notes) == 12


@pytest.mark.parametrize(
    ("fifths", "mode", "key"),
    [
        *((0, 0, Key(0, "major")), (0, 1, Key(9, "minor")), (-3, 0, Key(3, "major"))),
        *((7, 0, Key(1, "major")), (-7, 1, Key(8, "minor")), (8, 0, None), (0, 2, None)),
    ],
)
def test_key_signature_is_a_hint(tmp_path: Path, fifths: int, mode: int, key: Key | None) -> None:
    made = source(tmp_path, midi(key_signature(fifths, mode) + tune(60, 62)))
    assert made.tune.hint == key


def test_first_track_with_notes_that_are_not_drums_is_the_melody(tmp_path: Path) -> None:
    drums, melody, bass = tune(36, 38, channel=9), tune(72, 74), tune(48, 50)
    content = midi(tempo(500_000), drums, melody, bass)
    assert pitches(source(tmp_path, content)) == [72, 74]
    assert pitches(source(tmp_path, content, track=4)) == [48, 50]
    with pytest.raises(InputError, match=r"track 2 has no notes; tracks with notes: 3, 4$"):
        source(tmp_path, content, track=2)


def test_top_voice_counts(tmp_path: Path) -> None:
    chord = on(0, 60) + on(0, 64) + on(0, 67) + off(480, 60) + off(0, 64) + off(0, 67)
    lower_held = on(0, 55) + on(0, 72) + off(240, 72) + on(0, 74) + off(240, 74) + off(0, 55)
    steps = sampled(source(tmp_path, midi(chord + lower_held)).tune)
    assert steps.tolist() == [[67] * 4, [72, 72, 74, 74]]


def test_hanging_note_ends_when_struck_again_or_with_the_track(tmp_path: Path) -> None:
    made = source(tmp_path, midi(on(0, 60) + on(480, 60) + on(480, 62) + meta(960, 1, b"end")))
    assert made.tune.notes == ((0, 480, 60), (480, 1920, 60), (960, 1920, 62))


def test_zero_length_notes_are_left_out(tmp_path: Path) -> None:
    made = source(tmp_path, midi(on(0, 90) + off(0, 90) + tune(60)))
    assert made.tune.notes == ((0, 480, 60),)
    with pytest.raises(InputError, match="no length"):
        source(tmp_path, midi(on(0, 90) + off(0, 90)))


def test_pickup_and_changing_time_signature_set_the_bars(tmp_path: Path) -> None:
    signatures = time_signature(1, 2) + time_signature(3, 2, 480) + time_signature(6, 3, 1440)
    made = source(tmp_path, midi(signatures, tune(*range(60, 67))))
    # One quarter, one bar of 3/4, and 6/8 with beats of dotted quarters.
    assert made.tune.beats == (0, 480, 960, 1440, 1920, 2640, 3360)
    assert made.tune.bars == (0, 1, 4)


def test_no_time_signature_means_four_quarters(tmp_path: Path) -> None:
    assert source(tmp_path, midi(tune(*ODE))).tune.bars == (0, 4, 8, 12)


def test_impossible_time_signatures_are_ignored(tmp_path: Path) -> None:
    odd = time_signature(0, 2) + time_signature(4, 9)
    assert source(tmp_path, midi(odd + tune(*ODE))).tune.bars == (0, 4, 8, 12)


@pytest.mark.parametrize(
    ("division", "quarter", "microseconds"),
    [
        (-25 * 256 + 40, 1000, 1_000_000),
        (-24 * 256 + 100, 2400, 1_000_000),
        (-29 * 256 + 80, 2400, 1_001_000),
    ],
)
def test_smpte_time_becomes_a_tempo(
    tmp_path: Path, division: int, quarter: int, microseconds: int
) -> None:
    half_second = quarter // 2
    made = source(tmp_path, midi(tempo(1) + tune(*ODE, ticks=half_second), division=division))
    assert made.ticks_per_quarter == quarter
    assert [m.tempo for _, m in made.conductor] == [microseconds]
    assert made.tune.notes[1].start == half_second
    # The beats are found from the notes.
    assert made.tune.beats[:3] == pytest.approx((0, half_second, 2 * half_second), abs=quarter / 50)


def test_tracks_of_format_2_are_independent(tmp_path: Path) -> None:
    content = midi(tempo(250_000) + tune(60), tempo(500_000) + tune(72), kind=2)
    made = source(tmp_path, content, track=2)
    assert [m.tempo for _, m in made.conductor] == [500_000]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a MIDI file"),
        (b"RIFF0000", "not a MIDI file"),
        (midi(), "it has no notes"),
        (midi(tempo(500_000)), "it has no notes"),
        (midi(tune(36, 38, channel=9)), "it has no notes, except perhaps drums"),
        (midi(tune(*ODE), division=0), "its division is 0"),
        (midi(tune(*ODE))[:60], "cut short"),
        (midi(tune(*ODE), count=3), "cut short"),
        (midi(tune(*ODE)).replace(b"MTrk", b"MTxx"), "damaged"),
        (midi(number(0) + b"\x40\x40"), "damaged"),
        (midi(on(0, 60) + off(480 * 20_000, 60)), "longer than 10000 beats"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refuses_unusable_files_in_one_line(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        source(tmp_path, content)
    (line,) = caught.value.lines
    assert line.startswith(str(tmp_path))
    assert "\n" not in line


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.mid: not found"):
        midi_source(tmp_path / "none.mid")


@given(
    st.sampled_from(sorted(MELODIES.glob("*.mid"))),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6),
    st.integers(30, 400),
)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_damaged_files_are_read_or_refused_in_one_line(
    tmp_path: Path, melody: Path, changes: list[tuple[int, int]], length: int
) -> None:
    content = bytearray(melody.read_bytes())
    for position, value in changes:
        content[position % len(content)] = value
    path = written(tmp_path, bytes(content[:length]))
    try:
        made = midi_source(path)
    except InputError as error:
        message = str(error)
    else:
        message = str(path)
        assert sampled(made.tune).shape == (len(made.tune.beats) - 1, 4)
    assert message.startswith(str(path))
    assert "\n" not in message
