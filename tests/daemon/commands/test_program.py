"""Mistakes of users: each causes one clear line on standard error and the right exit code."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.hearing.classifier import BUILT_IN_MODEL
from tests.conftest import MEDLEY, ROOT, Mosquitto, StartBroker, Timbrel, Watcher, killed_at_last
from tests.daemon.mqtt.test_link import make_certificate, make_password_file


def assert_refused(
    done: subprocess.CompletedProcess[str], *words: str, code: int = 2, verdict: bool = False
) -> None:
    """Assert one error line with all the words, then a verdict if `verdict`, and no output."""
    assert done.returncode == code, done.stderr
    lines = done.stderr.strip().splitlines()
    if verdict:
        assert lines.pop() == "timbrel: 1 error: this configuration cannot work"
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("timbrel: ")
    assert all(word in lines[0] for word in words), lines[0]
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ("audio: {hop: 1}", ["audio.hop", "unknown key", "hop_seconds"]),
        ("audio: {hop_seconds: often}", ["line 1: audio.hop_seconds", "a number", "text"]),
        ("audio: {hop_seconds: 9}", ["audio.hop_seconds", "4.0", "9"]),
        ("tracker: {votes: 9}", ["tracker.votes", "6 s", "/ 1 s", "6 windows"]),
        ("tracker: {families: {guitar: {votes: 7}}}", ["tracker.families.guitar.votes"]),
        ("tracker: {families: {theremin: {votes: 1}}}", ["theremin", "guitar"]),
        ("tracker: {hysteresis: 1}", ["tracker.hysteresis", "< 1.0", "found 1"]),
        ("audio: {hop_seconds: 1", ["line 1, column 23", "YAML"]),
        ("mqtt: {password_file: /nowhere/password}", ["mqtt.password_file", "/nowhere/password"]),
        ("mqtt: {topic_prefix: 'home/#'}", ["mqtt.topic_prefix", "home/#", "wildcard"]),
        ("model: {file: /nowhere/model.tflite}", ["/nowhere/model.tflite", "not found"]),
        ("mqtt: {tls: {ca_file: /nowhere/ca.pem}}", ["mqtt.tls.ca_file", "/nowhere/ca.pem"]),
    ],
)
@pytest.mark.parametrize("command", ["check", "run"])
def test_invalid_configuration_is_refused_with_one_line(
    command: str, yaml: str, words: list[str], tmp_path: Path, timbrel: Timbrel
) -> None:
    file = tmp_path / "timbrel.yaml"
    file.write_text(yaml)
    arguments = ["check", file] if command == "check" else ["run", "--config", file]
    assert_refused(timbrel(*arguments), *words, verdict=command == "check")


def test_missing_configuration_and_folder_are_refused(tmp_path: Path, timbrel: Timbrel) -> None:
    absent = timbrel("check", tmp_path / "absent.yaml")
    assert_refused(absent, "absent.yaml", "No such file", verdict=True)
    assert_refused(timbrel("run", "--config", tmp_path), str(tmp_path), "directory")


def test_truncated_model_is_refused(tmp_path: Path, timbrel: Timbrel) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(BUILT_IN_MODEL.read_bytes()[:-4000])
    config = tmp_path / "timbrel.yaml"
    config.write_text(f"model: {{file: {model}}}")
    assert_refused(timbrel("check", config), "model.tflite", "cut short", verdict=True)


def test_replay_refuses_files_without_sound(tmp_path: Path, timbrel: Timbrel) -> None:
    text, empty, nan = tmp_path / "text.wav", tmp_path / "empty.wav", tmp_path / "nan.wav"
    text.write_text("this is not sound\n" * 100)
    empty.touch()
    soundfile.write(nan, np.full(80_000, np.nan, np.float32), 16_000, subtype="FLOAT")
    absent = tmp_path / "absent.wav"
    assert_refused(timbrel("replay", text), "text.wav", "cannot be read as audio")
    assert_refused(timbrel("replay", empty), "empty.wav", "empty")
    assert_refused(timbrel("replay", nan), "nan.wav", "NaN")
    assert_refused(timbrel("replay", absent), "absent.wav", "no such file")
    assert_refused(timbrel("replay", tmp_path), str(tmp_path), "folder")


def test_replay_reports_bad_file_and_continues_with_others(
    tmp_path: Path, timbrel: Timbrel
) -> None:
    good = tmp_path / "good.flac"
    soundfile.write(good, np.zeros(5 * 44_100, np.float32), 44_100)
    done = timbrel("replay", "--json", "--scores", good, tmp_path / "absent.wav", good)
    assert done.returncode == 2
    assert "absent.wav" in done.stderr
    files = [json.loads(line)["file"] for line in done.stdout.splitlines()]
    assert files == [str(good)] * 4


def test_publish_fails_if_broker_refuses_or_is_absent(
    tmp_path: Path, start_broker: StartBroker, timbrel: Timbrel
) -> None:
    passwords = make_password_file(tmp_path, "box", "secret")
    strict = start_broker(f"password_file {passwords}\nallow_anonymous false\n")
    certificate, key = make_certificate(tmp_path)
    encrypted = start_broker(f"certfile {certificate}\nkeyfile {key}\nallow_anonymous true\n")
    password = tmp_path / "password"
    password.write_text("guessed\n")
    config = tmp_path / "timbrel.yaml"

    def publish_with(mqtt: str) -> subprocess.CompletedProcess[str]:
        config.write_text(f"mqtt: {{host: localhost, {mqtt}}}")
        return timbrel("replay", "--publish", "--config", config, MEDLEY)

    wrong = publish_with(f"port: {strict.port}, username: box, password_file: {password}")
    assert wrong.returncode == 2
    assert "Not authorized" in wrong.stderr
    assert "guessed" not in wrong.stderr
    unknown = publish_with(f"port: {encrypted.port}, tls: {{}}")
    assert unknown.returncode == 2
    assert "certificate that is not accepted" in unknown.stderr
    strict.kill()
    absent = publish_with(f"port: {strict.port}")
    assert absent.returncode == 1
    assert "(is it running?)" in absent.stderr
    for done in (wrong, unknown, absent):
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_open_events_and_publishes_offline(
    number: int, tmp_path: Path, broker: Mosquitto, watcher: Watcher
) -> None:
    config = tmp_path / "timbrel.yaml"
    # With this low threshold, an event starts at the first window.
    config.write_text(
        f"mqtt: {{host: 127.0.0.1, port: {broker.port}}}\ntracker: {{threshold: 0.02, votes: 1}}\n"
    )
    command = [sys.executable, "-m", "daemon", "replay", "--publish", "--speed", "4"]
    with killed_at_last(
        subprocess.Popen(
            [*command, "--config", config, MEDLEY], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
    ) as player:
        started = watcher.wait_for("timbrel/replay/event")
        player.send_signal(number)
        _, errors = player.communicate(timeout=20)
    assert player.returncode == 0, errors
    assert "Traceback" not in errors
    watcher.wait_for("timbrel/replay/availability", lambda m: m.payload == b"offline")
    events = [message.json for message in watcher.of("timbrel/replay/event")]
    ids = {e["event_id"] for e in events if e["event_type"] == "started"}
    assert started.json["event_id"] in ids
    assert {e["event_id"] for e in events if e["event_type"] == "ended"} == ids
    last = [message for message in watcher.of("timbrel/replay/state") if message.payload][-1]
    assert last.json["playing"] is False


def test_closed_pipe_is_no_error() -> None:
    pipeline = f"'{sys.executable}' -m daemon replay --json --scores '{MEDLEY}' | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", pipeline],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(done.stdout)["at"] == 4.0
    assert done.stderr == ""
    assert done.returncode == 0


def test_full_disk_is_reported() -> None:
    command = [sys.executable, "-m", "daemon", "replay", "--json", "--scores", str(MEDLEY)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == "timbrel: No space left on device\n"


def test_terminal_without_unicode_is_no_error(timbrel: Timbrel) -> None:
    done = timbrel("replay", "--scores", MEDLEY, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert "guitar" in done.stdout


PRINTS_WHILE_SILENCED = """
import logging, os, runpy, sys
from daemon.system import silenced_output

