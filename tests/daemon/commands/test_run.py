"""`timbrel run` as a process, on a virtual microphone and a real broker."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import soundfile
from paho.mqtt.publish import single

from daemon import __version__
from daemon.hearing.classifier import BUILT_IN_MODEL
from daemon.hearing.model_file import read_contract
from daemon.sound.sound_file import read_sound
from tests.conftest import (
    MEDLEY,
    ROOT,
    Mosquitto,
    Received,
    StartBroker,
    Timbrel,
    VirtualMicrophone,
    Watcher,
    killed_at_last,
)
from tests.daemon.mqtt.test_link import make_password_file

Daemon = subprocess.Popen[str]
StartDaemon = Callable[..., Daemon]


@pytest.fixture
def start_daemon(
    tmp_path: Path, broker: Mosquitto, microphone: VirtualMicrophone
) -> Iterator[StartDaemon]:
    """Start `timbrel run` on the virtual microphone; the argument is added to its settings."""

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


def drums(folder: Path) -> Path:
    """The medley's drums with silence around them, as a WAV file."""
    sound = read_sound(str(MEDLEY))
    file = folder / "drums.wav"
    soundfile.write(file, sound[int(48.9 * 16_000) : int(57.3 * 16_000)], 16_000)
    return file


def is_state(playing: object) -> Callable[[Received], bool]:
    return lambda message: bool(message.json["playing"] is playing)


