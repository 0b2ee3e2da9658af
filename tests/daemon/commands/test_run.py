"""`timbrel run` as a process, on a virtual microphone and a real broker."""

import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import soundfile
from paho.mqtt.publish import single

from daemon.sound.sound_file import read_sound
from tests.conftest import (
    MEDLEY,
    ROOT,
    Mosquitto,
    Received,
    Timbrel,
    VirtualMicrophone,
    Watcher,
    killed_at_last,
)

Daemon = subprocess.Popen[str]
StartDaemon = Callable[..., Daemon]


@pytest.fixture
def start_daemon(
    tmp_path: Path, broker: Mosquitto, microphone: VirtualMicrophone
) -> Iterator[StartDaemon]:
    """Start `timbrel run` on the virtual microphone; `extra` is added to its settings."""

    def start(extra: str = "", **environment: str) -> Daemon:
        config = tmp_path / "timbrel.yaml"
        config.write_text(
            f"name: music_room\naudio: {{device: pulse, gate_dbfs: -60}}\n"
            f"mqtt: {{host: 127.0.0.1, port: {broker.port}}}\n{extra}\n"
        )
        daemon = subprocess.Popen(
            [sys.executable, "-m", "daemon", "run", "--config", config],
            cwd=ROOT,
            env={**microphone.environment, **environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        return running.enter_context(killed_at_last(daemon))

    with ExitStack() as running:
        yield start


def write_drums(folder: Path) -> Path:
    """Write the medley's drums, with silence around them, to a WAV file."""
    sound = read_sound(str(MEDLEY))
    file = folder / "drums.wav"
    soundfile.write(file, sound[int(48.9 * 16_000) : int(57.3 * 16_000)], 16_000)
    return file


def has_playing(playing: object) -> Callable[[Received], bool]:
    return lambda message: bool(message.json["playing"] is playing)


def test_publishes_events_of_the_microphone(
    start_daemon: StartDaemon, microphone: VirtualMicrophone, watcher: Watcher, tmp_path: Path
) -> None:
    daemon = start_daemon()
    topic = "timbrel/music_room/"
    assert watcher.wait_for(topic + "availability").payload == b"online"
    discovery = watcher.wait_for("homeassistant/device/timbrel_music_room/config").json
    assert {"playing", "instrument", "heard", "mute"} <= set(discovery["components"])
    assert watcher.wait_for(topic + "hearing").json["hearing"] == "hearing"
    watcher.wait_for(topic + "state", has_playing(False))

    microphone.play(write_drums(tmp_path)).wait(30)
    started = watcher.wait_for(topic + "event", lambda m: m.json["family"] == "drums").json
    ended = watcher.wait_for(
        topic + "event",
        lambda m: m.json["family"] == "drums" and "ended_at" in m.json,
        seconds=45,
    ).json
    assert started["event_type"] == "started"
    assert ended["event_id"] == started["event_id"]
    assert ended["onset"] == started["onset"]
    assert 4.0 < ended["duration_seconds"] < 13.0

    daemon.send_signal(signal.SIGTERM)
    _, log = daemon.communicate(timeout=10)
    assert daemon.returncode == 0, log
    assert "Traceback" not in log
    watcher.wait_for(topic + "availability", lambda m: m.payload == b"offline")


def test_broker_publishes_offline_after_daemon_is_killed(
    start_daemon: StartDaemon, watcher: Watcher
) -> None:
    daemon = start_daemon()
    watcher.wait_for("timbrel/music_room/availability", lambda m: m.payload == b"online")
    daemon.kill()
    watcher.wait_for("timbrel/music_room/availability", lambda m: m.payload == b"offline")


def test_waits_for_sound_server_that_starts_late(
    start_daemon: StartDaemon, microphone: VirtualMicrophone, watcher: Watcher
) -> None:
    microphone.kill()
    daemon = start_daemon()
    deaf = watcher.wait_for("timbrel/music_room/hearing").json
    assert deaf["hearing"] == "deaf"
    assert deaf["reason"] == "microphone pulse cannot be opened: no microphone is connected"
    microphone.start()
    watcher.wait_for("timbrel/music_room/hearing", lambda m: bool(m.json["hearing"] == "hearing"))
    daemon.send_signal(signal.SIGINT)
    _, log = daemon.communicate(timeout=10)
    assert daemon.returncode == 0, log
    assert "Traceback" not in log


def test_notifies_service_manager_when_ready_alive_and_stopping(
    start_daemon: StartDaemon, watcher: Watcher
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
    ):
        address = f"{folder}/notify"
        manager.bind(address)
        manager.settimeout(15)
        daemon = start_daemon(NOTIFY_SOCKET=address)
        states = [manager.recv(4096).decode()]
        while not states[-1].startswith("READY=1"):
            states.append(manager.recv(4096).decode())
        assert states[-1].startswith("READY=1\nSTATUS=hearing, 0 lost; broker ")
        watcher.wait_for("timbrel/music_room/hearing")
        while states[-1] != "WATCHDOG=1":
            states.append(manager.recv(4096).decode())
        daemon.send_signal(signal.SIGTERM)
        while "STOPPING=1" not in states:
            states.append(manager.recv(4096).decode())
        assert daemon.wait(10) == 0


def send_setting(broker: Mosquitto, leaf: str, payload: str, *, retain: bool = False) -> None:
    topic = f"timbrel/music_room/{leaf}/set"
    single(topic, payload, qos=1, retain=retain, hostname="127.0.0.1", port=broker.port)


def is_open(microphone: VirtualMicrophone) -> bool:
    return bool(microphone.control("list", "short", "source-outputs").stdout.strip())


def wait_until(condition: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_mute_closes_microphone_even_after_restart(
    start_daemon: StartDaemon, broker: Mosquitto, microphone: VirtualMicrophone, watcher: Watcher
) -> None:
    topic = "timbrel/music_room/"
    daemon = start_daemon()
    watcher.wait_for(topic + "state", has_playing(False))
    assert is_open(microphone)
    send_setting(broker, "mute", "ON")
    watcher.wait_for(topic + "mute", lambda m: m.payload == b"ON")
    watcher.wait_for(topic + "hearing", lambda m: m.json["hearing"] == "muted")
    watcher.wait_for(topic + "state", has_playing(None))
    wait_until(lambda: not is_open(microphone))
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(10) == 0

    watcher.received.clear()
    start_daemon()
    watcher.wait_for(topic + "hearing", lambda m: m.json["hearing"] == "muted" and not m.retained)
    assert not is_open(microphone)
    send_setting(broker, "mute", "OFF")
    watcher.wait_for(topic + "hearing", lambda m: m.json["hearing"] == "hearing")
    watcher.wait_for(topic + "state", has_playing(False))


def test_settings_from_hub_are_confirmed_refused_and_kept(
    start_daemon: StartDaemon, broker: Mosquitto, watcher: Watcher
) -> None:
    topic = "timbrel/music_room/"
    send_setting(broker, "sensitivity", "1", retain=True)
    daemon = start_daemon()
    watcher.wait_for(topic + "state", has_playing(False))
    send_setting(broker, "quiet_gate", "-40")
    watcher.wait_for(topic + "quiet_gate", lambda m: m.payload == b"-40")
    send_setting(broker, "stop_after", "soon")
    wait_until(lambda: len(watcher.of(topic + "stop_after")) == 2)
    daemon.send_signal(signal.SIGTERM)
    _, log = daemon.communicate(timeout=10)
    assert "set by the hub: quiet_gate -40" in log
    assert "refused: timbrel/music_room/stop_after/set: send a number from 1 to 86400" in log

    watcher.received.clear()
    start_daemon()
    kept = watcher.wait_for(topic + "quiet_gate", lambda m: not m.retained)
    assert kept.payload == b"-40"
    assert {m.payload for m in watcher.of(topic + "sensitivity")} == {b"50"}


def test_unknown_family_in_settings_is_refused(timbrel: Timbrel, tmp_path: Path) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text("mqtt: {families: [guitar, theremin]}\n")
    done = timbrel("check", config)
    assert done.returncode == 2
    assert "mqtt.families: the model has no family theremin; it has bass," in done.stderr
