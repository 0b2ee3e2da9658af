from pathlib import Path

import msgspec
import numpy as np
import pytest

from daemon.hearing.scorer import level_dbfs
from daemon.sound.sound_file import read_sound
from model_build.corpus.clips import Clip, read_corpus
from model_build.evaluation.dev_rows import divided, with_rooms
from tests.model_build.evaluation.known_scores import FAMILIES


def noises_of(clips: list[Clip]) -> list[Clip]:
    return [clip for clip in clips if clip.kind == "negative" and clip.label == "noise"]


def test_divides_by_the_beginning_of_the_path(corpus: Path) -> None:
    every = read_corpus(corpus, FAMILIES)
    first, second = divided(every, "phrase-organ")
    assert second is not None
    assert {clip.label for clip in second.clips} == {"organ"}
    assert len(first.clips) + len(second.clips) == len(every.clips)


@pytest.mark.parametrize("prefix", ["", "nowhere/", "negative", "phrase"])
def test_corpus_without_two_sorts_of_phrases_is_not_divided(corpus: Path, prefix: str) -> None:
    every = read_corpus(corpus, FAMILIES)
    assert divided(every, prefix) == (every, None)


def test_rooms_are_the_same_with_the_same_seed(corpus: Path, tmp_path: Path) -> None:
    every = read_corpus(corpus, FAMILIES)
    bare = every._replace(clips=[clip for clip in every.clips if clip.kind == "phrase"][:2])
    noises = noises_of(every.clips)
    once = with_rooms(bare, noises, tmp_path / "a", seed=1, workers=1)
    again = with_rooms(bare, noises, tmp_path / "b", seed=1, workers=1)
    other = with_rooms(bare, noises, tmp_path / "c", seed=2, workers=1)
    rooms = [clip for clip in once.clips if clip.kind == "room"]
    assert [clip.accepts for clip in rooms] == [clip.accepts for clip in bare.clips]
    for clip, same, differs, dry in zip(
        rooms, again.clips[2:], other.clips[2:], bare.clips, strict=True
    ):
        sound = read_sound(str(once.folder / clip.path))
        assert level_dbfs(sound) == pytest.approx(-32.0, abs=0.1)
        assert np.array_equal(sound, read_sound(str(again.folder / same.path)))
        assert not np.array_equal(sound, read_sound(str(other.folder / differs.path)))
        assert len(sound) == len(read_sound(str(corpus / dry.path)))


def test_rooms_of_the_corpus_itself_are_kept(corpus: Path, tmp_path: Path) -> None:
    every = read_corpus(corpus, FAMILIES)
    assert with_rooms(every, noises_of(every.clips), tmp_path, seed=1) == every
    silent = every._replace(
        clips=[msgspec.structs.replace(c, kind="phrase") for c in every.clips[:2]]
    )
    assert with_rooms(silent, [], tmp_path, seed=1) == silent
