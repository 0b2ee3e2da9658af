"""`timbrel bench`: what listening costs on this machine, beside a bare process and a peer."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.commands.demo.medley import MEDLEY
from daemon.configuration.settings import MqttSettings, Settings, StateSettings
from daemon.hearing.classifier import load_network
from daemon.hearing.log_mel import LogMelStream
from daemon.hearing.pipeline import listen
from daemon.hearing.scorer import Scorer
from daemon.mqtt.embedded_broker import check_extra, embedded_broker
from daemon.runtime.wiring import Recognizer
from daemon.sound.ring import Ring
from daemon.sound.sound_file import read_sound
from daemon.sound.window import SAMPLE_RATE_HZ, WINDOW_SAMPLES, WindowBuffer

Answer = TypeVar("Answer")

_ROUNDS = 5
_REPLAYS = 40
_RUNNING_SECONDS = 12.0
_BARE = "import numpy, ai_edge_litert.interpreter, sounddevice, paho.mqtt.client"
_RESIDENT = 'print(next(l.split()[1] for l in open("/proc/self/status") if l.startswith("VmRSS")))'


def bench(settings: Settings, *, peer: Path | None, as_json: bool) -> int:
    """Measure and print; raises InputError where a model or the `demo` extra is missing."""
    check_extra()
    recognizer = Recognizer(settings)
    network = None if peer is None else load_network(peer)
    samples = read_sound(str(MEDLEY))
    figures: dict[str, float] = {
        **_steps(recognizer, samples),
        "cpu_ms_per_second": _best(lambda: _loop(recognizer, samples), samples),
        "replay_times_real_time": _replay_speed(settings),
        **_process(settings),
        "model_kilobytes": recognizer.path.stat().st_size / 1000,
    }
    if peer is not None:
        figures |= _beside(peer, network, recognizer, samples)
    if as_json:
        print(json.dumps({key: round(value, 4) for key, value in figures.items()}))
    else:
        _print_table(figures, settings.audio.hop_seconds)
    return 0


_ROWS = {
    "front_end_ms_median": ("front end, one hop", "ms", "median"),
    "front_end_ms_p95": ("", "ms", "95 %"),
    "inference_ms_median": ("inference, one patch", "ms", "median"),
    "inference_ms_p95": ("", "ms", "95 %"),
    "window_ms_median": ("whole window", "ms", "median"),
    "window_ms_p95": ("", "ms", "95 %"),
    "cpu_ms_per_second": ("CPU per second of sound", "ms", "in the loop, without pauses"),
    "replay_times_real_time": ("replay --speed max", "x", "real time, start-up included"),
    "resident_megabytes": ("memory of the running daemon", "MB", "resident"),
    "bare_megabytes": ("memory of its bare imports", "MB", "numpy, litert, sounddevice, paho"),
    "resident_ratio": ("  ratio", "x", "target 1.6, better 1.4"),
    "running_cpu_ms_per_second": (
        "CPU of the running daemon",
        "ms",
        "per second, wake-ups included",
    ),
    "online_seconds": ("start to MQTT online", "s", "target 1.0"),
    "model_kilobytes": ("model file", "kB", ""),
    "peer_cpu_ms_per_second": ("peer, CPU per second of sound", "ms", "in the same run"),
    "cpu_ratio": ("  ratio of ours to it", "x", "target 0.6"),
    "size_ratio": ("  ratio of the files", "x", ""),
}


def _print_table(figures: dict[str, float], hop_seconds: float) -> None:
    print(f"a window every {hop_seconds:g} s, one thread")
    for key, (name, unit, note) in _ROWS.items():
        if key in figures:
            print(f"{name:32} {figures[key]:9.3f} {unit:3} {note}".rstrip())


def _steps(recognizer: Recognizer, samples: NDArray[np.float32]) -> dict[str, float]:
    """Milliseconds of each step of a window, once the first windows have warmed it."""
    hearing = Scorer(recognizer.classifier, gate_dbfs=None)
    stream = LogMelStream(recognizer.classifier.contract.front_end, WINDOW_SAMPLES)
    tracker = recognizer.tracker()
    front_end, inference, whole = [], [], []
    for window in WindowBuffer(recognizer.hop_seconds).push(samples):
        began = time.perf_counter()
        heard = hearing.hear(window)
        tracker.update(heard.ended_at, heard.scores)
        heard_at = time.perf_counter()
        frames = stream.update(window.samples, window.start_sample)
        framed_at = time.perf_counter()
        recognizer.classifier.logits(frames[-recognizer.classifier.contract.patch_frames :])
        front_end.append(framed_at - heard_at)
        inference.append(time.perf_counter() - framed_at)
        whole.append(heard_at - began)
    figures = {}
    for name, seconds in {"front_end": front_end, "inference": inference, "window": whole}.items():
        figures[f"{name}_ms_median"] = 1000 * float(np.median(seconds[1:]))
        figures[f"{name}_ms_p95"] = 1000 * float(np.percentile(seconds[1:], 95))
    return figures


def _loop(recognizer: Recognizer, samples: NDArray[np.float32]) -> None:
    hearing = Scorer(recognizer.classifier, gate_dbfs=None)
    listen(WindowBuffer(recognizer.hop_seconds).push(samples), hearing, recognizer.tracker(), [])


def _best(work: Callable[[], None], samples: NDArray[np.float32]) -> float:
    """Milliseconds of CPU a second of sound takes: the best of some rounds, the first left out."""
    spent = []
    for _ in range(_ROUNDS + 1):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return 1000 * min(spent[1:]) * SAMPLE_RATE_HZ / len(samples)


def _replay_speed(settings: Settings) -> float:
    """How many seconds of sound one second replays, over the medley many times."""
    files = [str(MEDLEY)] * _REPLAYS
    with _configured(settings) as config:
        command = [sys.executable, "-m", "daemon", "replay", "--json", "--config", config, *files]
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        seconds = time.perf_counter() - began
    return len(files) * len(read_sound(str(MEDLEY))) / SAMPLE_RATE_HZ / seconds


def _process(settings: Settings) -> dict[str, float]:
    """The daemon as a process of its own, fed from memory, speaking to an embedded broker."""
    with embedded_broker() as port, tempfile.TemporaryDirectory() as folder:
        mqtt = MqttSettings(host="127.0.0.1", port=port, protocol="3.1.1")
        state = StateSettings(directory=folder)
        settings = msgspec.structs.replace(settings, mqtt=mqtt, state=state)
        online_seconds = _seconds_to_online(settings)
        with _configured(settings) as config:
            running = _child(f"from daemon.commands.bench import running; running({config!r})")
    bare = float(_child(f"{_BARE}; {_RESIDENT}")) / 1000
    resident, cpu = (float(part) for part in running.split())
    return {
        "resident_megabytes": resident / 1000,
        "bare_megabytes": bare,
        "resident_ratio": resident / 1000 / bare,
        "running_cpu_ms_per_second": cpu,
        "online_seconds": online_seconds,
    }


def _child(code: str) -> str:
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout.strip().splitlines()[-1]


def _seconds_to_online(settings: Settings) -> float:
    """From starting `timbrel run` to its retained `online`; a microphone need not be there."""
    from daemon.mqtt.watcher import watching

    online = threading.Event()

    def show(topic: str, payload: bytes) -> None:
        if topic.endswith("/availability") and payload == b"online":
            online.set()

    with watching(settings.mqtt, None, show), _configured(settings) as config:
        command = [sys.executable, "-m", "daemon", "run", "--config", config]
        began = time.perf_counter()
        daemon = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: S603
        online.wait(30)
        seconds = time.perf_counter() - began
        daemon.terminate()
        daemon.wait(10)
    return seconds


def running(config: str) -> None:
    """Run as `timbrel run` does, on the medley in real time; print kB resident and CPU ms/s."""
    from daemon.commands.run import run
    from daemon.configuration.settings_file import load

    def feed(ring: Ring) -> None:
        block = SAMPLE_RATE_HZ // 10
        blocks = np.resize(read_sound(str(MEDLEY)), int(_RUNNING_SECONDS) * SAMPLE_RATE_HZ)
        began, spent = time.monotonic(), 0.0
        for number, start in enumerate(range(0, len(blocks), block)):
            if start == 5 * SAMPLE_RATE_HZ:
                spent, counted_from = time.process_time(), time.monotonic()
            ring.write(blocks[start : start + block, None])
            time.sleep(max(0.0, began + (number + 1) / 10 - time.monotonic()))
        cpu = 1000 * (time.process_time() - spent) / (time.monotonic() - counted_from)
        resident = Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]
        print(resident, cpu, flush=True)
        os.kill(os.getpid(), 15)

    run(load(Path(config)), make_device=lambda _source, _portaudio, changed: Fed(feed, changed))


class Fed:
    """A device that is no microphone: each time it is opened, `feed` fills a ring on a thread."""

    def __init__(self, feed: Callable[[Ring], None], changed: threading.Condition) -> None:
        self._feed = feed
        self._changed = changed

    def open(self) -> "Future[Ring]":
        """A ring, at once."""
        ring = Ring(SAMPLE_RATE_HZ, 1, self._changed)
        threading.Thread(target=self._feed, args=(ring,), daemon=True).start()
        return _done(ring)

    def close(self, _ring: Ring) -> "Future[None]":
        """Nothing to let go of; what is still fed is not heard."""
        return _done(None)


def _done(result: Answer) -> "Future[Answer]":
    future: Future[Answer] = Future()
    future.set_result(result)
    return future


@contextmanager
def _configured(settings: Settings) -> Iterator[str]:
    """The settings as a configuration file for another process."""
    with tempfile.NamedTemporaryFile("wb", suffix=".yaml") as file:
        file.write(msgspec.yaml.encode(msgspec.to_builtins(settings)))
        file.flush()
        yield file.name


def _beside(
    peer: Path, interpreter: Any, recognizer: Recognizer, samples: NDArray[np.float32]
) -> dict[str, float]:
    """The same sound through a peer that takes a waveform, in chunks of its own length."""
    details = interpreter.get_input_details()[0]
    chunk = int(np.prod(details["shape"]))

    def listen_as_peer() -> None:
        for start in range(0, len(samples) - chunk + 1, chunk):
            interpreter.set_tensor(details["index"], samples[start : start + chunk])
            interpreter.invoke()
            interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

    # In turn, so that a machine whose speed drifts slows both.
    pairs = [
        (_best(lambda: _loop(recognizer, samples), samples), _best(listen_as_peer, samples))
        for _ in range(3)
    ]
    return {
        "peer_cpu_ms_per_second": float(np.median([theirs for _, theirs in pairs])),
        "cpu_ratio": float(np.median([ours / theirs for ours, theirs in pairs])),
        "size_ratio": recognizer.path.stat().st_size / peer.stat().st_size,
    }
