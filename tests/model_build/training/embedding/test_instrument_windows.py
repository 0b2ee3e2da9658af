from pathlib import Path

import numpy as np

from daemon.hearing.log_mel import FrontEnd
from model_build.run_folder import RunFolder
from model_build.training.embedding.instrument_windows import (
    RECORDINGS,
    ROOMS,
    instrument_windows,
    instruments_of,
)
from model_build.windows.used_clips import clips_of_side

PATCHES, FRAMES, BANDS = 2, 96, 64


def test_instruments_are_the_groups_with_a_family(pristine_features: Path) -> None:
    run = RunFolder(pristine_features)
    clips = clips_of_side(run, "train")
    instruments = instruments_of(clips)
    assert [(one.group, one.family) for one in instruments] == sorted(
        {(clip.group, clip.label) for _, clip in clips if clip.kind in {"phrase", "note"}}
    )
    by_index = dict(clips)
    for one in instruments:
        assert {by_index[index].kind for index in one.phrases} <= {"phrase"}
        assert {by_index[index].kind for index in one.notes} == {"note"}
        assert {by_index[index].group for index in one.phrases + one.notes} == {one.group}


def test_each_recording_is_clean_first_and_then_in_rooms(pristine_features: Path) -> None:
    run = RunFolder(pristine_features)
    for windows in instrument_windows(run, "train", workers=1):
        # An instrument of the made-up corpus has three phrases at most; notes fill up.
        assert windows.shape == (RECORDINGS, 1 + ROOMS, PATCHES, FRAMES, BANDS)
        assert np.isfinite(windows).all()
        clean, rooms = windows[:, 0].astype(np.float32), windows[:, 1:].astype(np.float32)
        # Only windows through a microphone have a hiss in every frame.
        quietest = np.log(FrontEnd().log_offset)
        assert np.isclose(clean, quietest, atol=0.01).any()
        assert not np.isclose(rooms, quietest, atol=1e-3).all(axis=-1).any()


def test_same_seed_gives_same_windows(pristine_features: Path) -> None:
    run = RunFolder(pristine_features)
    first = list(instrument_windows(run, "held", workers=1))
    again = list(instrument_windows(run, "held", workers=1))
    assert len(first) == len(instruments_of(clips_of_side(run, "held"))) > 0
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
