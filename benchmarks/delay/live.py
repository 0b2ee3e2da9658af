"""Play a session in a virtual microphone, and record when each passage and message came."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import paho.mqtt.client as paho
import soundfile

from benchmarks.delay.music import AUDIBLE, Session
from daemon.hearing.tracker import EventStarted
from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SECONDS
from model_build.evaluation.events.replayed import Replayed
from tests.brokers import Mosquitto, Watcher
from tests.cleanup import killed_at_last
from tests.conftest import ROOT
from tests.virtual_microphone import VirtualMicrophone

NODE = "room"
READY_SECONDS = 60.0
NEAR_SECONDS = 1.0  # how far a passage may begin from where it should

W = TypeVar("W", bound=Watcher)


class Recorder:
    """Records the virtual microphone, and knows when each sample was played."""

    def __init__(self, microphone: VirtualMicrophone) -> None:
        options = [f"--rate={SAMPLE_RATE_HZ}", "--channels=1", "--format=s16le"]
        self._process = subprocess.Popen(
            # The PATH finds it, as it finds PulseAudio's other programs.
            ["parec", "--raw", "--latency-msec=20", "--device=vmic.monitor", *options],  # noqa: S607
            env=microphone.environment,
            stdout=subprocess.PIPE,
        )
        self._pieces: list[bytes] = []
        self._arrivals: list[tuple[int, float]] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        count = 0
        while piece := os.read(self._process.stdout.fileno(), 4096):
            count += len(piece)
            self._pieces.append(piece)
            self._arrivals.append((count // 2, time.monotonic()))

    def stop(self) -> None:
        """Stop recording."""
        self._process.kill()
        self._process.wait()
        self._thread.join()

    def starts(self, session: Session, near_seconds: float = NEAR_SECONDS) -> list[float]:
        """Return when each passage of the session began, as time.monotonic().

        There must be `near_seconds` of silence before each.
        """
        sound = np.frombuffer(b"".join(self._pieces)[: 2 * self._arrivals[-1][0]], "<i2") / 32768
        audible = np.flatnonzero(np.abs(sound) > AUDIBLE)
        assert len(audible), "nothing was heard in the virtual microphone"
        found = [int(audible[0])]
        for before, passage in pairwise(session.passages):
            # A busy machine plays with short stalls, so that the time is from the one before.
            apart = passage.start_seconds - before.start_seconds
            expected = found[-1] + apart * SAMPLE_RATE_HZ
            near = audible[audible > expected - near_seconds * SAMPLE_RATE_HZ]
            assert len(near), "the music ended early in the virtual microphone"
            assert abs(near[0] - expected) < near_seconds * SAMPLE_RATE_HZ, "the music stalled"
            found.append(int(near[0]))
        return [self._time_of(sample) for sample in found]

    def _time_of(self, sample: int) -> float:
        """Return when a sample was recorded, by the promptest pieces of sound around it."""
        ends = np.array([end for end, _ in self._arrivals])
        times = np.array([at for _, at in self._arrivals])
        close = np.abs(ends - sample) < 5 * SAMPLE_RATE_HZ
        return float(np.min((times - ends / SAMPLE_RATE_HZ)[close]) + sample / SAMPLE_RATE_HZ)


class TimedWatcher(Watcher):
    """A client that also records when each started event arrives."""

    def __init__(self, port: int) -> None:
        self.started: list[EventStarted] = []
        super().__init__(port)

    def _keep(self, client: Any, data: Any, message: paho.MQTTMessage) -> None:
        arrived = time.monotonic()
        if message.topic == f"timbrel/{NODE}/event":
            body = json.loads(message.payload)
            if body["event_type"] == "started":
                self.started.append(EventStarted(body["family"], 0.0, arrived, body["score"]))
        super()._keep(client, data, message)


def listen_live(session: Session) -> Replayed:
    """Play the session in a virtual microphone; return what arrived, in time.monotonic()."""
    watcher, starts = play_live(session, TimedWatcher)
    passages = [
        passage._replace(
            start_seconds=start, end_seconds=start + passage.end_seconds - passage.start_seconds
        )
        for passage, start in zip(session.passages, starts, strict=True)
    ]
    return Replayed(0.0, passages, [], watcher.started)


def play_live(
    session: Session,
    watching: Callable[[int], W],
    *,
    audio: str = "device: pulse",
    more: str = "",
    near_seconds: float = NEAR_SECONDS,
) -> tuple[W, list[float]]:
    """Play a session to the daemon, whose messages go to the client `watching(port)`.

    Returns the client, and when each passage began in time.monotonic(). `audio` is the content of
    that section of the settings, `more` are further sections.
    """
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="tmb", dir="/tmp")))
        microphone = VirtualMicrophone(folder)
        microphone.start()
        running.callback(microphone.kill)
        broker = Mosquitto(folder, "allow_anonymous true\n")
        broker.start()
        running.callback(broker.kill)
        watcher = watching(broker.port)
        running.enter_context(watcher)
        config = folder / "timbrel.yaml"
        config.write_text(
            f"name: {NODE}\naudio: {{{audio}}}\nstate: {{directory: {folder}/state}}\n"
            f"mqtt: {{host: 127.0.0.1, port: {broker.port}}}\n{more}"
        )
        daemon = subprocess.Popen(
            [sys.executable, "-m", "daemon", "run", "--config", config],
            cwd=ROOT,
            env=microphone.environment,
            stderr=subprocess.DEVNULL,
        )
        running.enter_context(killed_at_last(daemon))
        watcher.wait_for(f"timbrel/{NODE}/state", seconds=READY_SECONDS)
        recorder = Recorder(microphone)
        running.callback(recorder.stop)
        sound = folder / "session.wav"
        soundfile.write(sound, session.samples, SAMPLE_RATE_HZ)
        microphone.play(sound).wait()
        time.sleep(WINDOW_SECONDS)
        recorder.stop()
        return watcher, recorder.starts(session, near_seconds)
