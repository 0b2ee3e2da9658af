"""The messages and the session of a companion that hears real sound."""

import json
import uuid
from functools import partial
from typing import Any

import numpy as np
import pytest

from daemon.hub.companion.companion_reporter import CompanionReporter, _has_moved
from daemon.hub.messages import Message, Node
from daemon.hub.reporter import Reporter
from daemon.mqtt.outbox.outbox import Outbox
from daemon.practice.companion import Companion
from daemon.practice.notes.note_network import load_note_network
from daemon.practice.now import Now
from daemon.practice.sessions import Sessions
from daemon.practice.switches import Switches
from daemon.practice.tally import Tally
from tests.daemon.practice.note_model_by_hand import NOTE_MODEL
from tests.daemon.practice.playing import observations
from tests.daemon.practice.voices import Samples, scale, silence

NODE = Node("box", "room", ("flute",), "tiny 1", "0.2.0")
MELODY = (60, 62, 64, 65, 67, 69, 71, 74)
SOUND = np.concatenate([silence(3.0), scale(3 * MELODY, 0.5, 0.0), silence(8.0)])
BEGAN = 1_717_266_600.0


class Room:
    """A reporter with a companion, its messages, and the tallies that it saved."""

    def __init__(self, switches: Switches, tally: Tally | None = None) -> None:
        self.sent: list[Message] = []
        self.notes: list[Message] = []
        self.saved: list[Tally] = []
        self.sessions = Sessions(settle_seconds=6.0, gap_seconds=10.0, least_seconds=1.0)
        self.companion = CompanionReporter(
            NODE,
            Companion(partial(load_note_network, NOTE_MODEL)),
            self.sessions,
            publish_note=self.notes.append,
            tally=tally or Tally(),
            save=self.saved.append,
        )
        self.companion.use(switches)
        self.hub = Reporter(
            *(NODE, self.sent.append, Outbox(), lambda at: BEGAN + at),
            sessions=self.sessions,
            companion=self.companion,
        )
        self.hub.sound_started()

    def play(self, sound: Samples, hop_seconds: float = 1.0, *, ends: float = 18.0) -> None:
        for observation in observations(sound, hop_seconds, 3.0, starts=6.0, ends=ends):
            self.hub.observe(observation)

    def bodies(self, leaf: str) -> list[Any]:
        return [json.loads(m.payload) for m in self.sent if m.topic == f"timbrel/room/{leaf}"]

    def live(self) -> list[Any]:
        return [json.loads(m.payload) for m in self.notes]


def test_now_is_published_while_somebody_plays_and_cleared_at_the_end() -> None:
    room = Room(Switches())
    room.play(SOUND)
    playing, quiet = room.bodies("practice/now")
    assert playing["a4_hz"] == pytest.approx(440.0, abs=0.3)
    assert playing["in_tune"] == 1.0
    assert playing["median_cents"] == pytest.approx(0.0, abs=0.3)
    assert playing["tempo_bpm"] == pytest.approx(120.0, abs=1.0)
    assert (playing["dynamic"], playing["key"], playing["genre"]) == ("mf", "C major", None)
    assert set(quiet.values()) == {None}
    assert all(m.retain and not m.qos for m in room.sent if m.topic.endswith("practice/now"))


def test_now_is_published_at_most_every_ten_seconds_and_only_if_moved() -> None:
    room = Room(Switches(tempo=False, dynamics=False, key=False))
    same = np.concatenate([silence(3.0), scale(16 * MELODY, 0.5, 0.0)])
    room.play(same, ends=np.inf)
    assert len(room.bodies("practice/now")) == 1


def test_announces_that_nobody_plays_in_place_of_what_an_earlier_process_left() -> None:
    room = Room(Switches())
    room.hub.announce(discovery=False)
    (body,) = room.bodies("practice/now")
    assert set(body.values()) == {None}