def test_what_sounds_in_the_room_reaches_the_broker(
    start_daemon: StartDaemon, microphone: VirtualMicrophone, watcher: Watcher, tmp_path: Path
) -> None:
    daemon = start_daemon()
    topic = "timbrel/music_room/"
    assert watcher.wait_for(topic + "availability").payload == b"online"
    discovery = watcher.wait_for("homeassistant/device/timbrel_music_room/config").json
    assert {"playing", "instrument", "heard", "mute"} <= set(discovery["components"])
    assert watcher.wait_for(topic + "hearing").json["hearing"] == "hearing"
    watcher.wait_for(topic + "state", is_state(False))

    microphone.play(drums(tmp_path)).wait(30)
    started = watcher.wait_for(topic + "event", lambda m: m.json["family"] == "drums").json
    ended = watcher.wait_for(
        topic + "event", lambda m: m.json["family"] == "drums" and "ended_at" in m.json
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


def test_a_killed_daemon_is_announced_by_the_will(
    start_daemon: StartDaemon, watcher: Watcher
) -> None:
    daemon = start_daemon()
    watcher.wait_for("timbrel/music_room/availability", lambda m: m.payload == b"online")
    daemon.kill()
    watcher.wait_for("timbrel/music_room/availability", lambda m: m.payload == b"offline")


def test_a_sound_server_that_comes_late_is_waited_for(
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


def test_the_service_manager_is_told_when_ready_alive_and_stopping(
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


def send(broker: Mosquitto, leaf: str, payload: str, *, retain: bool = False) -> None:
    topic = f"timbrel/music_room/{leaf}/set"
    single(topic, payload, qos=1, retain=retain, hostname="127.0.0.1", port=broker.port)


def is_open(microphone: VirtualMicrophone) -> bool:
    return bool(microphone.control("list", "short", "source-outputs").stdout.strip())


def eventually(is_so: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_mute_closes_the_microphone_also_over_a_restart(
    start_daemon: StartDaemon, broker: Mosquitto, microphone: VirtualMicrophone, watcher: Watcher
) -> None:
    topic = "timbrel/music_room/"
    daemon = start_daemon()
    watcher.wait_for(topic + "state", is_state(False))
    assert is_open(microphone)
    send(broker, "mute", "ON")
    watcher.wait_for(topic + "mute", lambda m: m.payload == b"ON")
    watcher.wait_for(topic + "hearing", lambda m: m.json["hearing"] == "muted")
    watcher.wait_for(topic + "state", is_state(None))
    eventually(lambda: not is_open(microphone))
    daemon.send_signal(signal.SIGTERM)
    assert daemon.wait(10) == 0

    watcher.received.clear()
    start_daemon()
    watcher.wait_for(topic + "hearing", lambda m: m.json["hearing"] == "muted" and not m.retained)
    assert not is_open(microphone)
    send(broker, "mute", "OFF")
    watcher.wait_for(topic + "hearing", lambda m: m.json["hearing"] == "hearing")
    watcher.wait_for(topic + "state", is_state(False))


def test_settings_of_the_hub_are_echoed_refused_and_kept(
    start_daemon: StartDaemon, broker: Mosquitto, watcher: Watcher
) -> None:
    topic = "timbrel/music_room/"
    send(broker, "sensitivity", "1", retain=True)
    daemon = start_daemon()
    watcher.wait_for(topic + "state", is_state(False))
    send(broker, "quiet_gate", "-40")
    watcher.wait_for(topic + "quiet_gate", lambda m: m.payload == b"-40")
    send(broker, "stop_after", "soon")
    eventually(lambda: len(watcher.of(topic + "stop_after")) == 2)
    daemon.send_signal(signal.SIGTERM)
    _, log = daemon.communicate(timeout=10)
    assert "set by the hub: quiet_gate -40" in log
    assert "refused: timbrel/music_room/stop_after/set: send a number from 1 to 86400" in log

    watcher.received.clear()
    start_daemon()
    kept = watcher.wait_for(topic + "quiet_gate", lambda m: not m.retained)
    assert kept.payload == b"-40"
    assert {m.payload for m in watcher.of(topic + "sensitivity")} == {b"50"}


def test_a_family_that_the_model_does_not_know_is_named(timbrel: Timbrel, tmp_path: Path) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text("mqtt: {families: [guitar, theremin]}\n")
    done = timbrel("check", config)
    assert done.returncode == 2
    assert "mqtt.families: the model has no family theremin; it has bass," in done.stderr


def first_lines(config: Path, microphone: VirtualMicrophone, many: int) -> list[str]:
    """What `timbrel run` logs first, on a terminal."""
    terminal, ours = os.openpty()
    daemon = subprocess.Popen(
        [sys.executable, "-m", "daemon", "run", "--config", config],
        cwd=ROOT,
        env=microphone.environment,
        stderr=ours,
    )
    os.close(ours)
    try:
        with os.fdopen(terminal, encoding="utf-8", newline="\r\n") as log:
            return [log.readline().rstrip() for _ in range(many)]
    finally:
        daemon.kill()
        daemon.wait()


def test_the_first_lines_show_what_is_used_and_when(
    microphone: VirtualMicrophone, broker: Mosquitto, tmp_path: Path
) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text(
        "sources: [{name: attic, device: pulse}, {name: hall, device: pulse, channel: 1}]\n"
        f"mqtt: {{host: localhost, port: {broker.port}, username: me, topic_prefix: home}}\n"
    )
    lines = first_lines(config, microphone, 5)
    times = [datetime.fromisoformat(line[:19]) for line in lines]
    assert times == sorted(times)
    assert abs(times[0] - datetime.now()) < timedelta(seconds=30)  # noqa: DTZ005
    python = ".".join(map(str, sys.version_info[:3]))
    model = read_contract(BUILT_IN_MODEL).title
    topics = "topics home/timbrel/…"
    assert [line[20:] for line in lines] == [
        f"timbrel: version {__version__}, Python {python}, model {model}, configuration {config}",
        "timbrel: place attic: microphone pulse",
        "timbrel: place hall: microphone pulse, channel 1",
        f"timbrel: broker localhost:{broker.port}, no TLS, user me, no password, {topics}",
        f"timbrel: state in {tmp_path / 'state' / 'timbrel'}",
    ]


def test_a_password_that_a_pipe_gives_once_is_enough(
    microphone: VirtualMicrophone, start_broker: StartBroker, tmp_path: Path
) -> None:
    passwords = make_password_file(tmp_path, "me", "S3cret")
    broker = start_broker(f"password_file {passwords}\nallow_anonymous false\n")
    pipe, config = tmp_path / "pipe", tmp_path / "timbrel.yaml"
    os.mkfifo(pipe)
    config.write_text(
        "audio: {device: pulse}\n"
        f"mqtt: {{host: localhost, port: {broker.port}, username: me, password_file: '{pipe}'}}\n"
    )
    threading.Thread(target=pipe.write_text, args=["S3cret"], daemon=True).start()
    text = "\n".join(first_lines(config, microphone, 7))
    assert "user me, a password" in text
    assert "connected to the broker at localhost" in text


@pytest.mark.parametrize(
    ("content", "mqtt", "warning"),
    [
        ("\n", "username: me, ", "the file is empty; write only the broker's password there"),
        ("S3cret", "", "mqtt.username: missing, so that the password is not sent; name the user"),
    ],
)
def test_a_password_that_cannot_work_is_mentioned_at_the_start(
    content: str, mqtt: str, warning: str, microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    config, password = tmp_path / "timbrel.yaml", tmp_path / "password"
    password.write_text(content)
    password.chmod(0o600)
    config.write_text(
        f"audio: {{device: pulse}}\nmqtt: {{port: 1, {mqtt}password_file: '{password}'}}\n"
    )
    text = "\n".join(first_lines(config, microphone, 5))
    assert "no password, topics" in text
    assert warning in text


def test_a_box_named_timbrel_is_not_named_twice(
    microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text("audio: {device: no such microphone}\nmqtt: {host: localhost, port: 1}\n")
    text = "\n".join(first_lines(config, microphone, 6))
    assert "timbrel: deaf: microphone no such microphone cannot be opened" in text
    assert "no broker answers at localhost:1" in text
    assert "timbrel: timbrel:" not in text


def test_files_with_secrets_that_everybody_can_read_are_mentioned_at_the_start(
    microphone: VirtualMicrophone,
) -> None:
    pytest.importorskip("av")
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="a folder ") as name:
        folder = Path(name)
        folder.chmod(0o755)
        config, password = folder / "timbrel.yaml", folder / "password"
        password.write_text("S3cret")
        password.chmod(0o644)
        config.write_text(
            f"mqtt: {{port: 1, username: me, password_file: '{password}'}}\n"
            "sources: [{name: hall, url: 'http://me:S3cret@127.0.0.1:1/x'}]\n"
        )
        config.chmod(0o644)
        text = "\n".join(first_lines(config, microphone, 6))
    assert (
        f"mqtt.password_file: every user of this machine can read {password}; chmod 600 '" in text
    )
    assert "can read the cameras' passwords in it; ch" in text
    assert "place hall: the camera at 127.0.0.1" in text
    assert "S3cret" not in text
