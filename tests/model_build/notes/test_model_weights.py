"""The training of a note model can continue from its file."""

from pathlib import Path

import numpy as np
import pytest

from daemon.errors import InputError
from daemon.hearing.classifier import BUILT_IN_MODEL
from daemon.practice.notes.front_end import NoteFrontEnd
from daemon.practice.notes.log_frequency import frames_of
from daemon.practice.notes.note_network import load_note_network
from daemon.practice.notes.stacking import stacked
from model_build.notes.activations import activations_of
from model_build.notes.model_weights import take_model_weights
from model_build.notes.network import build_clip_network
from model_build.notes.network_table import delay_frames, note_layers
from tests.daemon.practice.notes.notes_sounds import tone

OLDER = Path("model_build/notes/models/notes-start.tflite")
LAYERS = note_layers(16)
FRAMES = frames_of(np.concatenate([tone(60, 0.5), tone(67, 0.5), tone(48, 0.5)]))
CLIPS = stacked(FRAMES, NoteFrontEnd())[None]


def test_network_with_the_files_weights_gives_its_activations() -> None:
    network = build_clip_network(LAYERS)
    take_model_weights(network, LAYERS, OLDER, CLIPS)
    expected = activations_of(load_note_network(OLDER), FRAMES).activation
    # At the ends the clip network pads every layer with zeros.
    inside = slice(delay_frames(LAYERS), -delay_frames(LAYERS))
    assert expected[inside].max() > 0.8
    for training in (False, True):
        logits = np.asarray(network(CLIPS, training=training))[0, :, :, 0]
        found = 1.0 / (1.0 + np.exp(-logits))
        np.testing.assert_allclose(found[inside], expected[inside], atol=0.1)


def test_layers_without_later_frames_take_the_frame_itself_for_them() -> None:
    """Sound that stays the same gives the same activations, though they come out earlier."""
    still = np.repeat(CLIPS[:, 40:41], 40, axis=1)
    logits = []
    for layers in (LAYERS, note_layers(16, past_layers=["block_2", "head"])):
        network = build_clip_network(layers)
        take_model_weights(network, layers, OLDER, CLIPS)
        logits.append(np.asarray(network(still))[0, 15:25, :, 0])
    np.testing.assert_allclose(logits[1], logits[0], rtol=1e-3, atol=1e-3)


def test_a_delay_can_only_be_shortened_from_layers_that_see_later_frames() -> None:
    layers = note_layers(16, last_dilation=2)
    with pytest.raises(InputError, match="has a delay of 7 frames, from which"):
        take_model_weights(build_clip_network(layers), layers, OLDER, CLIPS)


@pytest.mark.parametrize(
    ("channels", "path", "message"),
    [
        (8, OLDER, "is not a note network of these settings"),
        (16, BUILT_IN_MODEL, "its task is 'families', but a note model"),
        (16, Path("/nowhere.tflite"), "not found"),
    ],
)
def test_other_files_are_refused(channels: int, path: Path, message: str) -> None:
    layers = note_layers(channels)
    with pytest.raises(InputError, match=message):
        take_model_weights(build_clip_network(layers), layers, path, CLIPS)
