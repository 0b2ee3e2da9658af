"""The demo as a program in a pipe: its lines, failing brokers, closed pipes."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, Mosquitto, StartBroker, Timbrel, VirtualMicrophone, Watcher
from tests.daemon.mqtt.test_link import eventually, make_password_file
from tests.daemon.pseudo_terminal import on_terminal
from tests.daemon.scripted_broker import ScriptedBroker

DEMO = [sys.executable, "-m", "daemon", "demo"]


def write_config(folder: Path, port: int, **mqtt: object) -> Path:
    config = folder / "timbrel.yaml"
    config.write_text(json.dumps({"mqtt": {"host": "127.0.0.1", "port": port, **mqtt}}))
    return config


def test_pipe_gets_only_events_and_verdicts(timbrel: Timbrel) -> None:
    done = timbrel("demo", "--speed", "max")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "  0:00.6  ♪ guitar     is played: acoustic guitar (nylon)\n" in done.stdout
    assert "  0:04.0  ▶ guitar     score" in done.stdout
    assert re.search(r"^page       http://127\.0\.0\.1:\d+/$", done.stdout, re.MULTILINE)
    assert "  1:26.6  ■ organ" in done.stdout
    assert done.stdout.endswith(
        "9 of 10 passages of music recognized, 3 of 3 without music left alone\n"
    )
    assert "✗\n                    keyboard not heard: best score 0." in done.stdout
    assert "{" not in done.stdout
    assert "dBFS" not in done.stdout
    assert "\x1b" not in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_prints_messages_and_scores_if_requested(timbrel: Timbrel) -> None:
    done = timbrel("demo", "--speed", "max", "--messages", "--scores")
    assert done.returncode == 0, done.stderr
    for topic in ("homeassistant/device/timbrel_demo/config", "timbrel/demo/availability  online"):
        assert f"→ {topic}" in done.stdout
    lines = done.stdout.splitlines()
    messages = [line for line in lines if "→ timbrel/demo/event  " in line]
    events = [line for line in lines if line[10:12] in {"▶ ", "■ "}]
    assert len(messages) == len(events) > 0
    assert sum("dBFS" in line for line in lines) == 83
    assert max(len(line) for line in lines) <= 140
    assert lines.index("          → timbrel/demo/availability  offline") < lines.index(
        "  played                                          heard"
    )


def test_speed_10_takes_nine_seconds_with_same_result(timbrel: Timbrel) -> None:
    began = time.monotonic()
    done = timbrel("demo", "--speed", "10")
    assert time.monotonic() - began > 8
    assert "9 of 10 passages of music recognized" in done.stdout


def test_reports_missing_loudspeaker_unless_quiet(tmp_path: Path) -> None:
    environment = {**os.environ, "PULSE_SERVER": f"unix:{tmp_path}/nobody"}
    if any(Path("/proc/asound").glob("card*")):
        pytest.skip("this machine has a sound card")
    for quiet in ([], ["--quiet"]):
        demo = subprocess.Popen(
            [*DEMO, *quiet], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            assert demo.stdout is not None
            first = "".join(demo.stdout.readline() for _ in range(6))
        finally:
            demo.terminate()
            demo.communicate(timeout=20)
        assert ("sound      no loudspeaker found: playing silently\n" in first) == (not quiet)


def test_configured_broker_receives_messages_and_only_own_are_shown(
    tmp_path: Path, broker: Mosquitto, watcher: Watcher, timbrel: Timbrel
) -> None:
    others = b"somebody else's"
    watcher._client.publish("timbrel/kitchen/state", others, 1, retain=True).wait_for_publish(10)
    foreign = b"\x1b]0;owned\x07\xff"
    watcher._client.publish("timbrel/demo/x", foreign, 1, retain=True).wait_for_publish(10)
    done = timbrel(
        "demo", "--speed", "max", "--messages", "--config", write_config(tmp_path, broker.port)
    )
    assert done.returncode == 0, done.stderr
    assert f"broker     127.0.0.1:{broker.port}" in done.stdout
    assert "→ timbrel/demo/availability  online" in done.stdout
    assert r"→ timbrel/demo/x  \x1b]0;owned\x07\xff" in done.stdout
    assert "\x1b" not in done.stdout
    assert "somebody" not in done.stdout
    watcher.wait_for("timbrel/demo/availability", lambda m: m.payload == b"")
    availability = [m.payload for m in watcher.of("timbrel/demo/availability")]
    assert availability == [b"online", b"offline", b""]
    with Watcher(broker.port) as newcomer:
        watcher._client.publish("end", b"1", 1).wait_for_publish(10)
        newcomer.wait_for("end")
        kept = {message.topic for message in newcomer.received}
    assert kept == {"timbrel/kitchen/state", "timbrel/demo/x", "end"}


def test_password_file_may_be_a_pipe(
    tmp_path: Path, start_broker: StartBroker, timbrel: Timbrel
) -> None:
    passwords = make_password_file(tmp_path, "box", "secret")
    broker = start_broker(f"password_file {passwords}\nallow_anonymous false\n")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    config = write_config(tmp_path, broker.port, username="box", password_file=str(pipe))
    threading.Thread(target=pipe.write_text, args=["secret"], daemon=True).start()
    done = timbrel("demo", "--speed", "max", "--config", config)
    assert done.returncode == 0, done.stderr


def test_absent_or_refusing_broker_is_reported_in_one_line(
    tmp_path: Path, start_broker: StartBroker, timbrel: Timbrel
) -> None:
    passwords = make_password_file(tmp_path, "box", "secret")
    strict = start_broker(f"password_file {passwords}\nallow_anonymous false\n")
    config = write_config(tmp_path, strict.port)
    began = time.monotonic()
    refused = timbrel("demo", "--config", config)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "Not authorized; check mqtt.username" in refused.stderr
    strict.kill()
    absent = timbrel("demo", "--config", config)
    assert absent.returncode == 1
    assert absent.stderr.count("\n") == 1
    assert "no broker answers" in absent.stderr
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("link_alone", [True, False])
def test_interrupt_ends_wait_for_silent_broker(link_alone: bool, tmp_path: Path) -> None:  # noqa: FBT001
    with ScriptedBroker(
        silent_to_v5=link_alone, silence_seconds=0.0 if link_alone else 60.0
    ) as broker:
        demo = subprocess.Popen(
            [*DEMO, "--config", write_config(tmp_path, broker.port)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        # The demo's second client uses MQTT 3.1.1 and connects first.
        eventually(lambda: broker.versions == ([4, 5] if link_alone else [4]), 30)
        began = time.monotonic()
        demo.send_signal(signal.SIGINT)
        _, errors = demo.communicate(timeout=30)
        assert time.monotonic() - began < 5.0
    assert (demo.returncode, errors) == (0, "")


def test_invalid_configuration_is_reported_before_any_output(
    tmp_path: Path, timbrel: Timbrel
) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text("mqtt: {prot: 1}\n")
    done = timbrel("demo", "--config", config)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "mqtt.prot" in done.stderr


def test_lost_broker_is_shown_and_terminal_restored(
    tmp_path: Path, broker: Mosquitto, watcher: Watcher
) -> None:
    config = write_config(tmp_path, broker.port)
    with on_terminal(*DEMO[1:], "--speed", "10", "--config", str(config)) as terminal:
        watcher.wait_for("timbrel/demo/event", seconds=30)
        broker.kill()
        terminal.wait_for_frame("; retrying")
        assert terminal.end() == 1
        terminal.assert_restored()
        after = terminal.text.rpartition("starting …")[2]
        assert "9 of 10 passages of music recognized" in after
        assert "event(s) were not delivered to the broker: no broker answers" in after
        assert "Traceback" not in after


def test_closed_pipe_is_no_error() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    for lines in (1, 3, 10):
        for options in ("", "--messages", "--messages --scores"):
            command = f"'{sys.executable}' -m daemon demo --speed max {options} | head -n {lines}"
            done = subprocess.run(
                ["bash", "-o", "pipefail", "-c", command],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            assert len(done.stdout.splitlines()) == lines
            assert done.stderr == ""
            assert done.returncode == 0


def test_closed_pipe_ends_demo_soon() -> None:
    reading, writing = os.pipe()
    demo = subprocess.Popen(
        [*DEMO, "--messages", "--quiet"], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as output:
            output.readline()
        _, errors = demo.communicate(timeout=30)  # the medley itself takes 87 s
    finally:
        demo.kill()
    assert errors == b""
    assert demo.returncode == 0


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.5, 1.0, 1.5, 2.5, 4.0])
def test_ctrl_c_at_any_time_ends_without_traceback(seconds: float) -> None:
    # Start counting after Python has started: before that, Python prints a traceback itself.
    program = (
        "import signal, sys; sys.argv = ['timbrel', 'demo', '--quiet']\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler); print(flush=True)\n"
        "from daemon.__main__ import main; sys.exit(main())"
    )
    demo = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert demo.stdout is not None
        demo.stdout.readline()
        time.sleep(seconds)
        demo.send_signal(signal.SIGINT)
        _, errors = demo.communicate(timeout=20)
    finally:
        demo.kill()
    assert errors == ""
    assert demo.returncode in {0, -signal.SIGINT}


def test_microphone_is_shown_on_the_same_screen(
    microphone: VirtualMicrophone, tmp_path: Path, broker: Mosquitto
) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text(f"audio: {{device: pulse}}\nmqtt: {{host: 127.0.0.1, port: {broker.port}}}\n")
    arguments = (*DEMO[1:], "--mic", "--config", str(config))
    with on_terminal(*arguments, env=microphone.environment) as terminal:
        terminal.wait_for_frame("heard   no instrument")
        assert "input   the microphone" in terminal.frame
        assert "dBFS" in terminal.frame
        assert "loudspeaker" not in terminal.frame
        microphone.unplug()
        terminal.wait_for_frame("no sound: ")
        terminal.press("q")
        assert terminal.end() == 0
        terminal.assert_restored()
        assert "Traceback" not in terminal.text


@pytest.mark.parametrize("command", [["demo"], ["bench"], ["bench", "--json"]])
def test_missing_demo_extra_is_reported_at_once(command: list[str]) -> None:
    # Hide amqtt from the import system, as if it were not installed.
    hidden = (
        "import sys, importlib.util as u; found = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'amqtt' else found(name, *a)\n"
        f"from daemon.__main__ import main; code = main({command!r})\n"
        "print('ai_edge_litert' in sys.modules); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", hidden], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("timbrel: the demo extra is not installed; ")
    assert "-m pip install amqtt rich" in done.stderr
    assert done.stdout == "False\n", "the model was loaded before"
