"""The first lines that `timbrel run` logs."""

import os
import subprocess
import sys
import tempfile
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from daemon import __version__
from daemon.hearing.classifier import BUILT_IN_MODEL
from daemon.hearing.model_file import read_contract
from tests.conftest import (
    ROOT,
    Mosquitto,
    StartBroker,
    VirtualMicrophone,
)
from tests.daemon.mqtt.test_link import make_password_file


def first_log_lines(config: Path, microphone: VirtualMicrophone, count: int) -> list[str]:
    """Return the first lines that `timbrel run` logs on a terminal."""
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
            return [log.readline().rstrip() for _ in range(count)]
    finally:
        daemon.kill()
        daemon.wait()


def test_first_log_lines_show_settings_in_use(
    microphone: VirtualMicrophone, broker: Mosquitto, tmp_path: Path
) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text(
        "sources: [{name: attic, device: pulse}, {name: hall, device: pulse, channel: 1}]\n"
        f"mqtt: {{host: localhost, port: {broker.port}, username: me, topic_prefix: home}}\n"
    )
    lines = first_log_lines(config, microphone, 5)
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


def test_password_file_may_be_a_pipe(
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
    text = "\n".join(first_log_lines(config, microphone, 7))
    assert "user me, a password" in text
    assert "connected to the broker at localhost" in text


@pytest.mark.parametrize(
    ("content", "mqtt", "warning"),
    [
        ("\n", "username: me, ", "the file is empty; write only the broker's password there"),
        ("S3cret", "", "mqtt.username: missing, so the password is not sent; set mqtt.username"),
    ],
)
def test_warns_about_unusable_password_at_start(
    content: str, mqtt: str, warning: str, microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    config, password = tmp_path / "timbrel.yaml", tmp_path / "password"
    password.write_text(content)
    password.chmod(0o600)
    config.write_text(
        f"audio: {{device: pulse}}\nmqtt: {{port: 1, {mqtt}password_file: '{password}'}}\n"
    )
    text = "\n".join(first_log_lines(config, microphone, 5))
    assert "no password, topics" in text
    assert warning in text


def test_warns_of_votes_at_start(microphone: VirtualMicrophone, tmp_path: Path) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text(
        "audio: {device: pulse}\nmqtt: {port: 1}\n"
        "tracker: {votes: 2, families: {organ: {votes: 4}}}\n"
    )
    lines = first_log_lines(config, microphone, 6)
    replaced = "patience replaces votes and vote_seconds; in effect now:"
    remedy = "remove them and set patience"
    assert [line[20:] for line in lines[4:]] == [
        f"timbrel: tracker.votes: {replaced} quick; {remedy}",
        f"timbrel: tracker.families.organ.votes: {replaced} normal; {remedy}",
    ]


def test_log_does_not_repeat_name_of_box_named_timbrel(
    microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text("audio: {device: no such microphone}\nmqtt: {host: localhost, port: 1}\n")
    text = "\n".join(first_log_lines(config, microphone, 6))
    assert "timbrel: deaf: microphone no such microphone cannot be opened" in text
    assert "no broker answers at localhost:1" in text
    assert "timbrel: timbrel:" not in text


def test_warns_about_readable_secrets_at_start(
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
        text = "\n".join(first_log_lines(config, microphone, 6))
    assert (
        f"mqtt.password_file: every user of this machine can read {password}; chmod 600 '" in text
    )
    assert "can read the cameras' passwords in it; ch" in text
    assert "place hall: the camera at 127.0.0.1" in text
    assert "S3cret" not in text
