"""The medley is played on a loudspeaker, and a failing one never delays the demo."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from daemon.commands.demo.loudspeaker import Loudspeaker, open_loudspeaker
from daemon.commands.demo.medley import MEDLEY
from daemon.sound.sound_file import read_sound
from tests.conftest import ROOT, VirtualMicrophone

RATE_HZ = 16_000
PLAYING = "playing on the loudspeaker"


@pytest.fixture
def server(microphone: VirtualMicrophone, monkeypatch: pytest.MonkeyPatch) -> VirtualMicrophone:
    """A sound server with one silent output."""
    microphone.still()
    for name in ("HOME", "PULSE_SERVER", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, microphone.environment[name])
    monkeypatch.setenv("PULSE_SINK", "vmic")
    return microphone


@contextmanager
def record_output(server: VirtualMicrophone, file: Path) -> Iterator[float]:
    """Record the output to `file` as raw samples; yield the approximate start of the recording."""
    command = ["parec", "--device=vmic.monitor", "--format=s16le", "--channels=1", "--raw"]
    with file.open("wb") as output:
        recorder = subprocess.Popen(
            [*command, f"--rate={RATE_HZ}", "--latency-msec=20"],
            env=server.environment,
            stdout=output,
        )
        try:
            deadline = time.monotonic() + 10
            while file.stat().st_size == 0:
                assert time.monotonic() < deadline, "no sound is recorded"
                time.sleep(0.005)
            yield time.monotonic()
        finally:
            recorder.terminate()
            recorder.wait()


def offset_seconds(recording: Path, start: float, end: float) -> tuple[float, float]:
    """Find seconds `start` to `end` of the medley in the recording.

    Returns the offset of the medley's second 0 and the similarity, -1..1. Of several pieces of 2 s
    the most similar one counts, because a loaded machine loses samples of some.
    """
    pieces = [_piece_offset_seconds(recording, at) for at in np.arange(start, end - 1.9, 0.5)]
    return max(pieces, key=lambda piece: piece[1])


def _piece_offset_seconds(recording: Path, start: float) -> tuple[float, float]:
    heard = np.frombuffer(recording.read_bytes(), "<i2").astype(np.float64)
    first = int(start * RATE_HZ)
    played = read_sound(str(MEDLEY))[first : first + 2 * RATE_HZ].astype(np.float64)
    length = len(heard)
    spectrum = np.fft.rfft(heard) * np.conj(np.fft.rfft(played, length))
    similarity = np.fft.irfft(spectrum, length)[: length - len(played)]
    at = int(np.argmax(similarity))
    found = heard[at : at + len(played)]
    norm = np.linalg.norm(found) * np.linalg.norm(played)
    return at / RATE_HZ - start, float(similarity[at] / norm)


def wait_for_status(speaker: Loudspeaker, status: str, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while speaker.status != status:
        assert time.monotonic() < deadline, speaker.status
        time.sleep(0.02)


def test_medley_plays_in_step_with_the_clock(server: VirtualMicrophone, tmp_path: Path) -> None:
    recording = tmp_path / "heard.raw"
    with open_loudspeaker(MEDLEY) as speaker, record_output(server, recording) as began:
        started = speaker.start(within_seconds=20)
        assert speaker.status == PLAYING
        time.sleep(9)
        assert speaker.status == PLAYING
    offset, similarity = offset_seconds(recording, 1.0, 6.0)
    assert similarity > 0.9
    assert offset == pytest.approx(started - began, abs=0.4)


def test_sound_is_in_step_again_after_sound_server_hung(
    server: VirtualMicrophone, tmp_path: Path
) -> None:
    recording = tmp_path / "heard.raw"
    with open_loudspeaker(MEDLEY) as speaker:
        started = speaker.start(within_seconds=20)
        time.sleep(1.5)
        server.freeze()
        time.sleep(2.5)
        server.thaw()
        time.sleep(1.0)
        with record_output(server, recording) as began:
            time.sleep(max(0.0, started + 15.5 - time.monotonic()))
        assert speaker.status == PLAYING
    offset, similarity = offset_seconds(recording, 9.0, 13.0)
    assert similarity > 0.9
    assert offset == pytest.approx(started - began, abs=0.5)


def test_times_out_if_sound_server_hangs(server: VirtualMicrophone) -> None:
    server.freeze()
    began = time.monotonic()
    with open_loudspeaker(MEDLEY) as speaker:
        speaker.start(within_seconds=1.0)
        assert speaker.status == "the sound system does not answer: playing silently"
    assert time.monotonic() - began < 5
    server.thaw()


def test_lost_sound_server_is_reported(server: VirtualMicrophone) -> None:
    with open_loudspeaker(MEDLEY) as speaker:
        speaker.start(within_seconds=20)
        server.kill()
        wait_for_status(speaker, "the loudspeaker is gone: playing silently", 15)


def test_missing_output_device_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if any(Path("/proc/asound").glob("card*")):
        pytest.skip("this machine has a sound card")
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path}/nobody")
    with open_loudspeaker(MEDLEY) as speaker:
        speaker.start(within_seconds=20)
        assert speaker.status == "no loudspeaker found: playing silently"


def test_crash_of_sound_system_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # ALSA aborts the process for some broken configurations.
    (tmp_path / "sounddevice.py").write_text("import os; os.abort()\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with open_loudspeaker(MEDLEY) as speaker:
        speaker.start(within_seconds=20)
        assert speaker.status == "the sound system crashed: playing silently"


def test_missing_portaudio_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # If the library is missing, importing sounddevice raises OSError.
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with open_loudspeaker(MEDLEY) as speaker:
        speaker.start(within_seconds=20)
        assert speaker.status == "no PortAudio (libportaudio2): playing silently"


@pytest.mark.usefixtures("server")
def test_player_ends_after_demo_is_killed() -> None:
    code = (
        "import time; from daemon.commands.demo.loudspeaker import *\n"
        "from daemon.commands.demo.medley import MEDLEY\n"
        "with open_loudspeaker(MEDLEY) as speaker:\n    speaker.start(within_seconds=20)\n"
        "    print(speaker._child.pid, flush=True)\n    time.sleep(60)"
    )
    demo = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert demo.stdout is not None
        player = int(demo.stdout.readline())
        os.kill(player, 0)
    finally:
        demo.send_signal(signal.SIGKILL)
        demo.communicate()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{player}/stat").exists():
        state = Path(f"/proc/{player}/stat").read_text().rpartition(")")[2].split()[0]
        if state == "Z":
            return
        assert time.monotonic() < deadline, "the player still runs"
        time.sleep(0.05)


def test_demo_shows_windows_in_step_with_loudspeaker(
    server: VirtualMicrophone, tmp_path: Path
) -> None:
    recording = tmp_path / "heard.raw"
    command = [sys.executable, "-m", "daemon", "demo", "--scores"]
    with record_output(server, recording) as began:
        demo = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            assert demo.stdout is not None
            shown: dict[str, float] = {}
            while not any(line.startswith("  0:08.0") for line in shown):
                line = demo.stdout.readline()
                assert line, "the demo has ended"
                shown[line] = time.monotonic()
        finally:
            demo.terminate()
            demo.communicate(timeout=30)
    assert f"sound      {PLAYING}\n" in shown
    # The window that ends at 8 s must be shown right after it was played.
    window_at = next(at for line, at in shown.items() if line.startswith("  0:08.0"))
    offset, similarity = offset_seconds(recording, 1.0, 6.0)
    assert similarity > 0.9
    assert window_at - 8.0 - began == pytest.approx(offset, abs=0.5)
