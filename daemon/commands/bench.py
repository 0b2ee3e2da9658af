"""`timbrel bench`: measure what listening costs on this machine, compared with another network."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from daemon.commands.demo.medley import MEDLEY
from daemon.commands.fed_device import FedDevice
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

_ROUNDS = 5
_REPLAYS = 40
_RUNNING_SECONDS = 12.0
_BARE = "import numpy, ai_edge_litert.interpreter, sounddevice, paho.mqtt.client"
_RESIDENT = 'print(next(l.split()[1] for l in open("/proc/self/status") if l.startswith("VmRSS")))'


def bench(settings: Settings, *, peer: Path | None, as_json: bool) -> int:
    """Measure and print everything; return exit code 0.

    `peer` is the .tflite file of another network to measure. Raises InputError if a model or the
    `demo` extra is missing.
    """
    check_extra()
    recognizer = Recognizer(settings)
    network = None if peer is None else load_network(peer)
    samples = read_sound(str(MEDLEY))
    figures: dict[str, float] = {
        **_measure_steps(recognizer, samples),
        "cpu_ms_per_second": _best_cpu_ms(lambda: _listen_once(recognizer, samples), samples),
        "replay_times_real_time": _measure_replay_speed(settings),
        **_measure_daemon(settings),
        "model_kilobytes": recognizer.path.stat().st_size / 1000,
    }
    if peer is not None:
        figures |= _compare_with_peer(peer, network, recognizer, samples)
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
    "cpu_ms_per_second": ("CPU per second of sound", "ms", "of the loop alone, without pauses"),
    "replay_times_real_time": ("replay --speed max", "x", "times real time, start-up included"),
    "resident_megabytes": ("memory of the running daemon", "MB", "resident"),
    "bare_megabytes": (
        "memory of a process without it",
        "MB",
        "imports numpy, litert, sounddevice, paho",
    ),
    "resident_ratio": ("  ratio", "x", "target 1.25"),
    "running_cpu_ms_per_second": (
        "CPU of the running daemon",
        "ms",
        "per second of sound, wake-ups included",
    ),
    "online_seconds": ("start to MQTT online", "s", "target 1.0"),
    "model_kilobytes": ("model file", "kB", ""),
    "peer_cpu_ms_per_second": (
        "peer, CPU per second of sound",
        "ms",
        "measured in turns with ours",
    ),
    "cpu_ratio": ("  ratio of ours to the peer's", "x", "the peer on consecutive sound"),
    "size_ratio": ("  ratio of the model files", "x", ""),
}


def _print_table(figures: dict[str, float], hop_seconds: float) -> None:
    print(f"a window every {hop_seconds:g} s, one thread")
    for key, (name, unit, note) in _ROWS.items():
        if key in figures:
            print(f"{name:32} {figures[key]:9.3f} {unit:3} {note}".rstrip())


def _measure_steps(recognizer: Recognizer, samples: NDArray[np.float32]) -> dict[str, float]:
    """Return the median and 95th percentile of each step's milliseconds per window.

    The first window is left out, because it fills the caches.
    """
    scorer = Scorer(recognizer.classifier, gate_dbfs=None)
    stream = LogMelStream(recognizer.classifier.contract.front_end, WINDOW_SAMPLES)
    tracker = recognizer.tracker()
    front_end, inference, whole = [], [], []
    for window in WindowBuffer(recognizer.hop_seconds).push(samples):
        began = time.perf_counter()
        heard = scorer.hear(window)
        tracker.update(heard.ended_at, heard.scores, heard.patches)
        scored_at = time.perf_counter()
        frames = stream.update(window.samples, window.start_sample)
        framed_at = time.perf_counter()
        recognizer.classifier.logits(frames[-recognizer.classifier.contract.patch_frames :])
        front_end.append(framed_at - scored_at)
        inference.append(time.perf_counter() - framed_at)
        whole.append(scored_at - began)
    figures = {}
    for name, seconds in {"front_end": front_end, "inference": inference, "window": whole}.items():
        figures[f"{name}_ms_median"] = 1000 * float(np.median(seconds[1:]))
        figures[f"{name}_ms_p95"] = 1000 * float(np.percentile(seconds[1:], 95))
    return figures


def _listen_once(recognizer: Recognizer, samples: NDArray[np.float32]) -> None:
    scorer = Scorer(recognizer.classifier, gate_dbfs=None)
    listen(WindowBuffer(recognizer.hop_seconds).push(samples), scorer, recognizer.tracker(), [])


def _best_cpu_ms(work: Callable[[], None], samples: NDArray[np.float32]) -> float:
    """Return the milliseconds of CPU per second of sound, of the fastest of several rounds.

    `work` processes all `samples`. The first round is left out, because it fills the caches.
    """
    spent = []
    for _ in range(_ROUNDS + 1):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return 1000 * min(spent[1:]) * SAMPLE_RATE_HZ / len(samples)


def _measure_replay_speed(settings: Settings) -> float:
    """Return how many seconds of sound `timbrel replay` processes per second.

    The medley is replayed many times in one process, so that start-up counts little.
    """
    files = [str(MEDLEY)] * _REPLAYS
    with _config_file(settings) as config:
        command = [sys.executable, "-m", "daemon", "replay", "--json", "--config", config, *files]
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        seconds = time.perf_counter() - began
    return len(files) * len(read_sound(str(MEDLEY))) / SAMPLE_RATE_HZ / seconds


def _measure_daemon(settings: Settings) -> dict[str, float]:
    """Return memory, CPU time and start-up time of the daemon in a process of its own.

    Its sound comes from memory, and it publishes to an embedded broker.
    """
    with embedded_broker() as port, tempfile.TemporaryDirectory() as folder:
        mqtt = MqttSettings(host="127.0.0.1", port=port, protocol="3.1.1")
        state = StateSettings(directory=folder)
        settings = msgspec.structs.replace(settings, mqtt=mqtt, state=state)
        online_seconds = _seconds_to_online(settings)
        with _config_file(settings) as config:
            measured = _run_python(f"from {__name__} import run_daemon; run_daemon({config!r})")
    bare = float(_run_python(f"{_BARE}; {_RESIDENT}")) / 1000
    resident, cpu = (float(part) for part in measured.split())
    return {
        "resident_megabytes": resident / 1000,
        "bare_megabytes": bare,
        "resident_ratio": resident / 1000 / bare,
        "running_cpu_ms_per_second": cpu,
        "online_seconds": online_seconds,
    }


def _run_python(code: str) -> str:
    """Run Python code in a new process; return the last line that it prints."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout.strip().splitlines()[-1]


