"""The sums of a session."""

from typing import NamedTuple

import msgspec
import numpy as np
import pytest

from daemon.practice.summary import Figures
from daemon.practice.switches import Switches
from daemon.practice.tally import HeldNote, Reading, Tally, Tallying, figures_of, wanted


class Note(NamedTuple):
    onset: float
    offset: float
    midi: int = 69
    cents: float = 0.0


def tallied(*notes: Note, reference_hz: float = 440.0) -> Tally:
    tallying = Tallying(Tally())
    tallying.add_notes(notes, reference_hz)
    return tallying.tally


def test_nothing_is_unknown() -> None:
    assert figures_of(Tally(), 440.0) == Figures()


def test_counts_notes_and_their_range() -> None:
    figures = figures_of(tallied(Note(0, 1, 64), Note(1, 2, 40), Note(2, 3, 79)), 440.0)
    assert (figures.notes, figures.range) == (3, ("E2", "G5"))


def test_silence_of_a_known_model_has_no_notes() -> None:
    figures = figures_of(tallied(), 440.0)
    assert (figures.notes, figures.range, figures.longest_passage_seconds) == (0, None, None)


def test_names_are_spelt_as_the_commonest_key_has_them() -> None:
    tallying = Tallying(tallied(Note(0, 1, 63), Note(1, 2, 70)))
    for key in ("Eb major", "Eb major", "C major"):
        tallying.add_reading(Reading(10.0, None, None, None, key))
    figures = figures_of(tallying.tally, 440.0)
    assert figures.range == ("Eb4", "Bb4")
    assert figures.keys == {"Eb major": 0.3, "C major": 0.2}


@pytest.mark.parametrize(
    ("notes", "share"),
    [
        ([Note(0, 1), Note(1.04, 2), Note(2.0, 3)], 1.0),
        ([Note(0, 1), Note(1.06, 2), Note(2.0, 3)], 0.5),
        ([Note(0, 0.5), Note(1, 1.5), Note(2, 2.5)], 0.0),
        ([Note(0, 1)], None),
    ],
)
def test_legato_is_the_share_of_connected_notes(notes: list[Note], share: float | None) -> None:
    assert figures_of(tallied(*notes), 440.0).legato == share


def test_a_pause_of_two_seconds_ends_a_passage() -> None:
    tally = tallied(Note(0, 1), Note(2.9, 4), Note(6.1, 9), Note(9, 10.5))
    assert figures_of(tally, 440.0).longest_passage_seconds == 4.4


def test_other_sound_does_not_continue_a_passage() -> None:
    tallying = Tallying(Tally())
    tallying.add_notes([Note(0, 10)], 440.0)
    tallying.interrupt()
    tallying.add_notes([Note(3, 6)], 440.0)
    assert figures_of(tallying.tally, 440.0).longest_passage_seconds == 10.0
    assert figures_of(tallying.tally, 440.0).legato is None


def test_figures_of_tuning_follow_the_reference() -> None:
    tallying = Tallying(Tally())
    for number in range(9):
        tallying.tally.seconds = 10.0 * number
        tallying.add_notes([Note(number, number + 0.8, 69, 7.86)], 440.0)
    for _ in range(3):
        tallying.add_reading(Reading(10.0, 442.0, 92.0, 0.02, None))
    figures = figures_of(tallying.tally, 440.0)
    assert (figures.a4_hz, figures.in_tune, figures.median_cents) == (442.0, 1.0, 7.9)
    assert figures.tuning_drift_cents == 0.0
    assert figures_of(tallying.tally, 442.0).median_cents == 0.0


def test_figures_that_are_switched_off_are_unknown() -> None:
    tallying = Tallying(tallied(Note(0, 1), Note(1, 2)))
    tallying.add_reading(Reading(10.0, 440.0, 92.0, 0.02, None))
    figures = figures_of(tallying.tally, 440.0)
    assert wanted(figures, Switches()) == figures
    without_notes = wanted(figures, Switches(notes=False))
    assert (without_notes.notes, without_notes.range, without_notes.legato) == (None, None, None)
    assert (without_notes.in_tune, without_notes.median_cents) == (1.0, 0.0)
    without_tuning = wanted(figures, Switches(tuning=False))
    assert (without_tuning.notes, without_tuning.in_tune) == (2, None)


def test_tempo_has_its_range_and_median_steadiness() -> None:
    tallying = Tallying(Tally())
    for bpm, stability in ((84.2, 0.02), (None, None), (96.1, 0.04), (90.0, 0.03)):
        tallying.add_reading(Reading(10.0, None, bpm, stability, None))
    figures = figures_of(tallying.tally, 440.0)
    assert (figures.tempo_range, figures.tempo_stability) == ((84.2, 96.1), 0.03)


def test_size_is_bounded_in_a_long_session() -> None:
    tallying = Tallying(Tally())
    rng = np.random.default_rng(0)
    for number in range(5_000):
        tallying.tally.seconds = float(number)
        cents = float(rng.normal(5.0, 3.0))
        tallying.add_notes([Note(number, number + 0.9, 60 + number % 12, cents)], 440.0)
        tallying.add_reading(Reading(10.0, 440.0, 90.0, 0.02, "A minor"))
    tally = tallying.tally
    assert len(tally.held) <= 1_000
    assert len(tally.readings) <= 1_000
    assert len(msgspec.json.encode(tally)) < 200_000
    figures = figures_of(tally, 440.0)
    assert figures.notes == 5_000
    assert figures.keys is not None
    assert figures.keys["A minor"] == pytest.approx(833.3, abs=2.0)
    assert figures.median_cents == pytest.approx(5.0, abs=0.5)


def test_saved_tally_continues() -> None:
    tally = tallied(Note(0, 1), Note(1, 2))
    tally.levels.add(np.linspace(-40.0, -20.0, 100))
    read = msgspec.json.decode(msgspec.json.encode(tally), type=Tally)
    assert read == tally
    assert figures_of(read, 440.0) == figures_of(tally, 440.0)


@pytest.mark.parametrize(
    "damage",
    [
        {"levels": {"counts": [1, 2]}},
        {"held": [[0.0, 1.0, 1e300]]},
        {"notes": -1},
        {"lowest": 1e9},
        {"readings": [[1.0, None, None, None, "x" * 101]]},
    ],
)
def test_damaged_tally_is_refused(damage: dict[str, object]) -> None:
    content = msgspec.json.encode({**msgspec.to_builtins(Tally()), **damage})
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(content, type=Tally)


def test_copy_does_not_change_with_the_tally() -> None:
    tallying = Tallying(tallied(Note(0, 1)))
    copy = tallying.tally.copy()
    tallying.add_notes([Note(1, 2)], 440.0)
    tallying.tally.levels.add(np.full(3, -20.0))
    assert (copy.notes, len(copy.held), sum(copy.levels.counts)) == (1, 1, 0)
    assert copy.articulation.steps == 0
    assert copy.held == [HeldNote(0.0, 1.0, 69.0)]
