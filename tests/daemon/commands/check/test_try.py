"""`timbrel check --try` as a process: what it reports about microphones, cameras and the broker."""

import functools
import http.server
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.conftest import ROOT, Mosquitto, StartBroker, Timbrel, VirtualMicrophone, Watcher
from tests.daemon.commands.check.test_check import row, write_config
from tests.daemon.mqtt.test_link import make_certificate, make_password_file
from tests.daemon.scripted_broker import Published, ScriptedBroker


@pytest.fixture
def run_trial(microphone: VirtualMicrophone, tmp_path: Path, timbrel: Timbrel) -> Timbrel:
    """Run `check --try` with the virtual microphone and the given mqtt settings."""

    def run(mqtt: str, more: str = "") -> subprocess.CompletedProcess[str]:
        text = f"name: attic\naudio: {{device: pulse, gate_dbfs: -110}}\nmqtt: {{{mqtt}}}\n{more}"
        config = write_config(tmp_path, text)
        return timbrel("check", "--try", config, env=microphone.environment, timeout=100)

    return run


def test_try_uses_microphone_and_broker(
    run_trial: Timbrel, broker: Mosquitto, watcher: Watcher
) -> None:
    done = run_trial(f"host: localhost, port: {broker.port}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    sound, answers = [r for r in done.stdout.splitlines() if r.startswith("works")]
    assert "attic: sound arrives, level -" in sound
    assert answers.endswith(
        f"; port {broker.port} answers; logged in with MQTT 5; subscribed to commands; published"
    )
    assert row(done, "verdict") == "this configuration works"
    assert {m.topic: (m.payload, m.retained) for m in watcher.received} == {
        "timbrel/attic/check": (b"", False),
        "homeassistant/device/timbrel-check_attic/config": (b"", False),
    }


def test_try_does_not_disturb_running_daemon(
    run_trial: Timbrel, broker: Mosquitto, microphone: VirtualMicrophone, tmp_path: Path
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
            assert run_trial(mqtt).returncode == 0
        finally:
            daemon.terminate()
        _, log = daemon.communicate(timeout=20)
    assert log.count("connected to the broker") == 1
    assert "lost the connection to the broker" not in log
    assert log.count("attic: hearing") == 1


def test_try_detects_silent_microphone(
    run_trial: Timbrel, broker: Mosquitto, microphone: VirtualMicrophone
) -> None:
    microphone.still()
    done = run_trial(f"host: localhost, port: {broker.port}")
    assert done.returncode == 1
    assert "attic: it is open, but gives only digital silence" in row(done, "FAILED")
    assert done.stderr == (
        "timbrel: this configuration is valid, but 1 of 2 trials failed: attic\n"
    )


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def test_try_reports_stage_at_which_broker_fails(
    run_trial: Timbrel, start_broker: StartBroker, tmp_path: Path
) -> None:
    absent = run_trial(f"host: 127.0.0.1, port: {closed_port()}")
    assert (absent.returncode, "(is it running?)" in row(absent, "FAILED")) == (1, True)
    unknown = run_trial("host: nowhere.invalid")
    assert unknown.returncode in (1, 2)
    assert "mqtt.host: nowhere.invalid" in row(unknown, "FAILED")

    plain = start_broker()
    no_tls = run_trial(f"host: localhost, port: {plain.port}, tls: {{}}")
    assert no_tls.returncode in (1, 2)
    assert f"port {plain.port} answers; no " in row(no_tls, "FAILED")
    certificate, key = make_certificate(tmp_path)
    encrypted = start_broker(f"certfile {certificate}\nkeyfile {key}\nallow_anonymous true\n")
    stranger = run_trial(f"host: localhost, port: {encrypted.port}, tls: {{}}")
    assert stranger.returncode == 2
    assert "answers; the broker at localhost" in row(stranger, "FAILED")
    assert "certificate that is not accepted" in row(stranger, "FAILED")
    known = run_trial(f"host: localhost, port: {encrypted.port}, tls: {{ca_file: {certificate}}}")
    assert known.returncode == 0, known.stdout
    assert "certificate accepted; logged in" in known.stdout


UNCERTAIN = "this configuration works, but MQTT 3.1.1 does not report whether publishing is allowed"


def test_try_reports_missing_access_at_broker(
    run_trial: Timbrel, start_broker: StartBroker, tmp_path: Path
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
        done = run_trial(f"{mqtt}, {login}")
        assert done.returncode == 0, done.stdout
        assert row(done, "verdict") == verdict
    rights.write_text(f"user me\n{documented}topic read timbrel/#\n")
    returning = start_broker(some)
    done = run_trial(f"host: localhost, port: {returning.port}, protocol: 3.1.1, {login}")
    assert row(done, "verdict") == works
    wrong = run_trial(f"host: localhost, port: {allowing.port}, username: you")
    assert wrong.returncode == 2
    assert "answers Not authorized; check mqtt.username" in row(wrong, "FAILED")

    rights.write_text("user me\ntopic read #\ntopic write timbrel/attic/#\n")
    refusing = start_broker(some)
    done = run_trial(f"host: localhost, port: {refusing.port}, {login}")
    assert done.returncode == 2
    assert (
        "subscribed to commands; publishing to homeassistant/device/timbrel-check_attic/config is "
        "refused; give the user write access there in the broker's access list; only this test "
        "uses this topic; a list of exact topics may allow the real ones" in row(done, "FAILED")
    )
    rights.write_text("user me\ntopic read #\n")
    silent = start_broker(some)
    done = run_trial(f"host: localhost, port: {silent.port}, protocol: 3.1.1, {login}")
    assert done.returncode == 0
    assert "but MQTT 3.1.1 does not report whether that was allowed" in done.stdout
    assert row(done, "verdict") == UNCERTAIN


def test_try_passes_if_only_reading_back_is_refused(run_trial: Timbrel) -> None:
    def answer(_: Published) -> int:
        broker.subscription = 0x80
        return 0

    with ScriptedBroker(answer) as broker:
        done = run_trial(f"host: localhost, port: {broker.port}, protocol: 3.1.1")
    assert done.returncode == 0, done.stdout
    assert row(done, "verdict") == UNCERTAIN


def test_try_times_out_if_broker_hangs(run_trial: Timbrel, broker: Mosquitto) -> None:
    broker.freeze()
    began = time.monotonic()
    done = run_trial(f"host: localhost, port: {broker.port}, protocol: '3.1.1'")
    broker.thaw()
    assert time.monotonic() - began < 60
    assert done.returncode == 1
    assert f"the broker at localhost:{broker.port} does not answer" in row(done, "FAILED")


@pytest.fixture
def radio_url(tmp_path: Path) -> Iterator[str]:
    """The base url of an HTTP server with radio.wav, three seconds of noise."""
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


def test_try_connects_to_every_url(
    timbrel: Timbrel, broker: Mosquitto, radio_url: str, tmp_path: Path
) -> None:
    pytest.importorskip("av")
    config = write_config(
        tmp_path,
        f"mqtt: {{host: localhost, port: {broker.port}}}\n"
        f"sources:\n  - {{name: hall, url: '{radio_url}/radio.wav'}}\n"
        f"  - {{name: attic, url: '{radio_url}/absent.wav'}}\n",
    )
    config.chmod(0o600)
    done = timbrel("check", "--try", config)
    assert done.returncode == 1, done.stderr
    assert "hall: the camera at 127.0.0.1" in done.stdout
    assert "hall: sound arrives, level -2" in done.stdout
    assert "attic: no sound from http://127.0.0.1" in row(done, "FAILED")
    assert "S3cret" not in done.stdout + done.stderr
    assert done.stderr.endswith("but 1 of 3 trials failed: attic\n")
