from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.errors import InputError
from model_build.corpus.clips import combined, read_corpus
from model_build.recipe import Recipe, read_recipe
from model_build.rendering.corpus_settings import SETTINGS, CorpusSettings
from model_build.run_folder import RunFolder, write_json
from model_build.windows import sources
from model_build.windows.features import make_features
from model_build.windows.sources import measuring_corpus, training_corpus
from tests.model_build.conftest import made_corpus


@pytest.fixture
def rendering(recipe_file: Path) -> Callable[[str], Recipe]:
    """A function that returns the tiny recipe with a rendered corpus."""

    def with_rendering(beside_corpus: str) -> Recipe:
        section = f"rendering: {{phrases_per_programme: 2, beside_corpus: {beside_corpus}}}"
        recipe_file.write_text(f"{recipe_file.read_text()}{section}\n")
        return read_recipe(recipe_file)

    return with_rendering


@pytest.fixture(autouse=True)
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[CorpusSettings]:
    """Settings of the rendered corpora; the made-up corpus replaces their sound."""
    every: list[CorpusSettings] = []

    def fake(folder: Path, wanted: CorpusSettings, workers: int | None = None) -> int:  # noqa: ARG001
        if not folder.exists():
            every.append(wanted)
            made_corpus(folder)
            write_json(folder / SETTINGS, wanted)
        return 1

    monkeypatch.setattr(sources, "render_corpus", fake)
    return every


def test_recipe_without_rendering_uses_the_given_corpus(
    corpus: Path, recipe_file: Path, tmp_path: Path, rendered: list[CorpusSettings]
) -> None:
    recipe, run = read_recipe(recipe_file), RunFolder(tmp_path / "run")
    assert training_corpus(recipe, corpus, run) == read_corpus(corpus, recipe.families)
    assert measuring_corpus(recipe, corpus, run) == corpus
    assert measuring_corpus(recipe, None, run) is None
    assert rendered == []
    with pytest.raises(InputError, match="--corpus DIR"):
        training_corpus(recipe, None, run)


def test_rendering_recipe_trains_only_on_its_own_corpus(
    corpus: Path,
    rendering: Callable[[str], Recipe],
    tmp_path: Path,
    rendered: list[CorpusSettings],
) -> None:
    recipe, run = rendering("false"), RunFolder(tmp_path / "run")
    assert training_corpus(recipe, None, run).folder == run.rendered
    assert training_corpus(recipe, corpus, run).folder == run.rendered
    assert measuring_corpus(recipe, None, run) == run.rendered
    assert measuring_corpus(recipe, corpus, run) == corpus
    assert rendered == [CorpusSettings(7, 2, recipe.families)]


def test_replaces_corpus_rendered_with_other_settings(
    rendering: Callable[[str], Recipe],
    tmp_path: Path,
    recipe_file: Path,
    rendered: list[CorpusSettings],
) -> None:
    run = RunFolder(tmp_path / "run")
    training_corpus(rendering("false"), None, run)
    recipe_file.write_text(recipe_file.read_text().replace("seed: 7", "seed: 8"))
    training_corpus(read_recipe(recipe_file), None, run)
    assert [wanted.seed for wanted in rendered] == [7, 8]


def test_never_removes_a_corpus_that_was_not_rendered(
    rendering: Callable[[str], Recipe], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = RunFolder(tmp_path / "run")
    made_corpus(run.rendered)
    monkeypatch.undo()  # the real renderer
    with pytest.raises(InputError, match="holds another corpus"):
        training_corpus(rendering("false"), None, run)
    assert (run.rendered / "manifest.csv").exists()


def test_beside_corpus_trains_on_both_corpora(
    corpus: Path, rendering: Callable[[str], Recipe], tmp_path: Path, recipe_file: Path
) -> None:
    recipe, run = rendering("true"), RunFolder(tmp_path / "run")
    with pytest.raises(InputError, match="--corpus DIR"):
        training_corpus(recipe, None, run)
    assert not run.rendered.exists()
    both, alone = training_corpus(recipe, corpus, run), read_corpus(corpus, recipe.families)
    assert len(both.clips) == 2 * len(alone.clips)
    assert both.sha256 != alone.sha256
    assert all((both.folder / clip.path).is_file() for clip in both.clips)
    assert measuring_corpus(recipe, corpus, run) == corpus
    made = make_features(recipe_file, corpus, run, workers=1)
    assert made.clips["train phrase"] + made.clips["held phrase"] == 36


def test_combined_corpora_keep_skipped_clips_of_both(corpus: Path, tmp_path: Path) -> None:
    other = made_corpus(tmp_path / "other")
    (corpus / "phrase-flute-0.wav").unlink()
    (other / "phrase-organ-6.wav").unlink()
    families = ("drums", "flute", "organ")
    both = combined(read_corpus(corpus, families), read_corpus(other, families))
    assert [s.path for s in both.skipped] == ["phrase-flute-0.wav", "phrase-organ-6.wav"]
