import json
from pathlib import Path

from daemon.commands.demo import Passage, judge, passages
from daemon.tracker import EventEnded
from tests.conftest import MEDLEY, Mosquitto, Timbrel


def passage(what: str, start: float, end: float, kind: str = "family") -> Passage:
    return Passage(what, kind, start, end)


def heard(family: str, onset: float, ended_at: float) -> EventEnded:
    return EventEnded(family, onset, ended_at, 0.9, ended_at, 0.9)


def test_a_passage_is_right_when_its_family_alone_was_heard_for_half_of_it() -> None:
    guitar = passage("guitar", 0, 10)
    assert judge([guitar], [heard("guitar", 5, 20)])[0].right
    assert not judge([guitar], [heard("guitar", 6, 20)])[0].right
    assert not judge([guitar], [])[0].right
    wrong = judge([guitar], [heard("guitar", 0, 10), heard("reed", 2, 8)])[0]
    assert not wrong.right
    assert wrong.others == ["reed"]


def test_speech_is_right_when_no_family_was_heard_for_half_of_it() -> None:
    speech = passage("speech", 0, 4, "speech")
    assert judge([speech], [heard("vocal", 0, 1.5)])[0].right
    assert not judge([speech], [heard("vocal", 0, 2)])[0].right


def test_families_that_play_together_are_no_errors_of_each_other() -> None:
    both = [passage("flute", 0, 8), passage("keyboard", 0, 8)]
    verdicts = judge(both, [heard("flute", 0, 8), heard("keyboard", 1, 8)])
    assert [verdict.right for verdict in verdicts] == [True, True]


def test_the_medley_holds_what_its_truth_says() -> None:
    import soundfile

    truth = passages()
    assert len({p.what for p in truth if p.kind == "family"}) >= 6
    assert {"speech", "noise", "silence"} <= {p.kind for p in truth}
    seconds = soundfile.info(MEDLEY).duration
    assert 60 <= seconds <= 90
    assert max(p.end_seconds for p in truth) <= seconds


def test_the_demo_needs_nothing_and_shows_messages_events_and_a_verdict(timbrel: Timbrel) -> None:
    done = timbrel("demo", "--speed", "max")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    for topic in ("homeassistant/device/timbrel_demo/config", "timbrel/demo/availability  online"):
        assert f"→ {topic}" in done.stdout
    assert "dBFS" in done.stdout
    assert "passages named right" in done.stdout
    messages = [line for line in done.stdout.splitlines() if "→ timbrel/demo/event  " in line]
    shown = [line for line in done.stdout.splitlines() if " ▶ " in line or " ■ " in line]
    assert len(messages) == len(shown) > 0


def test_the_demo_uses_the_broker_that_is_configured(
    tmp_path: Path, broker: Mosquitto, timbrel: Timbrel
) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text(json.dumps({"mqtt": {"host": "127.0.0.1", "port": broker.port}}))
    done = timbrel("demo", "--speed", "max", "--config", config)
    assert done.returncode == 0, done.stderr
    assert f"broker     127.0.0.1:{broker.port}" in done.stdout
    assert "→ timbrel/demo/availability  online" in done.stdout
