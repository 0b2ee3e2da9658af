"""Commands from the hub: which are accepted, and their effect."""

import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from daemon.hearing.rules import Rules
from daemon.hub import inbox
from daemon.hub.companion.practice_controls import ChosenSwitches
from daemon.hub.controls import CONTROLS, Chosen, Configured, Controls
from daemon.hub.inbox import Inbox
from daemon.hub.messages import Message, Node
from daemon.system.files.json_store import JsonStore

NODE = Node("attic", "living", ("drums", "flute"), "m", "v", shown=("flute",))
CONFIGURED = Configured(-65.0, 6.0)
LEAVES = [
    *("mute", "sensitivity", "sensitivity_flute", "quiet_gate", "stop_after", "patience"),
    *("practice_goal", "practice_enabled", "practice_tuning", "practice_tempo", "practice_key"),
    *("practice_notes", "practice_dynamics", "practice_chords", "practice_genre"),
    *("practice_live_notes", "practice_reference_hz"),
]
RULES = [Rules(0.5, 0.25, "normal", 0.0, 6.0, 0.0), Rules(0.9, 0.45, "normal", 0.0, 20.0, 0.0)]


def new_controls(chosen: Chosen | None = None) -> Controls:
    return Controls(NODE, CONFIGURED, chosen or Chosen())


def send(controls: Controls, leaf: str, payload: bytes, *, retained: bool = False) -> Any:
    return controls.receive(f"timbrel/living/{leaf}/set", payload, retained=retained)


def echo(leaf: str, value: bytes) -> list[Message]:
    return [Message(f"timbrel/living/{leaf}", value, 1, retain=True)]


def test_subscribes_to_its_own_command_topics_only() -> None:
    assert sorted(new_controls().topics) == sorted(
        f"timbrel/living/{leaf}/set" for leaf in [*LEAVES, "restart_listening"]
    )


def test_echoes_configured_values_at_first() -> None:
    values = {m.topic.rpartition("/")[2]: m.payload for m in new_controls().echoes()}
    assert values == {
        "mute": b"OFF",
        "sensitivity": b"50",
        "sensitivity_flute": b"50",
        "quiet_gate": b"-65",
        "stop_after": b"6",
        "patience": b"normal",
        "practice_goal": b"0",
        "practice_enabled": b"ON",
        "practice_tuning": b"ON",
        "practice_tempo": b"ON",
        "practice_key": b"ON",
        "practice_notes": b"ON",
        "practice_dynamics": b"ON",
        "practice_chords": b"OFF",
        "practice_genre": b"OFF",
        "practice_live_notes": b"OFF",
        "practice_reference_hz": b"440",
    }


def test_echoes_the_lowest_gate_if_there_is_none() -> None:
    without_gate = Controls(NODE, Configured(None, 6.0))
    assert echo("quiet_gate", b"-120")[0] in without_gate.echoes()
    assert without_gate.gate_dbfs is None


@pytest.mark.parametrize(
    ("leaf", "payload", "chosen", "value"),
    [
        ("mute", b"ON", Chosen(muted=True), b"ON"),
        ("sensitivity", b"70", Chosen(sensitivity=70.0), b"70"),
        ("sensitivity", b" 70.50 ", Chosen(sensitivity=70.5), b"70.5"),
        ("sensitivity_flute", b"0", Chosen(sensitivities={"flute": 0.0}), b"0"),
        ("quiet_gate", b"-40.5", Chosen(gate_dbfs=-40.5), b"-40.5"),
        ("quiet_gate", b"-120", Chosen(gate_dbfs=-120.0), b"-120"),
        ("stop_after", b"30", Chosen(stop_after_seconds=30.0), b"30"),
        ("patience", b"quick", Chosen(patience="quick"), b"quick"),
        ("patience", b" sure ", Chosen(patience="sure"), b"sure"),
        ("practice_goal", b"10080", Chosen(practice_goal=10_080), b"10080"),
        ("practice_goal", b"90.4", Chosen(practice_goal=90), b"90"),
        ("practice_tempo", b"OFF", Chosen(practice=ChosenSwitches(tempo=False)), b"OFF"),
        ("practice_live_notes", b"ON", Chosen(practice=ChosenSwitches(live_notes=True)), b"ON"),
        (
            *("practice_reference_hz", b"415"),
            *(Chosen(practice=ChosenSwitches(reference_hz=415.0)), b"415"),
        ),
    ],
)
def test_applies_and_echoes_a_valid_value(
    leaf: str, payload: bytes, chosen: Chosen, value: bytes
) -> None:
    controls = new_controls()
    reply = send(controls, leaf, payload)
    assert (reply.echo, reply.changed, reply.refusal) == (echo(leaf, value), True, None)
    assert controls.chosen == chosen
    assert not send(controls, leaf, payload).changed


