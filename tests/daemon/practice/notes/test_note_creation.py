import msgspec
import numpy as np
import pytest

from daemon.practice.notes.note_creation import (
    CONTOUR_BINS,
    KEYS,
    Ended,
    Note,
    NoteCreation,
    NoteFrame,
    NoteRules,
    Started,
)

FRAME_SECONDS = 0.02


class Score:
    """Activations as a perfect model would give them."""

    def __init__(self, frames: int) -> None:
        self.activation = np.zeros((frames, KEYS), np.float32)
        self.onset = np.zeros((frames, KEYS), np.float32)
        self.pitch = np.zeros((frames, CONTOUR_BINS * KEYS), np.float32)
        self.level_db = np.full((frames, KEYS), -100.0, np.float32)

    def play(
        self, midi: int, first: int, last: int, *, strength: float = 1.0, cents: float = 0.0
    ) -> None:
        key = midi - 21
        self.activation[first:last, key] = strength
        for distance, value in ((-1, 0.5), (0, 1.0), (1, 0.5)):
            if first + distance >= 0:
                self.onset[first + distance, key] = value * strength
        middle = CONTOUR_BINS * key + 1 + cents * CONTOUR_BINS / 100
        bins = np.arange(self.pitch.shape[1])
        shape = np.exp(-0.5 * ((bins - middle) / 0.8) ** 2).astype(np.float32)
        self.pitch[first:last] = np.maximum(self.pitch[first:last], shape)
        self.level_db[first:last, key] = -20.0

    def frames(self) -> list[NoteFrame]:
        return [
            NoteFrame(*rows)
            for rows in zip(self.activation, self.onset, self.pitch, self.level_db, strict=True)
        ]


def told(score: Score, rules: NoteRules | None = None) -> list[Started | Ended]:
    creation = NoteCreation(rules or NoteRules(), FRAME_SECONDS)
    events = [event for frame in score.frames() for event in creation.push(frame)]
    return events + creation.finish()


def notes(score: Score) -> list[Note]:
    return [event.note for event in told(score) if isinstance(event, Ended)]


@pytest.mark.parametrize("cents", [-30.0, 0.0, 30.0])
def test_a_note_has_its_times_pitch_and_loudness(cents: float) -> None:
    score = Score(60)
    score.play(69, 10, 40, cents=cents)
    (note,) = notes(score)
    assert note.onset_seconds == pytest.approx(0.2, abs=0.002)
    assert note.offset_seconds == pytest.approx(0.8, abs=0.021)
    assert note.midi == 69
    assert note.cents == pytest.approx(cents, abs=7)
    assert note.loudness_dbfs == -20.0


@pytest.mark.parametrize("look_ahead", [2, 3, 5])
def test_a_note_is_told_after_the_look_ahead(look_ahead: int) -> None:
    score = Score(60)
    score.play(69, 10, 40)
    rules = NoteRules(shortest_frames=2, look_ahead_frames=look_ahead)
    creation = NoteCreation(rules, FRAME_SECONDS)
    told_at = [i for i, frame in enumerate(score.frames()[:30]) if creation.push(frame)]
    assert told_at == [10 + look_ahead]
    assert creation.sounding == (48,)


def test_rules_of_older_files_look_five_frames_ahead() -> None:
    assert msgspec.json.decode(b"{}", type=NoteRules).look_ahead_frames == 5
    with pytest.raises(ValueError, match="shortest_frames must be at most look_ahead_frames"):
        NoteRules(shortest_frames=4, look_ahead_frames=3)


def test_silence_and_flat_outputs_have_no_notes() -> None:
    assert told(Score(0)) == []
    assert told(Score(100)) == []
    flat = Score(100)
    flat.activation[:] = 0.9
    flat.onset[:] = 0.3
    assert told(flat) == []


def test_spikes_are_no_notes() -> None:
    score = Score(30)
    score.play(69, 10, 11)
    assert notes(score) == []


def test_a_chord_has_all_its_notes() -> None:
    score = Score(60)
    for midi in (60, 64, 67):
        score.play(midi, 10, 40)
    assert [note.midi for note in notes(score)] == [60, 64, 67]


def test_a_weak_octave_is_a_ghost_but_a_strong_one_is_a_note() -> None:
    for strength, expected in ((0.65, [45]), (1.0, [45, 57])):
        score = Score(60)
        score.play(45, 10, 40)
        score.play(57, 11, 40, strength=strength)
        assert [note.midi for note in notes(score)] == expected


def test_a_weak_fifth_is_a_note() -> None:
    score = Score(60)
    score.play(45, 10, 40)
    score.play(52, 10, 40, strength=0.65)
    assert [note.midi for note in notes(score)] == [45, 52]


def test_a_repeated_key_gives_two_notes_without_a_gap() -> None:
    score = Score(80)
    score.play(60, 10, 70)
    score.play(60, 40, 70)
    first, second = notes(score)
    assert first.offset_seconds == pytest.approx(second.onset_seconds, abs=0.011)


def test_a_waver_of_a_sounding_key_is_no_new_note() -> None:
    score = Score(80)
    score.play(60, 10, 70)
    score.onset[40, 39] = 0.5
    assert len(notes(score)) == 1


def test_open_notes_end_with_the_sound() -> None:
    score = Score(40)
    score.play(60, 10, 40)
    (note,) = notes(score)
    assert note.offset_seconds == pytest.approx(0.8)


def test_highest_and_lowest_keys() -> None:
    score = Score(40)
    score.play(21, 10, 30)
    score.play(108, 20, 30)
    assert [note.midi for note in notes(score)] == [21, 108]


def test_random_outputs_give_ordered_events() -> None:
    rng = np.random.default_rng(1)
    score = Score(300)
    score.activation[:] = rng.random(score.activation.shape)
    score.onset[:] = rng.random(score.onset.shape)
    score.pitch[:] = rng.random(score.pitch.shape)
    open_keys: set[int] = set()
    for event in told(score):
        if isinstance(event, Started):
            assert event.key not in open_keys
            open_keys.add(event.key)
        else:
            open_keys.remove(event.key)
            assert event.note.offset_seconds > event.note.onset_seconds
            assert abs(event.note.cents) <= 50
            assert abs(event.note.midi - 21 - event.key) <= 1
    assert not open_keys
