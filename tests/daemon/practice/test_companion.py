"""The companion hears what is played, from the windows of a place."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from daemon.configuration.settings import Settings
from daemon.hearing.pipeline import Observation, listen
from daemon.hearing.replay import Replay
from daemon.hearing.scorer import Scorer
from daemon.hearing.tracker import Event, EventEnded
from daemon.practice.analysis.played_note import PlayedNote
from daemon.practice.analysis.recording import analyse
from daemon.practice.companion import Companion
from daemon.practice.genre.built_in import configured_genre_network
from daemon.practice.notes.note_network import NoteNetwork, load_note_network
from daemon.practice.now import Now
from daemon.practice.switches import Switches
from daemon.practice.tally import figures_of
from daemon.runtime.wiring import Recognizer
from tests.conftest import MEDLEY, ROOT
from tests.daemon.practice.playing import observations
from tests.daemon.practice.voices import Samples, scale, silence

MELODY = (60, 62, 64, 65, 67, 69, 71, 72)
ONSET = 3.0
# The event ends when the music has ended; then the sound goes on.
SOUND = np.concatenate([silence(ONSET), scale(3 * MELODY, 0.5, 0.0), silence(8.0)])
MUSIC_END = ONSET + 12.0

LoadNetwork = Callable[[], NoteNetwork | None]


@pytest.fixture
def load(note_model: Path) -> LoadNetwork:
    return partial(load_note_network, note_model)


def heard(
    companion: Companion, sound: Samples, hop_seconds: float, *, ends: float = MUSIC_END
) -> list[PlayedNote]:
    notes = []
    for observation in observations(sound, hop_seconds, ONSET, starts=5.75, ends=ends):
        notes += companion.observe(observation)
    return notes


def assert_same(live: list[PlayedNote], expected: list[PlayedNote]) -> None:
    """The same notes to the bit, but for a pitch curve that began elsewhere."""
    live, expected = (sorted(notes, key=lambda note: note.onset) for notes in (live, expected))
    for column in ("onset", "offset", "midi", "loudness"):
        values = [[getattr(note, column) for note in notes] for notes in (live, expected)]
        assert values[0] == pytest.approx(values[1], abs=1e-9), column
    assert [n.cents for n in live] == pytest.approx([n.cents for n in expected], abs=0.01)


@pytest.mark.parametrize("hop_seconds", [0.25, 0.4, 1.0, 2.0])
def test_notes_are_those_of_the_file_at_any_hop(load: LoadNetwork, hop_seconds: float) -> None:
    in_file = analyse([SOUND], load(), 440.0).notes
    assert in_file is not None
    live = heard(Companion(load), SOUND, hop_seconds, ends=MUSIC_END + 3.0)
    assert [note.midi for note in live] == list(3 * MELODY)
    assert_same(live, in_file)


def test_catches_up_from_the_onset_on(load: LoadNetwork) -> None:
    companion = Companion(load)
    sound = np.concatenate([scale([50], 2.6, 0.4), scale(3 * MELODY, 0.5, 0.0)])
    notes = heard(companion, sound, 1.0, ends=np.inf) + companion.stop()
    # What sounded before the onset is not the family's.
    assert [note.midi for note in notes] == list(3 * MELODY)
    assert notes[0].onset == pytest.approx(3.0, abs=0.05)


def test_rests_until_a_family_plays_and_after_its_end(load: LoadNetwork) -> None:
    companion = Companion(load)
    states = []
    for observation in observations(SOUND, 1.0, ONSET, starts=7.0, ends=16.0):
        companion.observe(observation)
        states.append((observation.heard.ended_at, companion.is_active))
    assert [at for at, is_active in states if is_active] == [float(at) for at in range(7, 16)]
    assert companion.now == Now()
    assert companion.sounding is None


def test_reads_tuning_tempo_and_dynamics_every_ten_seconds(load: LoadNetwork) -> None:
    companion = Companion(load)
    readings = []
    for observation in observations(SOUND, 1.0, ONSET, starts=7.0):
        before = companion.now
        companion.observe(observation)
        if companion.now is not before:
            readings.append((observation.heard.ended_at, companion.now))
    (first_at, first), *_ = readings
    assert first_at == 13.0
    assert first.a4_hz == pytest.approx(440.0, abs=0.3)
    assert first.in_tune == 1.0
    assert first.median_cents == pytest.approx(0.0, abs=1.0)
    assert first.tempo_bpm == pytest.approx(120.0, abs=1.0)
    assert first.dynamic == "mf"
    assert (first.key, first.chord, first.genre, first.tempo_drift) == ("C major", None, None, None)


def test_a_gap_ends_the_notes_and_starts_anew(load: LoadNetwork) -> None:
    companion = Companion(load)
    notes = []
    for observation in observations(SOUND, 1.0, ONSET, starts=6.0):
        # Of the windows that end at 9 to 14 s the sound until 11 s was never heard.
        if not 9.0 <= observation.heard.ended_at < 15.0:
            notes += companion.observe(observation)
    onsets = [note.onset for note in notes + companion.stop()]
    assert [onset for onset in onsets if 8.0 < onset < 11.0] == []
    assert any(onset < 8.0 for onset in onsets)
    assert any(onset > 11.0 for onset in onsets)
    assert len(onsets) == len(set(onsets))


def test_a_late_window_loses_nothing(load: LoadNetwork) -> None:
    """A window has 4 s: without one or two of them, all sound is still there."""
    every, some = Companion(load), Companion(load)
    expected, notes = [], []
    for number, observation in enumerate(observations(SOUND, 1.0, ONSET, starts=7.0)):
        expected += every.observe(observation)
        if number % 3 != 1:
            notes += some.observe(observation)
    assert_same(notes + some.stop(), expected + every.stop())


def test_sound_that_is_not_a_number_is_a_gap(load: LoadNetwork) -> None:
    sound = SOUND.copy()
    sound[9 * 16_000] = np.nan
    companion = Companion(load)
    notes = heard(companion, sound, 1.0)
    assert all(np.isfinite(note.cents) for note in notes)
    assert any(note.onset > 10.0 for note in notes)


def test_restarted_sound_begins_at_zero_again(load: LoadNetwork) -> None:
    companion = Companion(load)
    heard(companion, SOUND[: 14 * 16_000], 1.0, ends=np.inf)
    assert companion.is_active
    notes = heard(companion, SOUND, 1.0)
    assert [note.midi for note in notes[-24:]] == list(3 * MELODY)


def test_notes_of_restarted_sound_count_after_the_old_sound_was_longer(load: LoadNetwork) -> None:
    companion = Companion(load)
    heard(companion, SOUND, 1.0)
    companion.end_sound()
    late = np.concatenate([silence(1.0), SOUND])
    notes = []
    for observation in observations(late, 1.0, ONSET + 1.0, starts=17.0, ends=21.0):
        notes += companion.observe(observation)
    # The event starts when its window begins at 13 s, before the old sound had ended.
    assert [note.onset for note in notes if note.onset < 15.0]


def test_what_sounds_after_the_end_does_not_count(load: LoadNetwork) -> None:
    # A doorbell after the music, while the event is still open.
    bell = np.concatenate([silence(2.0), scale([84], 0.5, 0.5)])
    sound = np.concatenate([SOUND[: round(MUSIC_END * 16_000)], bell, silence(8.0)])
    companion = Companion(load)
    for observation in observations(sound, 1.0, ONSET, starts=7.0, ends=20.0):
        events: list[Event] = [
            replace(event, ended_at=MUSIC_END) if isinstance(event, EventEnded) else event
            for event in observation.events
        ]
        companion.observe(replace(observation, events=events))
    figures = figures_of(companion.tally, 440.0)
    assert (figures.notes, figures.range) == (24, ("C4", "C5"))
    assert figures.longest_passage_seconds == pytest.approx(12.0, abs=0.2)
    assert figures.legato == 1.0


@pytest.mark.parametrize(
    ("switches", "known"),
    [
        (Switches(tuning=False, notes=False, tempo=False, key=False), {"dynamic"}),
        (
            Switches(tempo=False, dynamics=False, notes=False, key=False),
            {"a4_hz", "in_tune", "median_cents"},
        ),
        (
            Switches(tuning=False, dynamics=False, notes=False, key=False),
            {"tempo_bpm", "tempo_stability"},
        ),
        (
            Switches(tuning=False, dynamics=False, notes=False, tempo=False, chords=True),
            {"key", "key_confidence", "chord", "next_chord"},
        ),
    ],
)
def test_measures_what_is_switched_on(
    load: LoadNetwork, switches: Switches, known: set[str]
) -> None:
    companion = Companion(load, switches)
    for observation in observations(SOUND[: 14 * 16_000], 1.0, ONSET, starts=7.0):
        companion.observe(observation)
    found = {name for name, value in companion.now._asdict().items() if value is not None}
    assert found == known
    assert (companion.tally.notes is None) == (not switches.notes and not switches.tuning)


def test_nothing_runs_while_it_is_switched_off(load: LoadNetwork) -> None:
    companion = Companion(load, Switches(enabled=False))
    assert heard(companion, SOUND, 1.0) == []
    assert companion.tally.seconds == 0.0


def test_switching_starts_anew_without_counting_twice(load: LoadNetwork) -> None:
    companion = Companion(load)
    for number, observation in enumerate(observations(SOUND, 1.0, ONSET, starts=7.0, ends=18.0)):
        companion.observe(observation)
        if number == 7:
            companion.use(Switches(tempo=False))
    assert companion.tally.notes == pytest.approx(24, abs=1)


def test_without_a_note_model_the_rest_is_measured() -> None:
    companion = Companion(lambda: None)
    for observation in observations(SOUND[: 14 * 16_000], 1.0, ONSET, starts=7.0):
        companion.observe(observation)
    assert companion.now.a4_hz == pytest.approx(440.0, abs=0.3)
    assert companion.now.in_tune is None
    assert companion.tally.notes is None


def test_at_rest_no_analyser_is_imported() -> None:
    code = (
        "import sys, daemon.runtime.station\n"
        "print(*[m for m in sys.modules if m.startswith(('daemon.practice.analysis', "
        "'daemon.practice.pitch', 'daemon.practice.notes', 'daemon.practice.beats'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == []


def test_real_families_are_the_same_to_the_bit(load: LoadNetwork) -> None:
    """The companion shares the window's samples with the classifier, and changes none."""
    recognizer = Recognizer(Settings())
    companion = Companion(load, Switches(live_notes=True, chords=True))
    alone, accompanied = Watch(None), Watch(companion)
    for watch in (alone, accompanied):
        windows = (w for w in Replay(str(MEDLEY), 1.0).windows() if w.ended_at <= 30.0)
        scorer = Scorer(recognizer.classifier, Settings().audio.gate_dbfs)
        listen(windows, scorer, recognizer.tracker(), [watch])
    assert len(alone.events) > 1
    assert accompanied.events == alone.events
    np.testing.assert_array_equal(accompanied.scores, alone.scores)
    assert companion.tally.seconds > 20.0