def _seconds_to_online(settings: Settings) -> float:
    """Return the seconds from the start of `timbrel run` until it publishes `online`.

    It needs no microphone: the daemon publishes `online` without one.
    """
    from daemon.mqtt.watcher import watching

    online = threading.Event()

    def show(topic: str, payload: bytes) -> None:
        if topic.endswith("/availability") and payload == b"online":
            online.set()

    with watching(settings.mqtt, None, show), _config_file(settings) as config:
        command = [sys.executable, "-m", "daemon", "run", "--config", config]
        began = time.perf_counter()
        daemon = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: S603
        online.wait(30)
        seconds = time.perf_counter() - began
        daemon.terminate()
        daemon.wait(10)
    return seconds


def run_daemon(config: str) -> None:
    """Run the daemon on the medley in real time; print its memory and CPU time.

    `config` is the path of the configuration. Prints resident memory in kB and milliseconds of
    CPU per second of sound.
    """
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

    run(
        load(Path(config)),
        make_device=lambda _source, _portaudio, changed: FedDevice(feed, changed),
    )


@contextmanager
def _config_file(settings: Settings) -> Iterator[str]:
    """Write the settings to a temporary configuration file for another process; yield its path."""
    with tempfile.NamedTemporaryFile("wb", suffix=".yaml") as file:
        file.write(msgspec.yaml.encode(msgspec.to_builtins(settings)))
        file.flush()
        yield file.name


def _compare_with_peer(
    peer: Path, interpreter: Any, recognizer: Recognizer, samples: NDArray[np.float32]
) -> dict[str, float]:
    """Measure another network, which takes a waveform in chunks of a fixed length, and our loop."""
    details = interpreter.get_input_details()[0]
    chunk = int(np.prod(details["shape"]))

    def run_peer() -> None:
        for start in range(0, len(samples) - chunk + 1, chunk):
            interpreter.set_tensor(details["index"], samples[start : start + chunk])
            interpreter.invoke()
            interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

    # Alternate, so that a change in the machine's speed affects both.
    pairs = [
        (
            _best_cpu_ms(lambda: _listen_once(recognizer, samples), samples),
            _best_cpu_ms(run_peer, samples),
        )
        for _ in range(3)
    ]
    return {
        "peer_cpu_ms_per_second": float(np.median([theirs for _, theirs in pairs])),
        "cpu_ratio": float(np.median([ours / theirs for ours, theirs in pairs])),
        "size_ratio": recognizer.path.stat().st_size / peer.stat().st_size,
    }
