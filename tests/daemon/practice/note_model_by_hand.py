"""Make fixtures/notes-by-hand.tflite: a note model that needs no training.

Its weights are set by hand so that it finds harmonic tones. To make the file again, run
`python -m tests.daemon.practice.note_model_by_hand`.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from daemon.hearing.model_file import Provenance
from daemon.practice.notes.front_end import NoteFrontEnd
from daemon.practice.notes.note_creation import NoteRules
from daemon.practice.notes.stacking import LEVEL_HARMONICS
from daemon.system.silenced_output import quiet_output

NOTE_MODEL = Path(__file__).parent / "fixtures" / "notes-by-hand.tflite"
CHANNELS, BLOCK = 8, 4
# A tone's harmonics are no notes.
RULES = NoteRules(ghost_strength=1.0, ghost_activation=1.0)
_HALF, _FUNDAMENTAL, _RISE = 0, 1, len(LEVEL_HARMONICS)
_MIDDLE_BIN = 3


def write_note_model_by_hand(path: Path) -> None:
    """Write a model that hears a key if its harmonics are louder than what is around them."""
    from model_build.notes.export import write_note_model
    from model_build.notes.network import build_block_network, build_clip_network
    from model_build.notes.network_table import Layer

    layers = (
        Layer("stem", "stem", (3, 7), 1, CHANNELS),
        Layer("head", "head", (3, 3), 1, CHANNELS),
    )
    network = build_clip_network(layers)
    _set_stem(network)
    _set_head(network)
    write_note_model(
        path,
        _converted(build_block_network(network, layers, BLOCK)),
        layers,
        name="by hand",
        version="1",
        block=BLOCK,
        front_end=NoteFrontEnd(),
        rules=RULES,
        provenance=Provenance("", "", 1, {}),
    )


def _converted(network: Any) -> bytes:
    import tensorflow as tf

    with quiet_output(), TemporaryDirectory() as folder:
        network.export(folder, verbose=False)
        return bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())


def _set_stem(network: Any) -> None:
    stem = network.get_layer("stem")
    (kernel,) = stem.get_weights()
    kernel[:] = 0.0
    # Channel 0: the fundamental and its harmonics stand out of their surroundings, and an octave
    # below there is nothing.
    for harmonic, weight in ((1, 1.0), (2, 0.5), (3, 0.3)):
        kernel[1, _MIDDLE_BIN - 1 : _MIDDLE_BIN + 2, harmonic, 0] = weight / 3
        kernel[1, [0, 6], harmonic, 0] = -weight / 2
    kernel[1, _MIDDLE_BIN, _HALF, 0] = -1.0
    # Channel 1: the same rises.
    for harmonic in range(3):
        kernel[2, _MIDDLE_BIN, _RISE + harmonic, 1] = 0.5
        kernel[0, _MIDDLE_BIN, _RISE + harmonic, 1] = -0.5
    # Channels 2 to 4: the level of the three bins of the key.
    for place in range(3):
        kernel[1, _MIDDLE_BIN - 1 + place, _FUNDAMENTAL, 2 + place] = 1.0
    stem.set_weights([kernel])


def _set_head(network: Any) -> None:
    head = network.get_layer("head")
    kernel, bias = head.get_weights()
    kernel[:], bias[:] = 0.0, 0.0
    kernel[1, 1, 0, 0], kernel[1, 1, 3, 0], bias[0] = 2.0, 8.0, -15.5
    kernel[1, 1, 1, 1], bias[1] = 8.0, -4.0
    for place in range(3):
        kernel[1, 1, 2 + place, 2 + place], bias[2 + place] = 12.0, -12.0
    head.set_weights([kernel, bias])


if __name__ == "__main__":
    write_note_model_by_hand(NOTE_MODEL)