@pytest.mark.parametrize(
    ("leaf", "payload", "words"),
    [
        ("mute", b"on", "send ON or OFF"),
        ("mute", b"", "send ON or OFF"),
        ("sensitivity", b"100.1", "send a number from 0 to 100"),
        ("sensitivity", b"-1", "send a number from 0 to 100"),
        ("sensitivity", b"nan", "from 0 to 100"),
        ("sensitivity", b"inf", "from 0 to 100"),
        ("sensitivity", b"1e1", "from 0 to 100"),
        ("sensitivity", b"0x10", "from 0 to 100"),
        ("sensitivity", "\u0665\u0660".encode(), "from 0 to 100"),
        ("sensitivity", b"50" + b" " * 40, "from 0 to 100"),
        ("quiet_gate", b"0", "from -120 to -1"),
        ("stop_after", b"0", "from 1 to 86400"),
        ("stop_after", b"\xff\xfe", "from 1 to 86400"),
        ("practice_goal", b"10081", "send a number from 0 to 10080"),
        ("patience", b"", "send quick, normal or sure"),
        ("patience", b"Quick", "send quick, normal or sure"),
        ("patience", b"1", "send quick, normal or sure"),
        ("practice_key", b"true", "send ON or OFF"),
        ("practice_reference_hz", b"379", "send a number from 380 to 500"),
    ],
)
def test_rejects_an_invalid_value_and_echoes_the_old_one(
    leaf: str, payload: bytes, words: str
) -> None:
    old = Chosen(sensitivity=30.0, gate_dbfs=-50.0, stop_after_seconds=9.0, muted=True)
    controls = new_controls(old)
    reply = send(controls, leaf, payload)
    assert reply.refusal is not None
    assert reply.refusal.startswith(f"timbrel/living/{leaf}/set: ")
    assert words in reply.refusal
    assert reply.echo == [m for m in controls.echoes() if m.topic == f"timbrel/living/{leaf}"]
    assert (controls.chosen, reply.changed) == (old, False)


@pytest.mark.parametrize("leaf", [*LEAVES, "restart_listening"])
@pytest.mark.parametrize("payload", [b"ON", b"60", b"-60", b"PRESS", b"quick"])
def test_ignores_retained_commands(leaf: str, payload: bytes) -> None:
    controls = new_controls()
    reply = send(controls, leaf, payload, retained=True)
    assert (list(reply.echo), reply.changed, reply.restart) == ([], False, False)
    assert controls.chosen == Chosen()


def test_button_restarts_only_for_its_payload() -> None:
    assert send(new_controls(), "restart_listening", b"PRESS").restart
    assert not send(new_controls(), "restart_listening", b"").restart


@pytest.mark.parametrize(
    "topic",
    [
        "timbrel/living/mute",
        "timbrel/kitchen/mute/set",
        "timbrel/living/volume/set",
        "timbrel/living/sensitivity_drums/set",
        "timbrel/living//set",
        "other/living/mute/set",
        "mute",
        "",
    ],
)
def test_ignores_other_topics(topic: str) -> None:
    controls = new_controls()
    assert controls.receive(topic, b"ON", retained=False) == ((), False, False, None)
    assert controls.chosen == Chosen()


