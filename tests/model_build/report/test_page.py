import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from daemon.hearing.classifier import BUILT_IN_MODEL
from daemon.hearing.model_file import read_contract
from model_build.__main__ import main
from model_build.evaluation.details import details_beside
from model_build.evaluation.evaluate import evaluate_file
from model_build.evaluation.figures import Figures
from model_build.report.findings import read_findings
from model_build.report.model_card import model_card
from model_build.report.readings import count_reading
from model_build.run_folder import RunFolder, write_json
from tests.model_build.conftest import made_corpus

ABLATIONS = """\
rows:
  - name: small
    change: from <scratch>
    held: {average_precision: 0.5}
  - name: taught
    change: by a teacher
    held: {average_precision: 0.7, room: 0.8}
    note: patience pays
"""
READINGS = "readings: [{model: small, times: 3, why: while it was made}, {model: x, times: 1}]\n"


class Page(HTMLParser):
    """A parsed page: what it loads, its headings and tags, and pictures without a description."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.headings: list[str] = []
        self.tags: list[str] = []
        self.undescribed: list[str] = []
        self._in_heading = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self._in_heading = tag == "h2"
        self.loaded += [v or "" for k, v in attrs if k in {"src", "href", "srcset", "data"}]
        if (tag == "img" and not found.get("alt")) or (
            tag == "svg" and not found.get("aria-label")
        ):
            self.undescribed.append(tag)

    def handle_data(self, data: str) -> None:
        if self._in_heading:
            self.headings.append(data)
            self._in_heading = False


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = made_corpus(tmp_path_factory.mktemp("corpus"))
    manifest = folder / "manifest.csv"
    text = manifest.read_text().replace(",organ-3,organ-3,", ",<script>x</script>,organ-3,")
    manifest.write_text(text.replace(",CC0,", ",CC0 | <free>,"))
    return folder


@pytest.fixture(scope="module")
def run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The built-in model's evaluation on the made-up corpus, as in a run folder."""
    run = RunFolder(tmp_path_factory.mktemp("run"))
    shutil.copyfile(BUILT_IN_MODEL, run.model)
    found = evaluate_file(run.model, corpus, day_seconds=240.0, workers=1)
    write_json(run.evaluation, found.figures)
    details_beside(run.evaluation).write_bytes(msgspec.json.encode(found.details))
    write_json(run.history, {"loss": [0.5, 0.4, 0.3], "val_loss": [0.6, 0.5, 0.45]})
    (run.folder / "ablations.yaml").write_text(ABLATIONS)
    (run.folder / "readings.yaml").write_text(READINGS)
    return run


def report(run: RunFolder, *arguments: str) -> int:
    by_hand = ["--ablations", str(run.folder / "ablations.yaml")]
    by_hand += ["--dev-readings", str(run.folder / "readings.yaml")]
    return main(["report", str(run.folder), *by_hand, *arguments])


def test_page_has_all_sections_and_loads_nothing(run: RunFolder, corpus: Path) -> None:
    assert report(run, "--corpus", str(corpus)) == 0
    text = run.report.read_text()
    page = Page(text)
    assert page.headings == [
        "Targets",
        "Families",
        "Confusions",
        "ROC and precision-recall",
        "Is a score a probability?",
        "Noise, distance, level",
        "A day at home",
        "Worst mistakes",
        "What was tried",
        "Training",
    ]
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in page.loaded)
    assert any(address.startswith("data:") for address in page.loaded)
    assert not re.search(r"https?://|@import|url\(", text)
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    assert page.undescribed == []


def test_page_and_card_show_later_clips_in_a_second_table(run: RunFolder, tmp_path: Path) -> None:
    grown = RunFolder(tmp_path / "grown")
    shutil.copytree(run.folder, grown.folder)
    ((name, ours),) = msgspec.json.decode(
        grown.evaluation.read_bytes(), type=dict[str, Figures]
    ).items()
    second = msgspec.structs.replace(ours, day=None, steady=None, cost=None, size_bytes=None)
    both = msgspec.structs.replace(ours, second=second, second_paths="<later>/")
    write_json(grown.evaluation, {name: both})
    assert main(["report", str(grown.folder)]) == 0
    page, card = grown.report.read_text(), grown.card.read_text()
    assert "Clips that were added to the corpus later (&lt;later&gt;/)" in page
    assert Page(page).tags.count("table") == Page(run.report.read_text()).tags.count("table") + 1
    assert "Dev clips that were added later (`<later>/`" in card
    assert card.count("| room: top-1 |") == 2
    assert card.count("| file size |") == 1


