import shutil
from pathlib import Path

import pytest

from daemon.configuration.practice_settings import PracticeSettings
from daemon.configuration.settings import ModelSettings, Settings
from daemon.errors import InputError
from daemon.hub.messages import Message, Node
from daemon.practice.sessions import Sessions
from daemon.practice.switches import Switches
from daemon.practice.tally import Tally
from daemon.runtime.practice_wiring import companion_of, genre_network_of, network_of, switches_of
from daemon.system.files.json_store import JsonStore
from tests.daemon.practice.note_model_by_hand import NOTE_MODEL
from tests.daemon.practice.playing import observations
from tests.daemon.practice.voices import scale

NODE = Node("box", "room", ("flute",), "m", "v")


def test_switches_are_those_of_the_configuration() -> None:
    assert switches_of(PracticeSettings()) == Switches()
    changed = PracticeSettings(tempo=False, live_notes=True, reference_hz=415.0)
    assert switches_of(changed) == Switches(tempo=False, live_notes=True, reference_hz=415.0)


def test_missing_model_names_the_setting() -> None:
    with pytest.raises(InputError, match=r"^model\.notes_file: /nowhere\.tflite: not found"):
        network_of(Settings(model=ModelSettings(notes_file="/nowhere.tflite")))
    with pytest.raises(InputError, match=r"^model\.genre_file: /nowhere\.tflite: not found"):
        genre_network_of(Settings(model=ModelSettings(genre_file="/nowhere.tflite")))


def test_a_model_that_vanishes_while_running_ends_only_the_notes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = tmp_path / "notes.tflite"
    shutil.copy(NOTE_MODEL, model)
    settings = Settings(model=ModelSettings(notes_file=str(model)))
    assert network_of(settings) is not None
    sessions = Sessions(settle_seconds=6.0, gap_seconds=10.0, least_seconds=1.0)
    store = JsonStore(None, "tally", Tally())
    companion = companion_of(settings, NODE, sessions, store, lambda _: None)
    model.unlink()
    sent: list[Message] = []
    for observation in observations(scale([60, 64, 67] * 10, 0.5, 0.0), 1.0, 0.0, starts=4.0):
        companion.observe(observation, sent.append)
    assert "notes are not recognized until then" in caplog.text
    assert sent
