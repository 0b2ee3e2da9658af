import numpy as np

from daemon.hearing.scorer import Heard
from daemon.hearing.tracker import Event, EventEnded, EventStarted
from daemon.practice.analysis.played_note import PlayedNote
from daemon.practice.parts.players import UNKNOWN, Players
from tests.daemon.observations import observed


def window(players: Players, at: float, scores: tuple[float, float], *events: Event) -> None:
    heard = Heard(at, -30.0, np.array(scores, np.float32))
    players.observe(observed(heard, [], events))


def families_of(players: Players, *onsets: float) -> dict[str, list[float]]:
    notes = [PlayedNote(onset, onset + 0.5, 60, 0.0, -20.0) for onset in onsets]
    return {part.family: [note.onset for note in part.notes] for part in players.parts(notes)}


def test_a_note_belongs_to_the_likeliest_family_at_its_onset() -> None:
    players = Players(("flute", "organ"))
    window(players, 4.0, (0.9, 0.2), EventStarted("flute", 0.0, 4.0, 0.9))
    window(players, 8.0, (0.8, 0.9), EventStarted("organ", 5.0, 8.0, 0.9))
    window(players, 12.0, (0.3, 0.9), EventEnded("flute", 0.0, 12.0, 0.3, 8.0, 0.9))
    window(players, 40.0, (0.0, 0.0), EventEnded("organ", 5.0, 40.0, 0.0, 14.0, 0.9))
    # Both play at 6 s, where the organ's score is higher. At 30 s none plays.
    assert families_of(players, 1.0, 4.0, 6.0, 13.0, 30.0) == {
        "flute": [1.0, 4.0],
        "organ": [6.0, 13.0, 30.0],
    }


def test_notes_before_the_first_family_belong_to_it() -> None:
    players = Players(("flute", "organ"))
    window(players, 14.0, (0.1, 0.9), EventStarted("organ", 10.0, 14.0, 0.9))
    assert families_of(players, 1.0, 11.0) == {"organ": [1.0, 11.0]}


def test_without_a_family_the_player_is_unknown() -> None:
    players = Players(("flute", "organ"))
    window(players, 4.0, (0.1, 0.1))
    assert families_of(players, 1.0, 2.0) == {UNKNOWN: [1.0, 2.0]}
    assert families_of(players) == {}
