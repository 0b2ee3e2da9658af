from pathlib import Path

from model_build.practice.joined_negatives import joined_negatives
from tests.model_build.pitch.test_evaluate import corpus

__all__ = ["corpus"]  # a fixture


def test_joined_negatives_leave_out_what_may_be_music(corpus: Path) -> None:
    clips = joined_negatives(corpus)
    assert [clip.sort for clip in clips] == ["speech"] * 2 + ["noise"] * 2 + ["other"] * 2
    assert all("church" not in str(path) for clip in clips for path in clip.paths)
    assert len(clips[0].read()) == 4 * 16_000
    assert clips == joined_negatives(corpus)
