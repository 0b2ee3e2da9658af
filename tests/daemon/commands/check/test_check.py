"""`timbrel check` as a process: its errors, warnings and verdicts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.configuration.web_password import hash_password
from daemon.hearing.classifier import BUILT_IN_MODEL
from daemon.hearing.model_file import read_contract
from tests.conftest import ROOT, Mosquitto, Timbrel, VirtualMicrophone


def write_config(folder: Path, text: str) -> Path:
    config = folder / "timbrel.yaml"
    config.write_text(text, encoding="utf-8")
    return config


def row(done: subprocess.CompletedProcess[str], name: str) -> str:
    """Return the only line of the output that begins with `name`, without it."""
    (line,) = [line for line in done.stdout.splitlines() if line.startswith(name)]
    return line.removeprefix(name).strip()


def test_reports_every_error_with_line_key_and_remedy(timbrel: Timbrel, tmp_path: Path) -> None:
    config = write_config(
        tmp_path,
        "audio:\n  gate_dbfs: 3\n"
        "model: {file: /nowhere/model.tflite}\n"
        "mqtt:\n  host: 'mqtt://me:S3cret@hub'\n  password_file: /nowhere/password\n  families: 3\n"
        "  tls:\n    ca_file: /nowhere/ca.pem\n    certificate_file: /nowhere/me.pem\n"
        "sources:\n  - {name: a, url: 'rtsp://'}\n  - {name: a, device: x}\n",
    )
    done = timbrel("check", config)
    assert (done.returncode, done.stdout) == (2, "")
    assert "S3cret" not in done.stderr
    *errors, verdict = done.stderr.splitlines()
    found = [error.removeprefix(f"timbrel: {config}, line ").split(": ")[:2] for error in errors]
    assert found == [
        ["2", "audio.gate_dbfs"],
        ["3", "model.file"],
        ["5", "mqtt.host"],
        ["6", "mqtt.password_file"],
        ["7", "mqtt.families"],
        ["9", "mqtt.tls.ca_file"],
        ["10", "mqtt.tls.certificate_file"],
        ["12", "sources.0.url"],
        ["13", "sources.1.name"],
    ]
    assert all("; " in error for error in errors)
    assert verdict == "timbrel: 9 errors: this configuration cannot work"


def test_reports_every_inconsistent_tracker_setting(timbrel: Timbrel, tmp_path: Path) -> None:
    config = write_config(
        tmp_path,
        "tracker:\n  families:\n    guitar: {votes: 7}\n    vocal: {vote_seconds: 2, votes: 3}\n"
        "    theremin: {votes: 1}\nmqtt: {families: [guitar, theremin, kazoo]}\n",
    )
    *errors, verdict = timbrel("check", config).stderr.splitlines()
    found = [error.removeprefix(f"timbrel: {config}, line ").split(": ")[:3] for error in errors]
    assert [(line, key) for line, key, _ in found] == [
        ("3", "tracker.families.guitar.votes"),
        ("4", "tracker.families.vocal.vote_seconds"),
        ("5", "tracker.families.theremin"),
        ("6", "mqtt.families"),
        ("6", "mqtt.families"),
    ]
    assert "theremin" in errors[3]
    assert "kazoo" in errors[4]
    assert verdict == "timbrel: 5 errors: this configuration cannot work"


def test_reports_no_error_that_follows_from_another(timbrel: Timbrel, tmp_path: Path) -> None:
    done = timbrel(
        "check", write_config(tmp_path, "audio: {hop_seconds: 9}\ntracker: {votes: 100}")
    )
    error, verdict = done.stderr.splitlines()
    assert "audio.hop_seconds" in error
    assert verdict == "timbrel: 1 error: this configuration cannot work"


def test_invalid_yaml_gets_a_verdict(timbrel: Timbrel, tmp_path: Path) -> None:
    done = timbrel("check", write_config(tmp_path, "audio: ["))
    assert done.returncode == 2
    assert done.stderr.splitlines()[1] == "timbrel: 1 error: this configuration cannot work"


WARNINGS = [
    ("mqtt: {port: 8883}", "mqtt.port: 8883 is the port for TLS, which is off"),
    ("mqtt: {port: 1883, tls: {}}", "mqtt.port: 1883 is the port without TLS, which is on"),
    ("mqtt: {tls: {key_file: /nowhere/k}}", "mqtt.tls.key_file: not used without"),
    ("mqtt: {topic_prefix: homeassistant}", "mqtt.discovery_prefix: the same as"),
    ("audio: {channel: 1}\nsources: [{name: a, device: x}]", "audio.channel: not used"),
    ("sources: [{name: a, device: x}, {name: b, device: x}]", "sources.1: b and a listen to the"),
    ("tracker: {votes: 2}", "tracker.votes: patience replaces votes and vote_seconds"),
    ("tracker: {votes: 2, patience: sure}", "tracker.votes: patience replaces votes and"),
    ("audio: {device: '3'}", "audio.device: in quotes, a number is a part of a name"),
    ("mqtt: {username: 'me '}", "mqtt.username: begins or ends with a space"),
    ("mqtt: {username: me\u200b}", "mqtt.username: contains an invisible character (U+200B)"),
    ("mqtt: {topic_prefix: ' home/music'}", "mqtt.topic_prefix: begins or ends with a space"),
    ("mqtt: {area: \u201cLiving room\u201d}", "mqtt.area: has typographic quotes"),
    ("state: {directory: ~/state}", "state.directory: ~ and variables are not expanded"),
    ("state: {directory: state}", "state.directory: a relative path does not work in a service"),
    ("state: {directory: /dev/null/x}", "state.directory: this user cannot write /dev/null"),
]


@pytest.mark.parametrize(("text", "warning"), WARNINGS)
def test_warning_does_not_change_exit_code(
    text: str, warning: str, timbrel: Timbrel, tmp_path: Path
) -> None:
    done = timbrel("check", write_config(tmp_path, text))
    assert done.returncode == 0, done.stderr
    assert row(done, "warning").startswith(warning)
    assert "; " in row(done, "warning") or "write an absolute path" in row(done, "warning")
    assert "(1 warning)" in row(done, "verdict")


def test_warns_of_a_page_that_others_could_open_without_a_password(
    timbrel: Timbrel, tmp_path: Path
) -> None:
    config, password = tmp_path / "timbrel.yaml", tmp_path / "web-password"
    page = f"web: {{port: 8324, bind: 0.0.0.0, password_file: {password}}}\n"
    config.write_text(page)
    password.write_text(hash_password("long enough").line())
    assert "warning" not in timbrel("check", config).stdout
    config.write_text("web: {port: 8324, hosts: [music.local]}\n")
    done = timbrel("check", config)
    assert done.returncode == 0
    assert "warning    web.hosts: a page with other host names needs a password; " in done.stdout
    assert "; the page stays off\n" in done.stdout


def test_two_channels_of_one_microphone_cause_no_warning(timbrel: Timbrel, tmp_path: Path) -> None:
    places = "{name: a, device: x, channel: 1}, {name: b, device: x, channel: 2}"
    assert "warning" not in timbrel("check", write_config(tmp_path, f"sources: [{places}]")).stdout


def test_invalid_value_is_not_reported_as_missing(timbrel: Timbrel, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("S3cret")
    password.chmod(0o600)
    text = f'mqtt: {{username: "\\ud83d", password_file: {password}}}'
    done = timbrel("check", write_config(tmp_path, text))
    (error, verdict) = done.stderr.splitlines()
    assert "mqtt.username: found '\\ud83d', which has half of a surrogate pair" in error
    assert verdict == "timbrel: 1 error: this configuration cannot work"


def test_missing_package_is_an_error_with_install_command(timbrel: Timbrel, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nfor name in ('av', 'prometheus_client'):\n    sys.modules[name] = None\n"
    )
    text = "health: {port: 9464}\nsources: [{name: a, url: 'rtsp://camera/1'}]\n"
    done = timbrel(
        "check", write_config(tmp_path, text), env={**os.environ, "PYTHONPATH": str(tmp_path)}
    )
    assert done.returncode == 2
    health, source, verdict = done.stderr.splitlines()
    assert "line 1: health.port: needs the package prometheus-client; " in health
    assert "-m pip install prometheus-client" in health
    assert "line 2: sources.0: the place a: the sound of a url needs PyAV" in source
    assert verdict == "timbrel: 2 errors: this configuration cannot work"


def test_check_and_run_report_missing_health_package_alike(
    timbrel: Timbrel, tmp_path: Path
) -> None:
    text = "import sys\nsys.modules['prometheus_client'] = None\n"
    (tmp_path / "sitecustomize.py").write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    config = write_config(tmp_path, "health:\n  port: 9464\nmqtt: {port: 1}\n")
    found = []
    for arguments in (["check", config], ["run", "--config", config]):
        done = timbrel(*arguments, env=environment)
        assert done.returncode == 2
        lines = [line for line in done.stderr.splitlines() if "health.port" in line]
        found += [line.partition("health.port: ")[2] for line in lines]
    assert len(found) == 2
    assert found[0] == found[1]


def test_connected_microphone_is_named(
    timbrel: Timbrel, microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    config = write_config(tmp_path, "name: attic\naudio: {device: pulse}")
    done = timbrel("check", config, env=microphone.environment)
    assert done.returncode == 0, done.stderr
    assert row(done, "place") == "attic: microphone pulse (pulse)"
    assert row(done, "verdict") == "this configuration can work"
    assert done.stdout.splitlines()[-1].startswith("verdict")


@pytest.mark.parametrize("device", ["usb:1234:5678", "no such microphone", "9999"])
def test_missing_microphone_is_reported(device: str, timbrel: Timbrel, tmp_path: Path) -> None:
    config = write_config(tmp_path, f"name: attic\naudio: {{device: {device}}}")
    done = timbrel("check", config)
    assert done.returncode == 0, done.stderr
    assert row(done, "place").startswith(f"attic: microphone {device} (NOT CONNECTED now: ")
    verdict = "this configuration can work, but not now: there is no microphone for attic"
    assert row(done, "verdict") == verdict
    tried = timbrel("check", "--try", config)
    assert tried.returncode == 1
    failed = [line for line in tried.stdout.splitlines() if line.startswith("FAILED")]
    assert f"attic: microphone {device} cannot be opened: " in failed[0]


def test_missing_channel_is_an_error(
    timbrel: Timbrel, microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    config = write_config(tmp_path, "sources:\n  - {name: a, device: pulse, channel: 64}\n")
    done = timbrel("check", config, env=microphone.environment)
    assert done.returncode == 2
    assert "line 2: sources.0.channel: pulse has 32 channel(s), not 64" in done.stderr


def test_hanging_sound_server_does_not_block_verdict(
    timbrel: Timbrel, microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    microphone.freeze()
    config = write_config(tmp_path, "audio: {device: pulse}")
    done = timbrel("check", config, env=microphone.environment, timeout=40)
    microphone.thaw()
    assert done.returncode == 0, done.stderr
    assert "NOT CONNECTED now: the sound system does not answer" in row(done, "place")


COUNTING_THREADS = """
import os, sys, threading
from daemon.__main__ import main
os.register_at_fork(before=lambda: print("threads at fork:", threading.active_count()))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("command", [["check"], ["demo", "--speed", "max", "--config"]])
def test_model_is_tested_before_any_thread_starts(
    command: list[str], broker: Mosquitto, microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    config = write_config(
        tmp_path,
        f"audio: {{device: pulse}}\nmodel: {{file: {BUILT_IN_MODEL}}}\n"
        f"mqtt: {{host: localhost, port: {broker.port}}}\n",
    )
    done = subprocess.run(
        [sys.executable, "-c", COUNTING_THREADS, *command, config],
        cwd=ROOT,
        env=microphone.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert row(done, "threads") == "at fork: 1"


def test_shipped_example_is_valid(timbrel: Timbrel) -> None:
    done = timbrel("check", ROOT / "configs" / "timbrel.yaml")
    assert done.returncode == 0
    assert row(done, "verdict").startswith("this configuration can work")
    assert row(done, "broker") == (
        "localhost:1883, no TLS, no user, no password, topics timbrel/timbrel/…"
    )
    assert row(done, "model") == read_contract(BUILT_IN_MODEL).title
    assert "  patience  start after" in row(done, "families")
    assert done.stdout.count("  normal  ") == 12