@pytest.mark.parametrize("hop_seconds", [0.25, 1.0])
def test_live_notes_are_named_with_every_window(hop_seconds: float) -> None:
    room = Room(Switches(live_notes=True))
    room.play(SOUND, hop_seconds)
    *sounding, last = room.live()
    assert last == {"note": None, "notes": []}
    names = {"C4": 60, "D4": 62, "E4": 64, "F4": 65, "G4": 67, "A4": 69, "B4": 71, "D5": 74}
    for body in sounding:
        assert body["notes"] == [body["note"]]
        assert body["midi"] == names[body["note"]]
        assert body["cents"] is None or abs(body["cents"]) < 2.0
    assert any(body["cents"] is not None for body in sounding)
    # From the window in which the event starts to the end of the music: one a window, not more.
    assert len(sounding) == pytest.approx((15.0 - 6.0) / hop_seconds + 1, abs=2)
    assert not any(m.retain or m.qos for m in room.notes)


def test_no_live_note_is_published_unless_wanted() -> None:
    room = Room(Switches())
    room.play(SOUND)
    assert room.live() == []


def test_a_lost_microphone_ends_the_note_and_clears_the_figures() -> None:
    room = Room(Switches(live_notes=True))
    room.play(SOUND[: 14 * 16_000], ends=np.inf)
    assert room.live()[-1]["note"] is not None
    room.hub.sound_lost("unplugged", 14.0, [])
    assert room.live()[-1] == {"note": None, "notes": []}
    assert set(room.bodies("practice/now")[-1].values()) == {None}
    assert room.saved[-1].notes is not None


def test_summary_describes_the_session() -> None:
    room = Room(Switches())
    room.play(SOUND)
    for at in (19.0, 40.0):
        for observation in observations(silence(5.0), 1.0, 0.0, starts=np.inf):
            heard = observation.heard.__class__(at, -120.0, np.zeros(1, np.float32))
            room.hub.observe(observation.__class__(observation.window, heard, [], []))
    (summary,) = room.bodies("practice/summary")
    assert (summary["notes"], summary["range"]) == (24, ["C4", "D5"])
    assert summary["a4_hz"] == pytest.approx(440.0, abs=0.3)
    assert (summary["in_tune"], summary["legato"]) == (1.0, 1.0)
    assert summary["tempo_range"] == pytest.approx([120.0, 120.0], abs=1.0)
    assert summary["longest_passage_seconds"] == pytest.approx(12.0, abs=0.2)


def test_a_restart_continues_the_session() -> None:
    first = Room(Switches())
    first.play(SOUND[: 18 * 16_000], ends=np.inf)
    first.hub.sound_ended(18.0, [])
    second = Room(Switches(), first.saved[-1])
    second.sessions._session = first.sessions._session
    second.play(SOUND)
    second.hub.sound_ended(23.0, [])
    assert second.saved[-1].notes == 48


def test_a_new_session_counts_from_zero() -> None:
    room = Room(Switches(), Tally(started=1.0, notes=500))
    room.play(SOUND[: 18 * 16_000], ends=np.inf)
    room.hub.sound_ended(18.0, [])
    assert (room.saved[-1].started, room.saved[-1].notes) == (BEGAN + 3.0, 24)


def test_cost_is_measured_while_playing_only() -> None:
    room = Room(Switches())
    room.play(SOUND[: 5 * 16_000])
    assert room.hub.practice_ms == 0.0
    room.play(SOUND)
    assert 0.1 < room.hub.practice_ms < 10_000.0


@pytest.mark.parametrize("switches", [Switches(live_notes=True), Switches(enabled=False)])
def test_events_and_states_do_not_depend_on_the_companion(
    switches: Switches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uuid.uuid4", lambda: uuid.UUID(int=0))
    with_companion = Room(switches)
    without = Room(switches)
    without.hub._companion = None
    for room in (with_companion, without):
        room.play(SOUND)
    assert _events_and_states(with_companion.sent) == _events_and_states(without.sent)


def _events_and_states(sent: list[Message]) -> list[Message]:
    return [m for m in sent if not m.topic.endswith(("practice/now", "level", "scores"))]


def test_genre_is_published_again_only_when_a_share_has_moved_by_a_tenth() -> None:
    before = Now(genre={"jazz": 0.6, "blues": 0.4})
    assert not _has_moved(before, Now(genre={"jazz": 0.55, "blues": 0.45}))
    assert not _has_moved(before, before)
    assert _has_moved(before, Now(genre={"jazz": 0.5, "blues": 0.4}))
    assert _has_moved(before, Now(genre={"jazz": 0.6, "blues": 0.3, "rock": 0.1}))
    assert _has_moved(before, Now())
