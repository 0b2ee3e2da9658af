"""Renders small corpora with the real fluidsynth and espeak-ng."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.errors import InputError
from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES
from model_build.__main__ import main
from model_build.corpus.clips import read_corpus
from model_build.corpus.splits import held_groups
from model_build.rendering import players, rendered_corpus
from model_build.rendering.corpus_settings import CorpusSettings, read_settings
from model_build.rendering.general_midi import FAMILIES
from model_build.rendering.players import PLAYERS
from model_build.rendering.rendered_corpus import render_corpus
from model_build.rendering.soundfont import FLUID_R3
from tests.conftest import ROOT, killed_at_last

needs_programs = pytest.mark.skipif(
    not (shutil.which("fluidsynth") and shutil.which("espeak-ng") and FLUID_R3.is_file()),
    reason="needs the Debian packages fluidsynth, fluid-soundfont-gm and espeak-ng",
)
SOME = ("recorder", "ocarina", "flute", "church-organ", "rock-organ", "harmonium")
TWO_FAMILIES = CorpusSettings(seed=5, phrases_per_programme=2, families=("flute", "organ"))


@pytest.fixture
def few_players(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three instruments of each of two families, three voices, four noises."""
    instruments = [p for p in PLAYERS if getattr(p, "name", "") in SOME]
    voices = [p for p in PLAYERS if getattr(p, "language", "") == "en"]
    voices += [p for p in PLAYERS if getattr(p, "language", "") == "de"][:1]
    noises = [p for p in PLAYERS if isinstance(p, str)][:4]
    monkeypatch.setattr(players, "PLAYERS", (*instruments, *voices, *noises))


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@needs_programs
@pytest.mark.usefixtures("few_players")
def test_corpus_is_complete_labelled_and_split_by_group(tmp_path: Path) -> None:
    count = render_corpus(tmp_path, TWO_FAMILIES, workers=1)
    corpus = read_corpus(tmp_path, TWO_FAMILIES.families)
    assert corpus.skipped == []
    assert len(corpus.clips) == count
    kinds: dict[tuple[str, str], int] = {}
    for clip in corpus.clips:
        kinds[clip.kind, clip.split] = kinds.get((clip.kind, clip.split), 0) + 1
        samples, rate_hz = soundfile.read(tmp_path / clip.path, dtype="float32")
        assert rate_hz == SAMPLE_RATE_HZ
        assert samples.shape == (WINDOW_SAMPLES,)
        assert 0.001 < np.abs(samples).max() <= 1.0
        assert clip.licence
        assert clip.redistributable
        assert not clip.doubt
    assert kinds["phrase", "train"] == 8
    assert kinds["phrase", "dev"] == kinds["room", "dev"] == 4
    assert kinds["mixture", "dev"] == 4
    assert {c.label for c in corpus.clips if c.kind == "negative"} == {"speech", "noise"}
    sides = {
        side: {c.group for c in corpus.clips if c.split == side and c.kind != "mixture"}
        for side in ("train", "dev")
    }
    assert sides["train"].isdisjoint(sides["dev"])
    assert all(clip.accepts for clip in corpus.clips if clip.families)
    train = [clip for clip in corpus.clips if clip.split == "train"]
    assert held_groups(train, 0.15, 1, TWO_FAMILIES.families)


@needs_programs
@pytest.mark.usefixtures("few_players")
def test_room_clips_have_their_level_and_follow_their_phrase(tmp_path: Path) -> None:
    render_corpus(tmp_path, TWO_FAMILIES, workers=1)
    rooms = [row for row in rows_of(tmp_path) if row["kind"] == "room"]
    for row in rooms:
        heard, _ = soundfile.read(tmp_path / row["path"], dtype="float32")
        dry, _ = soundfile.read(tmp_path / row["path"].replace("room", "phrase", 1))
        assert 10 * np.log10(np.mean(heard**2)) == pytest.approx(-32.0, abs=0.2)
        loudness = [np.square(s).reshape(40, -1).mean(axis=1) for s in (heard, dry)]
        assert np.corrcoef(*loudness)[0, 1] > 0.3


@needs_programs
@pytest.mark.usefixtures("few_players")
def test_same_seed_gives_same_files_and_complete_corpus_is_not_changed(tmp_path: Path) -> None:
    one, again, other = (tmp_path / name for name in ("one", "again", "other"))
    render_corpus(one, TWO_FAMILIES, workers=1)
    render_corpus(again, TWO_FAMILIES, workers=1)
    render_corpus(other, CorpusSettings(6, 2, TWO_FAMILIES.families), workers=1)
    for row in rows_of(one):
        assert (one / row["path"]).read_bytes() == (again / row["path"]).read_bytes()
    assert (one / "manifest.csv").read_bytes() == (again / "manifest.csv").read_bytes()
    first = "phrase/flute/recorder-000.flac"
    assert (one / first).read_bytes() != (other / first).read_bytes()

    written = (one / first).stat().st_mtime_ns
    assert render_corpus(one, TWO_FAMILIES) == len(rows_of(one))
    assert (one / first).stat().st_mtime_ns == written
    assert read_settings(one) == TWO_FAMILIES


@pytest.mark.parametrize(
    ("program", "remedy"),
    [("fluidsynth", "apt install fluidsynth"), ("espeak-ng", "apt install espeak-ng")],
)
def test_missing_program_prints_its_package(
    program: str,
    remedy: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None if name == program else f"/bin/{name}")
    assert main(["render", "--output", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"timbrel-build: {program} is missing: {remedy}\n"


def test_error_for_missing_soundfont_names_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr(rendered_corpus, "FLUID_R3", tmp_path / "none.sf2")
    with pytest.raises(InputError, match="apt install fluid-soundfont-gm"):
        render_corpus(tmp_path / "corpus", CorpusSettings(1, 1))


def test_refuses_to_overwrite_another_corpus(
    corpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (corpus / "manifest.csv").read_bytes()
    assert main(["render", "--output", str(corpus)]) == 2
    assert "holds another corpus" in capsys.readouterr().err
    assert (corpus / "manifest.csv").read_bytes() == before


@needs_programs
def test_interrupted_rendering_leaves_no_manifest(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "model_build", "render", "--output", tmp_path, "--phrases", "1"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    with killed_at_last(running):
        ends_at = time.monotonic() + 60
        while not list(tmp_path.rglob("*.flac")) and time.monotonic() < ends_at:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    # On a slow machine, lines of progress come first.
    assert (
        said.splitlines()[-1] == "timbrel-build: interrupted; run the same command to start again"
    )
    assert not (tmp_path / "manifest.csv").exists()


@needs_programs
def test_full_disk_prints_one_line(small_disk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    subprocess.run(["mount", "-o", "remount,size=200k", small_disk], check=True)
    arguments = ["render", "--phrases", "1", "--workers", "1"]
    assert main([*arguments, "--output", str(small_disk / "corpus")]) == 1
    assert capsys.readouterr().err == (
        "timbrel-build: the disk is full; make room, or use a folder on another disk\n"
    )
    assert not (small_disk / "corpus" / "manifest.csv").exists()


def test_every_family_has_players() -> None:
    assert {getattr(p, "family", None) for p in PLAYERS} == {*FAMILIES, None}
