from model_build.notes.network_table import (
    delay_frames,
    million_operations_a_second,
    note_layers,
)


def test_delay_of_both_variants() -> None:
    assert delay_frames(note_layers(24)) == 7
    assert delay_frames(note_layers(24, last_dilation=2)) == 8


def test_layers_that_see_no_later_frames_shorten_the_delay() -> None:
    assert delay_frames(note_layers(24, past_layers=["head"])) == 6
    layers = note_layers(24, past_layers=["block_2", "block_4", "head"])
    assert delay_frames(layers) == 3
    assert [layer.memory_frames for layer in layers] == [2, 0, 2, 0, 4, 2, 2, 2]


def test_multiply_adds() -> None:
    assert 130 < million_operations_a_second(note_layers(24), 50) < 155
    assert 65 < million_operations_a_second(note_layers(16), 50) < 85