@settings(max_examples=2000)
@given(
    st.one_of(
        st.sampled_from([f"timbrel/living/{c.leaf}/set" for c in CONTROLS]),
        st.just("timbrel/living/sensitivity_flute/set"),
        st.text(max_size=60),
    ),
    st.one_of(
        st.binary(max_size=80),
        st.text(max_size=40).map(str.encode),
        st.floats().map(lambda number: str(number).encode()),
        st.integers(-200, 200).map(lambda number: str(number).encode()),
    ),
    st.booleans(),
)
@example("timbrel/living/sensitivity/set", b"1" * 32, False)
@example("timbrel/living/sensitivity/set", b"-0", False)
def test_any_message_leaves_settings_within_bounds(
    topic: str,
    payload: bytes,
    retained: bool,  # noqa: FBT001
) -> None:
    controls = new_controls(Chosen(sensitivity=40.0))
    before = controls.chosen
    reply = controls.receive(topic, payload, retained=retained)
    chosen = controls.chosen
    assert 0 <= chosen.sensitivity <= 100
    assert all(0 <= value <= 100 for value in chosen.sensitivities.values())
    assert chosen.gate_dbfs is None or -120 <= chosen.gate_dbfs <= -1
    assert chosen.stop_after_seconds is None or 1 <= chosen.stop_after_seconds <= 86_400
    assert reply.changed == (chosen != before)
    assert not (reply.changed and (retained or reply.refusal))
    for rules in controls.tuned_rules(NODE.families, RULES):
        assert 0 < rules.release < rules.threshold < 1
    for message in controls.echoes():
        assert len(message.payload) < 12
        payload.decode("utf-8", "replace")
    assert msgspec.json.decode(msgspec.json.encode(chosen), type=Chosen) == chosen


def test_neutral_sensitivity_leaves_rules_unchanged() -> None:
    assert new_controls().tuned_rules(NODE.families, RULES) == RULES


@pytest.mark.parametrize(
    ("overall", "flute", "drums_threshold", "flute_threshold"),
    [
        (100.0, 50.0, 0.119, 0.549),
        (0.0, 50.0, 0.881, 0.985),
        (75.0, 50.0, 0.269, 0.768),
        (50.0, 100.0, 0.5, 0.549),
        (100.0, 0.0, 0.119, 0.9),
    ],
)
def test_sensitivity_shifts_the_logit_of_thresholds(
    overall: float, flute: float, drums_threshold: float, flute_threshold: float
) -> None:
    chosen = Chosen(sensitivity=overall, sensitivities={"flute": flute})
    drums, of_flute = new_controls(chosen).tuned_rules(NODE.families, RULES)
    assert drums.threshold == pytest.approx(drums_threshold, abs=0.001)
    assert of_flute.threshold == pytest.approx(flute_threshold, abs=0.001)
    assert drums.release / drums.threshold == pytest.approx(0.5)


def test_stop_after_applies_to_every_family() -> None:
    tuned = new_controls(Chosen(stop_after_seconds=12.0)).tuned_rules(NODE.families, RULES)
    assert [rules.stop_after_seconds for rules in tuned] == [12.0, 12.0]


def test_patience_of_the_hub_applies_to_every_family() -> None:
    rules = [RULES[0], RULES[1]._replace(patience="quick")]
    assert new_controls().tuned_rules(NODE.families, rules) == rules
    tuned = new_controls(Chosen(patience="sure")).tuned_rules(NODE.families, rules)
    assert [family.patience for family in tuned] == ["sure", "sure"]


def test_configured_value_applies_only_where_the_hub_set_none() -> None:
    controls = new_controls(Chosen(gate_dbfs=-40.0))
    controls.configured = Configured(-70.0, 8.0, "sure")
    assert (controls.gate_dbfs, controls.stop_after_seconds) == (-40.0, 8.0)
    assert controls.patience == "sure"


def test_patience_of_the_hub_overrides_a_reloaded_one() -> None:
    controls = new_controls()
    assert send(controls, "patience", b"quick").changed
    controls.configured = Configured(-70.0, 8.0, "sure")
    assert controls.patience == "quick"


class Loop:
    """An inbox, with the messages that it published and the gates that it applied."""

    def __init__(self, folder: Path) -> None:
        self.store = JsonStore(folder, "chosen-living", Chosen())
        self.sent: list[Message] = []
        self.gates: list[float | None] = []
        self.now = 1000.0
        self.wakes = 0
        controls = Controls(NODE, CONFIGURED, self.store.read())
        self.inbox = Inbox(
            controls,
            self.store,
            self.sent.append,
            apply=lambda controls: self.gates.append(controls.gate_dbfs),
            wake=self.wake,
            clock=lambda: self.now,
        )
        self.inbox.begin()

    def wake(self) -> None:
        self.wakes += 1

    def take(self, leaf: str, payload: bytes) -> bool:
        return self.inbox.take(f"timbrel/living/{leaf}/set", payload, False)

    def echoed(self, leaf: str) -> list[bytes]:
        return [m.payload for m in self.sent if m.topic == f"timbrel/living/{leaf}"]

    def wait_for_wake(self) -> None:
        deadline = time.monotonic() + 10
        while not self.wakes:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_chosen_values_survive_a_restart(tmp_path: Path) -> None:
    first = Loop(tmp_path)
    first.take("quiet_gate", b"-40")
    first.take("mute", b"ON")
    assert not first.inbox.controls.chosen.muted, "the loop has not carried it out yet"
    assert not first.inbox.carry_out()
    first.inbox.close()
    first.store.close()
    second = Loop(tmp_path)
    assert second.inbox.controls.chosen.muted
    assert second.gates == [-40.0]
    assert first.gates == [-65.0, -40.0]
    assert echo("quiet_gate", b"-40")[0] in second.sent
    assert (tmp_path / "chosen-living.json").stat().st_mode & 0o777 == 0o600


