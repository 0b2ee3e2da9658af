"""`timbrel check` as a process: every error, warning and verdict, and what a trial reports."""

import functools
import http.server
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daemon.hearing.classifier import BUILT_IN_MODEL
from daemon.hearing.model_file import read_contract
from tests.conftest import ROOT, Mosquitto, StartBroker, Timbrel, VirtualMicrophone, Watcher
from tests.daemon.mqtt.test_link import make_certificate, make_password_file
from tests.daemon.scripted_broker import Published, ScriptedBroker


def written(folder: Path, text: str) -> Path:
    config = folder / "timbrel.yaml"
    config.write_text(text, encoding="utf-8")
    return config


def row(done: subprocess.CompletedProcess[str], name: str) -> str:
    """The only line of the report that begins with the name."""
    (line,) = [line for line in done.stdout.splitlines() if line.startswith(name)]
    return line.removeprefix(name).strip()


def test_every_error_is_reported_with_line_key_and_remedy(timbrel: Timbrel, tmp_path: Path) -> None:
    config = written(
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


def test_every_sum_of_the_tracker_that_cannot_be_is_reported(
    timbrel: Timbrel, tmp_path: Path
) -> None:
    config = written(
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


def test_a_sum_over_a_faulty_value_is_not_reported(timbrel: Timbrel, tmp_path: Path) -> None:
    done = timbrel("check", written(tmp_path, "audio: {hop_seconds: 9}\ntracker: {votes: 100}"))
    error, verdict = done.stderr.splitlines()
    assert "audio.hop_seconds" in error
    assert verdict == "timbrel: 1 error: this configuration cannot work"


def test_a_file_that_is_no_yaml_gets_a_verdict_too(timbrel: Timbrel, tmp_path: Path) -> None:
    done = timbrel("check", written(tmp_path, "audio: ["))
    assert done.returncode == 2
    assert done.stderr.splitlines()[1] == "timbrel: 1 error: this configuration cannot work"


WARNED = [
    ("mqtt: {port: 8883}", "mqtt.port: 8883 is the port for TLS, which is off"),
    ("mqtt: {port: 1883, tls: {}}", "mqtt.port: 1883 is the port without TLS, which is on"),
    ("mqtt: {tls: {key_file: /nowhere/k}}", "mqtt.tls.key_file: not used without"),
    ("mqtt: {topic_prefix: homeassistant}", "mqtt.discovery_prefix: the same as"),
    ("audio: {channel: 1}\nsources: [{name: a, device: x}]", "audio.channel: not used"),
    ("sources: [{name: a, device: x}, {name: b, device: x}]", "sources.1: b and a listen to the"),
    ("audio: {device: '3'}", "audio.device: in quotes it is a part of a name; write an index"),
    ("mqtt: {username: 'me '}", "mqtt.username: it begins or ends with a space"),
    ("mqtt: {username: me\u200b}", "mqtt.username: it has an invisible character (U+200B)"),
    ("mqtt: {topic_prefix: ' home/music'}", "mqtt.topic_prefix: it begins or ends with a space"),
    ("mqtt: {area: \u201cLiving room\u201d}", "mqtt.area: it has the quotes of a word processor"),
    ("state: {directory: ~/state}", "state.directory: neither ~ nor variables are replaced"),
    ("state: {directory: state}", "state.directory: a service does not start in this folder"),
    ("state: {directory: /dev/null/x}", "state.directory: this user cannot write /dev/null"),
]


@pytest.mark.parametrize(("text", "warning"), WARNED)
def test_a_warning_does_not_fail(text: str, warning: str, timbrel: Timbrel, tmp_path: Path) -> None:
    done = timbrel("check", written(tmp_path, text))
    assert done.returncode == 0, done.stderr
    assert row(done, "warning").startswith(warning)
    assert "; " in row(done, "warning") or "write an absolute path" in row(done, "warning")
    assert "(1 warning)" in row(done, "verdict")


def test_two_channels_of_one_microphone_are_no_mistake(timbrel: Timbrel, tmp_path: Path) -> None:
    places = "{name: a, device: x, channel: 1}, {name: b, device: x, channel: 2}"
    assert "warning" not in timbrel("check", written(tmp_path, f"sources: [{places}]")).stdout


def test_a_password_without_a_user_and_an_empty_one_are_mentioned(
    timbrel: Timbrel, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.touch(0o600)
    config = written(tmp_path, f"mqtt: {{username: me, password_file: {password}}}")
    for content, fault in (
        ("", "the file is empty"),
        ("\ufeff\r\n", "the file is empty"),
        ("\n", "the file is empty"),
        ("  \n", "it holds nothing but spaces"),
        ("S3cret \n", "it begins or ends with a space"),
        ('"S3cret"\n', "it stands in quotes, which would be sent as part of the password"),
        ("${S3cret}\n", "it names a variable, which is not replaced"),
        (
            "password: S3cret\n",
            "it begins with a name, which would be sent as part of the password",
        ),
        (
            "TIMBREL_MQTT_PASSWORD=S3cret\n",
            "it begins with a name, which would be sent as part of the password",
        ),
        ("me:$7$101$ab==\n", "it is a line of the broker's own password file"),
        (
            "S3cr\u200bet\n",
            "it has an invisible character (U+200B), which would be sent as part of the password",
        ),
    ):
        password.write_text(content, encoding="utf-8")
        done = timbrel("check", config)
        warning = f"mqtt.password_file: {password}: {fault}"
        assert row(done, "warning").startswith(warning), done.stdout
        assert (", a password," in row(done, "broker")) == ("empty" not in fault)
    password.write_text("S3cret")
    config = written(tmp_path, f"mqtt: {{password_file: {password}}}")
    done = timbrel("check", config)
    assert row(done, "warning").startswith("mqtt.username: missing")
    assert "no user, no password" in row(done, "broker")


def test_a_password_file_with_more_than_a_password_is_an_error(
    timbrel: Timbrel, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("me\nS3cret\n")
    password.chmod(0o600)
    config = written(tmp_path, f"mqtt:\n  username: me\n  password_file: {password}\n")
    done = timbrel("check", config)
    assert done.returncode == 2
    error, verdict = done.stderr.splitlines()
    assert f"line 3: mqtt.password_file: {password}: more than one line; name a file" in error
    assert verdict == "timbrel: 1 error: this configuration cannot work"


def test_a_password_in_place_of_its_file_is_not_shown(timbrel: Timbrel, tmp_path: Path) -> None:
    done = timbrel("check", written(tmp_path, "mqtt: {username: me, password_file: S3cret}"))
    assert done.returncode == 2
    assert "S3cret" not in done.stderr
    assert "mqtt.password_file: No such file or directory; name a file" in done.stderr


AS_NOBODY = """
import os, sys
from pathlib import Path
from daemon.commands.check.diagnosis import Diagnosis
from daemon.configuration.settings_file import read_settings
Diagnosis(read_settings(Path(sys.argv[1])))  # what is imported late may lie in root's home
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
found = Diagnosis(read_settings(Path(sys.argv[1])))
# The model may lie in root's home as well.
problems = [problem for problem in found.problems if problem.key != "model.file"]
print(problems, found.has_password, *found.warnings, sep="\\n")
"""


FOR_THE_SERVICE = (
    "not readable by this user; only the systemd service, which gets a copy, can use it"
)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("user", ["username: me, ", ""])
def test_a_secret_that_only_root_can_read_is_no_error_for_others(user: str) -> None:
    # The folders of pytest are root's own.
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "password").touch(0o600)
        certificate, key = make_certificate(folder)
        certificate.chmod(0o644)
        key.chmod(0o600)
        tls = f"tls: {{certificate_file: {certificate}, key_file: {key}}}"
        config = written(folder, f"mqtt: {{{user}password_file: {folder}/password, {tls}}}")
        command = [sys.executable, "-c", AS_NOBODY, str(config)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    problems, has_password, *warnings = done.stdout.splitlines()
    assert (problems, has_password) == ("[]", str(bool(user)))
    assert f"mqtt.password_file: {folder}/password: {FOR_THE_SERVICE}" in warnings
    assert f"mqtt.tls.key_file: {key}: {FOR_THE_SERVICE}" in warnings
    assert any(w.startswith("mqtt.username: missing") for w in warnings) != bool(user)


WITH_DEFAULT_PATHS = """
import sys
from pathlib import Path
from daemon.configuration import handed_files
from daemon.system import unit
handed_files._UNITS = Path("/nowhere")
unit.CONFIG = Path(sys.argv[1])
unit.PASSWORD = unit.CONFIG.with_name("password")
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_password_of_the_service_that_only_root_can_read_is_a_warning() -> None:
    # The folders of pytest are root's own.
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "password").touch(0o600)
        config = written(folder, "mqtt: {username: me}")
        command = [sys.executable, "-c", WITH_DEFAULT_PATHS + AS_NOBODY, str(config)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    problems, has_password, *warnings = done.stdout.splitlines()
    assert (problems, has_password) == ("[]", "True")
    assert f"mqtt.password_file: {folder}/password: {FOR_THE_SERVICE}" in warnings


def test_a_value_that_is_refused_is_not_said_to_be_missing(
    timbrel: Timbrel, tmp_path: Path
) -> None:
    password = tmp_path / "password"
    password.write_text("S3cret")
    password.chmod(0o600)
    text = f'mqtt: {{username: "\\ud83d", password_file: {password}}}'
    done = timbrel("check", written(tmp_path, text))
    (error, verdict) = done.stderr.splitlines()
    assert "mqtt.username: found '\\ud83d', which has half of a surrogate pair" in error
    assert verdict == "timbrel: 1 error: this configuration cannot work"


def test_a_missing_package_is_an_error_with_a_command(timbrel: Timbrel, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nfor name in ('av', 'prometheus_client'):\n    sys.modules[name] = None\n"
    )
    text = "health: {port: 9464}\nsources: [{name: a, url: 'rtsp://camera/1'}]\n"
    done = timbrel(
        "check", written(tmp_path, text), env={**os.environ, "PYTHONPATH": str(tmp_path)}
    )
    assert done.returncode == 2
    health, source, verdict = done.stderr.splitlines()
    assert "line 1: health.port: needs the package prometheus-client; " in health
    assert "-m pip install prometheus-client" in health
    assert "line 2: sources.0: the place a: the sound of a url needs PyAV" in source
    assert verdict == "timbrel: 2 errors: this configuration cannot work"


def test_a_missing_package_for_health_is_refused_alike_by_check_and_run(
    timbrel: Timbrel, tmp_path: Path
) -> None:
    text = "import sys\nsys.modules['prometheus_client'] = None\n"
    (tmp_path / "sitecustomize.py").write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    config = written(tmp_path, "health:\n  port: 9464\nmqtt: {port: 1}\n")
    found = []
    for arguments in (["check", config], ["run", "--config", config]):
        done = timbrel(*arguments, env=environment)
        assert done.returncode == 2
        lines = [line for line in done.stderr.splitlines() if "health.port" in line]
        found += [line.partition("health.port: ")[2] for line in lines]
    assert len(found) == 2
    assert found[0] == found[1]


def test_a_microphone_that_is_there_is_named(
    timbrel: Timbrel, microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    config = written(tmp_path, "name: attic\naudio: {device: pulse}")
    done = timbrel("check", config, env=microphone.environment)
    assert done.returncode == 0, done.stderr
    assert row(done, "place") == "attic: microphone pulse (pulse)"
    assert row(done, "verdict") == "this configuration can work"
    assert done.stdout.splitlines()[-1].startswith("verdict")


@pytest.mark.parametrize("device", ["usb:1234:5678", "no such microphone", "9999"])
def test_a_microphone_that_is_not_there_is_not_said_to_work(
    device: str, timbrel: Timbrel, tmp_path: Path
) -> None:
    config = written(tmp_path, f"name: attic\naudio: {{device: {device}}}")
    done = timbrel("check", config)
    assert done.returncode == 0, done.stderr
    assert row(done, "place").startswith(f"attic: microphone {device} (NOT CONNECTED now: ")
    verdict = "this configuration can work, but not now: there is no microphone for attic"
    assert row(done, "verdict") == verdict
    tried = timbrel("check", "--try", config)
    assert tried.returncode == 1
    failed = [line for line in tried.stdout.splitlines() if line.startswith("FAILED")]
    assert f"attic: microphone {device} cannot be opened: " in failed[0]


def test_a_channel_that_the_microphone_does_not_have_is_an_error(
    timbrel: Timbrel, microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    config = written(tmp_path, "sources:\n  - {name: a, device: pulse, channel: 64}\n")
    done = timbrel("check", config, env=microphone.environment)
    assert done.returncode == 2
    assert "line 2: sources.0.channel: pulse has 32 channel(s), not 64" in done.stderr


def test_a_sound_server_that_hangs_does_not_hold_up_the_verdict(
    timbrel: Timbrel, microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    microphone.freeze()
    config = written(tmp_path, "audio: {device: pulse}")
    done = timbrel("check", config, env=microphone.environment, timeout=40)
    microphone.thaw()
    assert done.returncode == 0, done.stderr
    assert "NOT CONNECTED now: the sound system does not answer" in row(done, "place")


@pytest.fixture
def trying(microphone: VirtualMicrophone, tmp_path: Path, timbrel: Timbrel) -> Timbrel:
    """Try a configuration of the virtual microphone out."""

    def run(mqtt: str, more: str = "") -> subprocess.CompletedProcess[str]:
        text = f"name: attic\naudio: {{device: pulse, gate_dbfs: -110}}\nmqtt: {{{mqtt}}}\n{more}"
        config = written(tmp_path, text)
        return timbrel("check", "--try", config, env=microphone.environment, timeout=100)

    return run


def test_a_trial_uses_microphone_and_broker(
    trying: Timbrel, broker: Mosquitto, watcher: Watcher
) -> None:
    done = trying(f"host: localhost, port: {broker.port}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    sound, answers = [r for r in done.stdout.splitlines() if r.startswith("works")]
    assert "attic: sound comes, level -" in sound
    assert answers.endswith(
        f"; port {broker.port} answers; logged in with MQTT 5; subscribed to commands; published"
    )
    assert row(done, "verdict") == "this configuration works"
    assert {m.topic: (m.payload, m.retained) for m in watcher.received} == {
        "timbrel/attic/check": (b"", False),
        "homeassistant/device/timbrel-check_attic/config": (b"", False),
    }


def test_a_trial_does_not_disturb_the_daemon(
    trying: Timbrel, broker: Mosquitto, microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    mqtt = f"host: localhost, port: {broker.port}"
    config = tmp_path / "daemon.yaml"
    config.write_text(f"name: attic\naudio: {{device: pulse}}\nmqtt: {{{mqtt}}}\n")
    with (
        Watcher(broker.port) as hub,
        subprocess.Popen(
            [sys.executable, "-m", "daemon", "run", "--config", config],
            cwd=ROOT,
            env=microphone.environment,
            stderr=subprocess.PIPE,
            text=True,
        ) as daemon,
    ):
        try:
            hub.wait_for("timbrel/attic/hearing", lambda m: m.json["hearing"] == "hearing")
            assert trying(mqtt).returncode == 0
        finally:
            daemon.terminate()
        _, log = daemon.communicate(timeout=20)
    assert log.count("connected to the broker") == 1
    assert "lost the connection" not in log
    assert log.count("attic: hearing") == 1


def test_a_trial_hears_that_nothing_sounds(
    trying: Timbrel, broker: Mosquitto, microphone: VirtualMicrophone
) -> None:
    microphone.still()
    done = trying(f"host: localhost, port: {broker.port}")
    assert done.returncode == 1
    assert "attic: it is open, but gives nothing but digital silence" in row(done, "FAILED")
    assert done.stderr == (
        "timbrel: this configuration is valid, but 1 of 2 trials failed: attic\n"
    )


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def test_a_trial_tells_at_which_stage_the_broker_fails(
    trying: Timbrel, start_broker: StartBroker, tmp_path: Path
) -> None:
    absent = trying(f"host: 127.0.0.1, port: {closed_port()}")
    assert (absent.returncode, "(is it running?)" in row(absent, "FAILED")) == (1, True)
    unknown = trying("host: nowhere.invalid")
    assert unknown.returncode in (1, 2)
    assert "mqtt.host: nowhere.invalid" in row(unknown, "FAILED")

    plain = start_broker()
    no_tls = trying(f"host: localhost, port: {plain.port}, tls: {{}}")
    assert no_tls.returncode in (1, 2)
    assert f"port {plain.port} answers; no " in row(no_tls, "FAILED")
    certificate, key = make_certificate(tmp_path)
    encrypted = start_broker(f"certfile {certificate}\nkeyfile {key}\nallow_anonymous true\n")
    stranger = trying(f"host: localhost, port: {encrypted.port}, tls: {{}}")
    assert stranger.returncode == 2
    assert "answers; the broker at localhost" in row(stranger, "FAILED")
    assert "certificate that is not accepted" in row(stranger, "FAILED")
    known = trying(f"host: localhost, port: {encrypted.port}, tls: {{ca_file: {certificate}}}")
    assert known.returncode == 0, known.stdout
    assert "certificate accepted; logged in" in known.stdout


UNCERTAIN = "this configuration works, but MQTT 3.1.1 cannot confirm that publishing is allowed"


def test_a_trial_tells_what_the_broker_does_not_allow(
    trying: Timbrel, start_broker: StartBroker, tmp_path: Path
) -> None:
    passwords = make_password_file(tmp_path, "me", "S3cret")
    rights = tmp_path / "rights"
    text = (ROOT / "docs" / "mqtt.md").read_text(encoding="utf-8")
    documented = text.partition("```mosquitto\nuser timbrel\n")[2].partition("```")[0]
    assert documented.startswith("topic write timbrel/#\n")
    rights.write_text(f"user me\n{documented}")
    rights.chmod(0o644)
    some = f"allow_anonymous false\npassword_file {passwords}\nacl_file {rights}\n"
    allowing = start_broker(some)
    password = tmp_path / "password"
    password.write_text("S3cret")
    password.chmod(0o600)
    login = f"username: me, password_file: {password}"

    works = "this configuration works"
    for protocol, verdict in (("auto", works), ("3.1.1", UNCERTAIN)):
        mqtt = f"host: localhost, port: {allowing.port}, protocol: {protocol}"
        done = trying(f"{mqtt}, {login}")
        assert done.returncode == 0, done.stdout
        assert row(done, "verdict") == verdict
    rights.write_text(f"user me\n{documented}topic read timbrel/#\n")
    returning = start_broker(some)
    done = trying(f"host: localhost, port: {returning.port}, protocol: 3.1.1, {login}")
    assert row(done, "verdict") == works
    wrong = trying(f"host: localhost, port: {allowing.port}, username: you")
    assert wrong.returncode == 2
    assert "answers Not authorized; check mqtt.username" in row(wrong, "FAILED")

    rights.write_text("user me\ntopic read #\ntopic write timbrel/attic/#\n")
    refusing = start_broker(some)
    done = trying(f"host: localhost, port: {refusing.port}, {login}")
    assert done.returncode == 2
    assert (
        "subscribed to commands; publishing to homeassistant/device/timbrel-check_attic/config is "
        "refused; give the user the right to write there in the broker's access list; this topic "
        "is for this test only: a list of exact topics may allow the real ones"
        in row(done, "FAILED")
    )
    rights.write_text("user me\ntopic read #\n")
    silent = start_broker(some)
    done = trying(f"host: localhost, port: {silent.port}, protocol: 3.1.1, {login}")
    assert done.returncode == 0
    assert "whether that was allowed cannot be told (MQTT 3.1.1)" in done.stdout
    assert row(done, "verdict") == UNCERTAIN


def test_a_trial_passes_where_only_reading_back_is_refused(trying: Timbrel) -> None:
    def answer(_: Published) -> int:
        broker.subscription = 0x80
        return 0

    with ScriptedBroker(answer) as broker:
        done = trying(f"host: localhost, port: {broker.port}, protocol: 3.1.1")
    assert done.returncode == 0, done.stdout
    assert row(done, "verdict") == UNCERTAIN


def test_a_trial_of_a_broker_that_hangs_ends(trying: Timbrel, broker: Mosquitto) -> None:
    broker.freeze()
    began = time.monotonic()
    done = trying(f"host: localhost, port: {broker.port}, protocol: '3.1.1'")
    broker.thaw()
    assert time.monotonic() - began < 60
    assert done.returncode == 1
    assert f"the broker at localhost:{broker.port} does not answer" in row(done, "FAILED")


COUNTING_THREADS = """
import os, sys, threading
from daemon.__main__ import main
os.register_at_fork(before=lambda: print("threads at fork:", threading.active_count()))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("command", [["check"], ["demo", "--speed", "max", "--config"]])
def test_a_model_is_tried_out_before_any_thread_is_started(
    command: list[str], broker: Mosquitto, microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    config = written(
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


@pytest.fixture
def radio(tmp_path: Path) -> Iterator[str]:
    """The address of three seconds of sound over HTTP."""
    (tmp_path / "www").mkdir()
    noise = np.random.default_rng(1).normal(0, 0.1, 3 * 16_000)
    soundfile.write(tmp_path / "www" / "radio.wav", noise, 16_000)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(tmp_path / "www"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://me:S3cret@127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_trial_connects_to_every_url(
    timbrel: Timbrel, broker: Mosquitto, radio: str, tmp_path: Path
) -> None:
    pytest.importorskip("av")
    config = written(
        tmp_path,
        f"mqtt: {{host: localhost, port: {broker.port}}}\n"
        f"sources:\n  - {{name: hall, url: '{radio}/radio.wav'}}\n"
        f"  - {{name: attic, url: '{radio}/absent.wav'}}\n",
    )
    config.chmod(0o600)
    done = timbrel("check", "--try", config)
    assert done.returncode == 1, done.stderr
    assert "hall: the camera at 127.0.0.1" in done.stdout
    assert "hall: sound comes, level -2" in done.stdout
    assert "attic: no sound from http://127.0.0.1" in row(done, "FAILED")
    assert "S3cret" not in done.stdout + done.stderr
    assert done.stderr.endswith("but 1 of 3 trials failed: attic\n")


def test_the_shipped_example_and_the_built_in_model_can_work(timbrel: Timbrel) -> None:
    done = timbrel("check", ROOT / "configs" / "timbrel.yaml")
    assert done.returncode == 0
    assert row(done, "verdict").startswith("this configuration can work")
    assert row(done, "broker") == (
        "localhost:1883, no TLS, no user, no password, topics timbrel/timbrel/…"
    )
    assert row(done, "model") == read_contract(BUILT_IN_MODEL).title
