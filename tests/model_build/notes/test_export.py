"""The exported note model gives the activations of the fitted network, and notes at any hop."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from daemon.errors import InputError
from daemon.hearing.classifier import load_classifier
from daemon.hearing.model_file import Provenance
from daemon.practice.notes.front_end import NoteFrontEnd
from daemon.practice.notes.log_frequency import frames_of
from daemon.practice.notes.note_contract import read_note_contract
from daemon.practice.notes.note_creation import Ended, NoteRules
from daemon.practice.notes.note_network import load_note_network
from daemon.practice.notes.stacking import stacked
from daemon.practice.notes.transcriber import Transcriber, transcribe
from model_build.notes.export import convert, write_note_model
from model_build.notes.network import build_clip_network
from model_build.notes.network_table import delay_frames, note_layers
from tests.daemon.practice.notes.notes_sounds import tone

if TYPE_CHECKING:
    import keras

LAYERS = note_layers(8, past_layers=["block_2", "head"])
BLOCK = 4
SOUND = np.concatenate([tone(60, 0.5), tone(67, 0.4)])
# An untrained network gives notes only with rules that let everything pass.
RULES = NoteRules(onset=0.0, confirmation=0.0, release=0.0, ghost_strength=0.0, repeat_margin=0.0)


@pytest.fixture(scope="module")
def fitted() -> "keras.Model":
    import keras

    keras.utils.set_random_seed(1)
    return build_clip_network(LAYERS)


@pytest.fixture(scope="module")
def model(fitted: "keras.Model", tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("notes") / "notes.tflite"
    clip = stacked(frames_of(SOUND), NoteFrontEnd())
    write_note_model(
        path,
        convert(fitted, LAYERS, BLOCK, [clip]),
        LAYERS,
        name="test",
        version="1",
        block=BLOCK,
        front_end=NoteFrontEnd(),
        rules=RULES,
        provenance=Provenance("", "", 1, {}),
    )
    return path


def test_blocks_give_the_activations_of_the_clip(fitted: "keras.Model", model: Path) -> None:
    frames = stacked(frames_of(SOUND), NoteFrontEnd())
    delay = delay_frames(LAYERS)
    logits = np.asarray(fitted(frames[None]))[0]
    network = load_note_network(model)
    blocks = [network.run(frames[i : i + BLOCK]) for i in range(0, len(frames) - BLOCK, BLOCK)]
    onset = np.concatenate([block.onset for block in blocks])[delay:]
    expected = 1 / (1 + np.exp(-logits[..., 1]))
    # The first frames differ, because the clip network pads every layer with zeros.
    inside = slice(delay, len(onset) - delay)
    np.testing.assert_allclose(onset[inside], expected[: len(onset)][inside], atol=0.05)


def test_notes_do_not_depend_on_the_hop(model: Path) -> None:
    network = load_note_network(model)
    expected = transcribe(SOUND, network)
    assert expected
    for hop in (1, 777, 4_000) if len(SOUND) < 4_000 else (777, 4_000):
        transcriber = Transcriber(network)
        events = []
        for first in range(0, len(SOUND), hop):
            events += transcriber.push(SOUND[first : first + hop])
        events += transcriber.finish()
        assert sorted(event.note for event in events if isinstance(event, Ended)) == expected


def test_every_frame_of_the_clip_is_judged(model: Path) -> None:
    last = max(note.offset_seconds for note in transcribe(SOUND, load_note_network(model)))
    assert last == pytest.approx(len(SOUND) / 16_000 + 0.02, abs=0.021)
    assert transcribe(np.zeros(0, np.float32), load_note_network(model)) == []


def test_families_and_notes_refuse_each_others_files(model: Path) -> None:
    with pytest.raises(InputError, match="its task is 'notes'"):
        load_classifier(model)
    from daemon.hearing.classifier import BUILT_IN_MODEL

    with pytest.raises(InputError, match="its task is 'families', but a note model"):
        read_note_contract(BUILT_IN_MODEL)


def test_damage_is_one_clear_line(model: Path, tmp_path: Path) -> None:
    content = bytearray(model.read_bytes())
    content[len(content) // 3] ^= 0xFF
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(content)
    with pytest.raises(InputError, match="damaged, its checksum does not match") as caught:
        load_note_network(damaged)
    assert len(caught.value.lines) == 1
    with pytest.raises(InputError, match="not found"):
        load_note_network(tmp_path / "none.tflite")