class Watch:
    """Remembers the events and scores of the families; lets a companion hear, too."""

    def __init__(self, companion: Companion | None) -> None:
        self.events: list[Event] = []
        self.scores: list[list[float]] = []
        self._companion = companion

    def observe(self, observation: Observation) -> None:
        if self._companion is not None:
            self._companion.observe(observation)
        self.events += observation.events
        self.scores.append(observation.heard.scores.tolist())


def test_names_the_genre_if_it_is_wanted_and_nothing_else(load: LoadNetwork) -> None:
    off = dict.fromkeys(("tuning", "tempo", "key", "notes", "dynamics"), False)
    load_genre = partial(configured_genre_network, None)
    named = {}
    for wanted in (True, False):
        companion = Companion(load, Switches(genre=wanted, **off), load_genre_network=load_genre)
        for observation in observations(SOUND, 1.0, ONSET, starts=7.0):
            companion.observe(observation)
        named[wanted] = companion.now.genre
        assert companion.now._replace(genre=None) == Now()
    assert named[False] is None
    # Synthetic tones are no real music; only that some genre is named can be expected.
    assert named[True]


def test_genre_is_unknown_without_a_genre_model(load: LoadNetwork) -> None:
    companion = Companion(load, Switches(genre=True))
    for observation in observations(SOUND, 1.0, ONSET, starts=7.0):
        companion.observe(observation)
    assert companion.now.key == "C major"
    assert companion.now.genre is None
