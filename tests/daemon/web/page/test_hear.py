"""Hear a file: what was recognized in an upload, and one sentence for every bad one."""

import base64
import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

pytest.importorskip("starlette", reason="needs the web extra")
pytest.importorskip("uvicorn", reason="needs the web extra")
pytest.importorskip("av", reason="needs the media extra")

from daemon.sound.sound_file import read_sound
from tests.conftest import MEDLEY, ROOT, free_port
from tests.daemon.practice.voices import scale, silence
from tests.daemon.web.page.broken_recordings import BROKEN, encoded
from tests.daemon.web.page.parts import Answer, Page, served


def upload(page: Page, content: bytes, query: str = "") -> Answer:
    return page.ask(f"/api/hear{query}", "POST", content, x_timbrel_page=page.token())


def result_of(answer: Answer) -> Any:
    assert answer.code == 200, answer.body
    return json.loads(answer.body.splitlines()[-1])["result"]


def noise(seconds: float, level: float = 0.05) -> np.ndarray:
    rng = np.random.default_rng(1)
    return (level * rng.standard_normal(round(seconds * 16_000))).astype(np.float32)


def written(folder: Path, name: str, samples: np.ndarray, **options: Any) -> bytes:
    file = folder / name
    soundfile.write(file, samples, 16_000, **options)
    return file.read_bytes()


def test_result_equals_that_of_replay(tmp_path: Path) -> None:
    content = written(tmp_path, "medley.flac", read_sound(str(MEDLEY)))
    with served(free_port()) as page:
        answer = upload(page, content)
    progress = [json.loads(line).get("progress") for line in answer.body.splitlines()[:-1]]
    assert progress == sorted(progress)
    assert len(progress) > 10
    result = result_of(answer)
    assert result["seconds"] == pytest.approx(87.0, abs=1.0)
    command = [sys.executable, "-m", "daemon", "replay", "--json", str(tmp_path / "medley.flac")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    replayed = [json.loads(line) for line in done.stdout.splitlines()]
    ended = sorted(
        (line["family"], line["onset"], line["ended_at"]) for line in replayed if "ended_at" in line
    )
    heard = sorted((e["family"], e["onset"], e["end"]) for e in result["events"])
    assert len(heard) > 8
    assert heard == [(family, pytest.approx(a), pytest.approx(b)) for family, a, b in ended]
    assert [chunk["end"] for chunk in result["chunks"]] == [4.0 * n for n in range(1, 22)]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", {}),
        ("a.wav", {"subtype": "FLOAT"}),
        ("a.flac", {}),
        ("a.ogg", {}),
        ("a.mp3", {}),
        ("a.aiff", {}),
        ("a.au", {}),
        ("a.w64", {}),
        ("a.caf", {}),
        ("a.opus", {"format": "OGG", "subtype": "OPUS"}),
        ("a.m4a", {}),
        ("a.webm", {}),
    ],
)
def test_every_usual_format_is_read(
    name: str, options: dict[str, str], page: Page, tmp_path: Path
) -> None:
    if name in {"a.m4a", "a.webm"}:
        content = encoded(tmp_path / name, noise(9.0))
    else:
        content = written(tmp_path, name, noise(9.0), **options)
    result = result_of(upload(page, content))
    assert result["seconds"] == pytest.approx(9.0, abs=0.15)
    assert [chunk["end"] for chunk in result["chunks"]] == [4.0, 8.0]
    assert result["chunks"][0]["level"] == pytest.approx(-26.0, abs=4.0)


def test_silence_and_short_sound_have_a_result_without_events(tmp_path: Path) -> None:
    with served(free_port()) as page:
        silent = result_of(upload(page, written(tmp_path, "a.wav", noise(6.0, 0.0))))
        short = result_of(upload(page, written(tmp_path, "b.wav", noise(0.5))))
    assert silent["events"] == short["events"] == []
    assert silent["chunks"][0]["level"] == -120.0
    assert len(short["chunks"]) == 1


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with served(free_port()) as serving:
        yield serving


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_broken_file_is_refused_in_one_sentence(name: str, page: Page) -> None:
    answer = upload(page, BROKEN[name]())
    assert answer.code == 422, answer.body
    text = answer.json["error"]
    assert text.startswith("the recording: ")
    assert ";" in text, "names no remedy"
    assert "\n" not in text
    assert "/proc" not in text
    assert page.ask("/").code == 200


