"""Notes are strung together with exact onsets and pitches."""

from pathlib import Path

import numpy as np
import pytest

from model_build.corpus.decoded import Sounds
from model_build.notes.material.sampled_notes import SampledNote
from model_build.notes.material.strung_notes import NoteStringer
from model_build.notes.pitch_estimate import pitch_midi
from tests.daemon.practice.notes.notes_sounds import tone

BEFORE = 1_600


def _sounds(folder: Path) -> Sounds:
    sound = np.concatenate([np.zeros(BEFORE, np.float32), tone(60, 2.0)])
    (folder / "samples.int16").write_bytes((sound * 32_767).astype(np.int16).tobytes())
    np.save(folder / "ends.npy", [len(sound)])
    return Sounds(folder)


def test_labels_are_where_the_sound_is(tmp_path: Path) -> None:
    note = SampledNote(0, "flute", "one", BEFORE, BEFORE + 30_000, 60.0, held=False)
    stringer = NoteStringer([note], _sounds(tmp_path))
    checked = 0
    for seed in range(20):
        sound, notes = stringer.draw(np.random.default_rng(seed), 64_000)
        for own in notes:
            alone = [
                other
                for other in notes
                if other is not own
                and other.onset_seconds < own.onset_seconds + 0.25
                and other.offset_seconds > own.onset_seconds - 0.05
            ]
            first = round(own.onset_seconds * 16_000)
            if (
                alone
                or first < 800
                or first > 58_000
                or own.offset_seconds - own.onset_seconds < 0.3
            ):
                continue
            before, after = sound[first - 400 : first], sound[first : first + 400]
            assert np.square(after).sum() > 5 * np.square(before).sum()
            assert pitch_midi(sound[first + 400 : first + 4_000]) == pytest.approx(
                own.midi, abs=0.1
            )
            checked += 1
    assert checked >= 10