def silenced(quiet_output=silenced_output.quiet_output):
    with quiet_output():
        os.write(1, b"noise of a library"); os.write(2, b"noise of a library")
        print("printed meanwhile"); logging.error("logged meanwhile")
        yield

silenced_output.quiet_output = silenced_output.contextmanager(silenced)
runpy.run_module("daemon", run_name="__main__")
"""


def test_output_survives_silencing_of_libraries() -> None:
    command = [sys.executable, "-c", PRINTS_WHILE_SILENCED, "replay", str(MEDLEY)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "printed meanwhile\n" in done.stdout
    assert "timbrel: logged meanwhile\n" in done.stderr
    assert "noise of a library" not in done.stdout + done.stderr


def test_closed_standard_streams_are_no_error() -> None:
    command = f"'{sys.executable}' -m daemon replay '{MEDLEY}' <&- >&- 2>&-; echo $?"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, check=False)
    assert (done.stdout, done.stderr) == (b"0\n", b"")


def test_replay_reads_raw_samples_from_standard_input(timbrel: Timbrel) -> None:
    sound = np.random.default_rng(1).integers(-3000, 3000, 6 * 16_000).astype("<i2").tobytes()
    done = timbrel("replay", "--json", "--scores", "-", input=sound, text=False)
    windows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [w["at"] for w in windows] == [4.0, 5.0, 6.0]
    assert {w["file"] for w in windows} == {"-"}


def test_check_shows_effective_settings_of_example(timbrel: Timbrel) -> None:
    done = timbrel("check", ROOT / "configs" / "timbrel.yaml")
    assert done.returncode == 0
    assert "localhost:1883" in done.stdout
    assert "guitar" in done.stdout


def test_password_is_never_printed(tmp_path: Path, timbrel: Timbrel) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text("log: {level: debug}\nmqtt: {port: 1, username: box}\n")
    environment = {**os.environ, "TIMBREL_MQTT_PASSWORD": "s3cr3t"}
    for arguments in (["check", config], ["replay", "--publish", "--config", config, MEDLEY]):
        done = timbrel(*arguments, env=environment)
        assert "s3cr3t" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments", [["forget", "attic"], ["demo"], ["run"], ["replay", "--publish", str(MEDLEY)]]
)
@pytest.mark.parametrize("host", ["a..b", "mqtt://me:S3cret@hub", "${MQTT_HOST}"])
def test_invalid_host_is_refused_by_every_command(
    arguments: list[str], host: str, timbrel: Timbrel, tmp_path: Path
) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text(f"mqtt:\n  host: {host}\n")
    done = timbrel(*arguments, "--config", config)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"timbrel: {config}, line 2: mqtt.host: found ")
    assert "S3cret" not in line