def test_logs_repeated_refusals_once_and_saves_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    loop = Loop(tmp_path)
    for _ in range(20):
        loop.take("quiet_gate", b"loud")
    loop.inbox.carry_out()
    loop.store.close()
    assert [r.getMessage() for r in caplog.records] == [
        "refused: timbrel/living/quiet_gate/set: send a number from -120 to -1"
    ]
    assert len(loop.sent) == len(LEAVES) + 20
    assert list(tmp_path.iterdir()) == []


def test_drops_commands_beyond_the_rate_limit(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    loop = Loop(tmp_path)
    for number in range(30_000):
        loop.now += 0.0005
        loop.take("sensitivity", b"%d" % (number % 100))
        if number % 20 == 0:
            loop.inbox.carry_out()
    # Thirty at once, and ten a second for 15 seconds.
    assert len(loop.echoed("sensitivity")) - 1 in {179, 180, 181}
    warning = "timbrel/living/sensitivity/set: ignoring commands beyond 30 at once and 10 a second"
    assert [r.message for r in caplog.records if r.levelname == "WARNING"] == [warning]


def test_carries_out_a_scene_that_sets_everything_at_once() -> None:
    families = tuple(f"family{number}" for number in range(12))
    node = Node("attic", "living", families, "m", "v", shown=families)
    store = JsonStore(None, "chosen-living", Chosen())
    commands = Inbox(
        *(Controls(node, CONFIGURED), store, lambda _: None),
        apply=lambda _: None,
        wake=lambda: None,
    )
    topics = [t for t in Controls(node, CONFIGURED).topics if "sensitivity" in t]
    assert all(commands.take(topic, b"70", False) for topic in topics)
    assert all(commands.take(f"timbrel/living/{leaf}/set", b"20", False) for leaf in LEAVES[3:])
    commands.carry_out()
    assert commands.controls.chosen.sensitivities == dict.fromkeys(families, 70.0)


def test_publishes_current_values_again_after_dropping_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "_PAUSE_SECONDS", 0.1)
    loop = Loop(tmp_path)
    taken = [loop.take("sensitivity", b"%d" % number) for number in range(50)]
    assert taken == [True] * 30 + [False] * 20
    assert not loop.take("mute", b"ON")
    loop.inbox.carry_out()
    assert loop.echoed("sensitivity")[-1] == b"29"
    assert loop.echoed("mute") == [b"OFF"]
    loop.wait_for_wake()
    loop.inbox.carry_out()
    assert loop.echoed("sensitivity")[-2:] == [b"29", b"29"]
    assert loop.echoed("mute") == [b"OFF", b"OFF"]
    loop.inbox.carry_out()
    assert loop.echoed("mute") == [b"OFF", b"OFF"]


def test_retained_command_takes_no_token(tmp_path: Path) -> None:
    loop = Loop(tmp_path)
    for _ in range(100):
        assert not loop.inbox.take("timbrel/living/mute/set", b"ON", True)
    assert loop.take("mute", b"ON")


def test_saves_changes_at_most_once_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "_PAUSE_SECONDS", 0.1)
    loop, written = Loop(tmp_path), list[Chosen]()
    monkeypatch.setattr(loop.store, "write", written.append)
    for number in range(10):
        loop.take("sensitivity", b"%d" % number)
        loop.inbox.carry_out()
    assert [chosen.sensitivity for chosen in written] == [0.0]
    loop.now += 0.2
    loop.wait_for_wake()
    loop.inbox.carry_out()
    assert [chosen.sensitivity for chosen in written] == [0.0, 9.0]
    loop.take("mute", b"ON")
    loop.inbox.carry_out()
    assert len(written) == 2
    loop.inbox.close()
    assert written[-1].muted