def test_cut_and_damaged_recordings_are_used_and_say_so(page: Page, tmp_path: Path) -> None:
    whole = written(tmp_path, "a.flac", noise(9.0))
    cut = result_of(upload(page, whole[: len(whole) // 2]))
    assert 4.0 < cut["seconds"] < 5.0
    (notice,) = cut["notices"]
    assert notice.startswith("the recording: ")
    middle = len(whole) // 2
    damaged = result_of(upload(page, whole[:middle] + b"\0" * 2_000 + whole[middle + 2_000 :]))
    assert damaged["seconds"] == pytest.approx(9.0, abs=0.1)
    assert "count as silence" in damaged["notices"][0]
    assert result_of(upload(page, whole))["notices"] == []


def test_notes_equal_those_of_replay(page: Page, tmp_path: Path) -> None:
    tune = np.concatenate([silence(0.5), scale([60, 64, 67, 72, 67], 0.8, 0.1)])
    content = written(tmp_path, "tune.flac", tune)
    result = result_of(upload(page, content, "?notes=1"))
    replay = [sys.executable, "-m", "daemon", "replay", "--notes", "--json"]
    files = ["--midi", str(tmp_path / "tune.mid"), str(tmp_path / "tune.flac")]
    done = subprocess.run([*replay, *files], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    replayed = [line for line in lines if "note" in line]
    assert [note["note"] for note in result["notes"]] == ["C4", "E4", "G4", "C5", "G4"]
    for note, other in zip(result["notes"], replayed, strict=True):
        assert {**note, "file": other["file"]} == {**other, "family": note["family"]}
    assert base64.b64decode(result["midi"]) == (tmp_path / "tune.mid").read_bytes()
    without = result_of(upload(page, content))
    assert (without["notes"], without["midi"]) == (None, None)
    assert without["events"] == result["events"]


def test_without_a_note_model_the_families_are_found(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.practice.notes.built_in.BUILT_IN_NOTE_MODEL", tmp_path / "none")
    result = result_of(upload(page, written(tmp_path, "a.wav", noise(5.0)), "?notes=1"))
    assert result["notes"] is None
    assert result["notices"] == [
        "there is no note model, so that notes are unknown; set model.notes_file"
    ]
    assert len(result["chunks"]) == 1


def test_empty_and_large_uploads_are_refused() -> None:
    with served(free_port()) as page:
        assert upload(page, b"").code == 422
        client = http.client.HTTPConnection("127.0.0.1", page.port, timeout=10)
        headers = {"x-timbrel-page": page.token(), "content-length": "999999999"}
        client.putrequest("POST", "/api/hear")
        for name, value in headers.items():
            client.putheader(name, value)
        client.endheaders()
        answer = client.getresponse()
        assert (answer.status, b"50 MB" in answer.read()) == (413, True)
        client.close()


def test_long_recording_is_refused(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.web.page.hear.analysis.MOST_SECONDS", 120.0)
    answer = upload(page, written(tmp_path, "a.flac", noise(240.0)))
    assert "longer than 2 minutes; send a part" in answer.body.splitlines()[-1]
    assert upload(page, b"x").code == 422


def test_upload_needs_the_token() -> None:
    with served(free_port()) as page:
        assert page.ask("/api/hear", "POST", MEDLEY.read_bytes()[:1000]).code == 403


def test_only_one_recording_at_a_time_and_a_cut_upload_frees_the_place() -> None:
    with served(free_port()) as page:
        token = page.token()
        client = http.client.HTTPConnection("127.0.0.1", page.port, timeout=10)
        client.putrequest("POST", "/api/hear")
        client.putheader("x-timbrel-page", token)
        client.putheader("content-length", "1000000")
        client.endheaders()
        client.send(b"half")
        deadline = time.monotonic() + 10
        while upload(page, b"x").code != 409 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert upload(page, b"x").code == 409
        client.close()
        while upload(page, b"x").code == 409 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert upload(page, b"x").code == 422


def test_closed_connection_stops_the_analysis(tmp_path: Path) -> None:
    content = written(tmp_path, "a.flac", np.tile(noise(60.0), 30))
    with served(free_port()) as page:
        client = http.client.HTTPConnection("127.0.0.1", page.port, timeout=30)
        headers = {"x-timbrel-page": page.token()}
        client.request("POST", "/api/hear", content, headers)
        answer = client.getresponse()
        assert b"progress" in answer.readline()
        client.close()
        answer.close()
        deadline = time.monotonic() + 5
        while is_hearing() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not is_hearing()
        assert upload(page, b"x").code == 422


def is_hearing() -> bool:
    return any(thread.name == "hear" for thread in threading.enumerate())
