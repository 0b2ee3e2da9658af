import numpy as np
import pytest

from model_build.rendering.ensemble import Part, ensemble_midi_file, render_ensemble
from model_build.rendering.midi_file import Note
from model_build.rendering.soundfont import SAMPLE_RATE_HZ, render

TUNE = [Note(0.0, 0.5, 60, 90), Note(0.5, 0.5, 67, 90)]
BEATS = [Note(0.25, 0.1, 38, 100), Note(0.75, 0.1, 38, 100)]


def test_parts_sound_as_they_do_alone() -> None:
    both = render_ensemble([Part(TUNE, 0), Part(BEATS, 0, is_kit=True)])
    alone = render(TUNE, 0) + np.pad(render(BEATS, 0, drums=True), (0, 2_400))
    assert both.shape == alone.shape
    assert both == pytest.approx(alone, abs=0.002)


def test_the_volume_changes_one_part() -> None:
    loud, soft = (render_ensemble([Part(TUNE, 0, volume=v)]) for v in (100, 50))
    ratio = np.abs(soft[: SAMPLE_RATE_HZ // 2]).max() / np.abs(loud[: SAMPLE_RATE_HZ // 2]).max()
    assert 0.1 < ratio < 0.6


def test_each_part_has_a_channel_of_its_own() -> None:
    parts = [Part(TUNE, 12), Part(BEATS, 0, is_kit=True), Part(TUNE, 34)]
    midi = ensemble_midi_file(parts)
    assert all(change in midi for change in (b"\xc0\x0c", b"\xc9\x00", b"\xc1\x22"))


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [Part(TUNE, 0)] * 16,
        [Part(BEATS, 0, is_kit=True)] * 2,
        [Part(TUNE, 128)],
        [Part(TUNE, 0, volume=128)],
    ],
    ids=["none", "sixteen", "two kits", "program", "volume"],
)
def test_refuses_what_midi_cannot_express(parts: list[Part]) -> None:
    with pytest.raises(ValueError, match=r"parts|program"):
        ensemble_midi_file(parts)