def test_next_turn_saves_and_publishes_if_no_thread_can_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_to_start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    loop, written = Loop(tmp_path), list[Chosen]()
    monkeypatch.setattr(loop.store, "write", written.append)
    loop.take("sensitivity", b"1")
    loop.inbox.carry_out()
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", fail_to_start)
        taken = [loop.take("sensitivity", b"2") for _ in range(40)]
        loop.inbox.carry_out()
    assert taken == [True] * 29 + [False] * 11
    assert [chosen.sensitivity for chosen in written] == [1.0]
    assert loop.echoed("sensitivity").count(b"2") == 30
    loop.now += 2
    loop.inbox.carry_out()
    assert [chosen.sensitivity for chosen in written] == [1.0, 2.0]
    monkeypatch.setattr(inbox, "_PAUSE_SECONDS", 0.1)
    assert not all(loop.take("sensitivity", b"3") for _ in range(40))
    loop.wait_for_wake()


def test_logs_only_the_last_change_of_a_setting_in_a_turn(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    loop = Loop(tmp_path)
    for number in range(10):
        loop.take("sensitivity", b"%d" % number)
    loop.inbox.carry_out()
    assert [r.message for r in caplog.records] == ["set by the hub: sensitivity 9"]


def test_reload_applies_and_echoes_values_that_the_hub_has_not_set(tmp_path: Path) -> None:
    loop = Loop(tmp_path)
    loop.take("stop_after", b"9")
    loop.inbox.carry_out()
    loop.sent.clear()
    loop.inbox.reload(Configured(-70.0, 8.0))
    assert loop.gates[-1] == -70.0
    values = {m.topic.rpartition("/")[2]: m.payload for m in loop.sent}
    assert (values["quiet_gate"], values["stop_after"]) == (b"-70", b"9")


def test_other_nodes_commands_take_no_room_in_the_queue(tmp_path: Path) -> None:
    loop = Loop(tmp_path)
    for _ in range(1000):
        loop.inbox.take("timbrel/kitchen/mute/set", b"ON", False)
    loop.take("mute", b"ON")
    loop.inbox.carry_out()
    assert loop.inbox.controls.chosen.muted


def test_button_requests_one_restart(tmp_path: Path) -> None:
    loop = Loop(tmp_path)
    loop.take("restart_listening", b"PRESS")
    assert loop.inbox.carry_out()
    assert not loop.inbox.carry_out()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"sensitivity": "much"}',
        b"\xff",
        b"null",
        b'{"sensitivity": 1e9}',
        b'{"patience": "never"}',
    ],
)
def test_damaged_file_is_logged_and_defaults_are_used(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "chosen-living.json").write_bytes(content)
    assert JsonStore(tmp_path, "chosen-living", Chosen()).read() == Chosen()
    assert "chosen-living.json" in caplog.text


def test_reads_known_keys_of_a_newer_versions_file(tmp_path: Path) -> None:
    (tmp_path / "chosen-living.json").write_bytes(b'{"muted": true, "brightness": 3}')
    assert JsonStore(tmp_path, "chosen-living", Chosen()).read() == Chosen(muted=True)


def test_newest_of_many_writes_is_on_disk(tmp_path: Path) -> None:
    store = JsonStore(tmp_path / "new", "chosen-living", Chosen())
    for number in range(101):
        store.write(Chosen(sensitivity=float(number)))
    store.close()
    assert store.read() == Chosen(sensitivity=100.0)
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["chosen-living.json"]


def test_failing_disk_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    store = JsonStore(tmp_path / "file", "chosen-living", Chosen())
    for number in range(3):
        store.write(Chosen(sensitivity=float(number)))
        store.close()
        time.sleep(0.01)
    assert len(caplog.records) == 1
    assert "not saved, so it will be lost at the next restart" in caplog.text


def test_write_waits_if_no_thread_can_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_to_start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    store = JsonStore(tmp_path, "chosen-living", Chosen())
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", fail_to_start)
        store.write(Chosen(sensitivity=1.5))
        assert store.read() == Chosen()
        store.close()
    assert store.read() == Chosen(sensitivity=1.5)
    store.write(Chosen(muted=True))
    store.close()
    assert store.read() == Chosen(muted=True)


def test_saves_nothing_without_a_directory() -> None:
    store = JsonStore(None, "chosen-living", Chosen())
    store.write(Chosen(muted=True))
    store.close()
    assert store.read() == Chosen()