def test_evaluation_of_another_version_raises_with_remedy(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = RunFolder(tmp_path / "old")
    shutil.copytree(run.folder, old.folder)
    details_beside(old.evaluation).write_text('{"clips": {}, "models": {}}')
    assert main(["report", str(old.folder)]) == 2
    assert "was not written by this version; run timbrel-build evaluate" in capsys.readouterr().err


def test_page_escapes_names(run: RunFolder, corpus: Path) -> None:
    assert report(run, "--corpus", str(corpus)) == 0
    text = run.report.read_text()
    assert "<script>" not in text
    assert "&lt;scratch&gt;" in text


def test_page_without_corpus_and_optional_files(run: RunFolder, tmp_path: Path) -> None:
    bare = RunFolder(tmp_path / "bare")
    shutil.copytree(run.folder, bare.folder)
    bare.history.unlink()
    nowhere = [f"--{name}={tmp_path / 'none.yaml'}" for name in ("ablations", "dev-readings")]
    assert main(["report", str(bare.folder), "--corpus", str(tmp_path), *nowhere]) == 0
    page = Page(bare.report.read_text())
    assert "img" not in page.tags
    assert page.headings[-1] == "Worst mistakes"
    card = bare.card.read_text()
    assert "How often the clips were measured is not recorded" in card
    assert "Not recorded: the run has no list" in card


def test_page_shows_only_the_run_s_own_readings(run: RunFolder, tmp_path: Path) -> None:
    alone = RunFolder(tmp_path / "alone")
    shutil.copytree(run.folder, alone.folder)
    alone.ablations.unlink()
    assert main(["report", str(alone.folder)]) == 0
    assert "What was tried" not in alone.report.read_text()
    assert "were measured" not in alone.report.read_text()

    count_reading(alone.dev_readings, "tiny 1")
    assert main(["report", str(alone.folder)]) == 0
    assert "They were measured once during development" in alone.report.read_text()
    count_reading(alone.dev_readings, "tiny 1")
    assert main(["report", str(alone.folder)]) == 0
    assert "| tiny 1 | 2 | measured at the end of timbrel-build all |" in alone.card.read_text()


def test_card_has_all_parts(
    run: RunFolder, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = tmp_path / "docs" / "model-card.md"
    assert report(run, "--corpus", str(corpus), "--card", str(card)) == 0
    assert str(card) in capsys.readouterr().out
    text = card.read_text()
    assert text == run.card.read_text()
    assert text.startswith(f"# Model card: {read_contract(BUILT_IN_MODEL).title}\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## How well it performs",
        "## Known weaknesses",
        "## Training data",
        "## How to rebuild it",
    ]
    assert "The clips were measured 4 times during development, so the figures are" in text
    assert "| small | 3 | while it was made |" in text
    assert "| x | 1 |  |" in text
    # 4 players' 6 notes, 3 players' 6 phrases, 4 kits' 2 strokes, 3 players' 2 negatives.
    assert "| all | 56 | 18 | 56 | 0 |" in text
    assert "| CC0 \\| &lt;free> | drum, negative, note, phrase | 56 | 0 |" in text
    assert "Fewer than 15 clips" in text
    assert "configs/recipe-default.yaml" in text
    assert len({line.count(" | ") for line in text.splitlines() if line.startswith("| room")}) == 1


def test_card_lists_weak_families(run: RunFolder, tmp_path: Path) -> None:
    findings = read_findings(run, tmp_path / "none", tmp_path / "none")
    rooms = findings.ours.by_family["room"]
    text = model_card(findings, None)
    for family, share in rooms.items():
        assert (f"- {family.capitalize()}: {100 * share:.0f} % named right" in text) == (
            share < 0.7
        )


@pytest.mark.parametrize(
    ("missing", "remedy"),
    [
        ("evaluation.json", "evaluate '{half}/model.tflite' --json '{half}/evaluation.json' first"),
        ("model.tflite", "thresholds first"),
    ],
)
def test_missing_file_raises_with_remedy(
    run: RunFolder,
    tmp_path: Path,
    missing: str,
    remedy: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    half = tmp_path / "half a run"
    shutil.copytree(run.folder, half)
    (half / missing).unlink()
    assert main(["report", str(half)]) == 2
    assert remedy.format(half=half) in capsys.readouterr().err


def test_unknown_key_in_ablations_raises_with_its_name(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slip = tmp_path / "ablations.yaml"
    slip.write_text("rows: [{name: small, changes: a typo}]\n")
    assert main(["report", str(run.folder), "--ablations", str(slip)]) == 2
    assert "changes: unknown key" in capsys.readouterr().err
