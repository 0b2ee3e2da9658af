"""The app for Home Assistant OS: its options, and its start with a Supervisor and a broker."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

import daemon
from daemon.configuration.settings_file import load
from daemon.errors import InputError
from daemon.hearing.classifier import BUILT_IN_MODEL
from daemon.hearing.model_file import read_contract
from tests.conftest import ROOT, Mosquitto, StartBroker, VirtualMicrophone, Watcher, killed_at_last

ADDON = ROOT / "home-assistant-addon"
TOKEN = "of-the-supervisor"  # noqa: S105
INFO = {"slug": "a0b1c2d3_timbrel", "ingress": True}
LOGIN = {"username": "addons", "password": "secret"}


@pytest.fixture(scope="module")
def config() -> Any:
    return yaml.safe_load((ADDON / "config.yaml").read_text(encoding="utf-8"))


class Supervisor:
    """A stand-in that answers requests for the broker like the real Supervisor."""

    def __init__(self) -> None:
        self.broker: dict[str, Any] | None = None
        self.tokens: list[str | None] = []
        self.paths: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.tokens.append(self.headers.get("Authorization"))
                data = {"/services/mqtt": outer.broker, "/addons/self/info": INFO}.get(self.path)
                outer.paths.append(self.path)
                self.send_response(400 if data is None else 200)
                self.end_headers()
                answer = {"result": "error" if data is None else "ok", "data": data or {}}
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    answering = Supervisor()
    try:
        yield answering
    finally:
        answering.close()


def start_app(
    folder: Path, supervisor: Supervisor, options: dict[str, Any], environment: dict[str, str]
) -> subprocess.Popen[str]:
    (folder / "options.json").write_text(json.dumps(options))
    return subprocess.Popen(
        [sys.executable, ADDON / "start.py"],
        cwd=ROOT,
        env={
            **environment,
            "TIMBREL_DATA": str(folder),
            "TIMBREL_RUN": str(folder / "run"),
            "TIMBREL_SUPERVISOR": supervisor.url,
            "SUPERVISOR_TOKEN": TOKEN,
        },
        stderr=subprocess.PIPE,
        text=True,
    )


def test_every_option_has_type_name_and_description(config: Any) -> None:
    words = yaml.safe_load((ADDON / "translations/en.yaml").read_text(encoding="utf-8"))
    assert words["configuration"].keys() == config["schema"].keys()
    assert all(entry.keys() == {"name", "description"} for entry in words["configuration"].values())
    optional = {name for name, kind in config["schema"].items() if str(kind).endswith("?")}
    assert config["options"].keys() == config["schema"].keys() - optional


def test_app_has_the_version_and_families_of_the_daemon(config: Any) -> None:
    assert config["version"] == daemon.__version__
    families = re.fullmatch(r"list\((.*)\)", config["schema"]["families"][0])
    assert families is not None
    assert families[1].split("|") == list(read_contract(BUILT_IN_MODEL).families)


def test_app_listens_and_uses_the_broker_of_the_supervisor(
    config: Any,
    supervisor: Supervisor,
    start_broker: StartBroker,
    microphone: VirtualMicrophone,
    tmp_path: Path,
) -> None:
    passwords = tmp_path / "passwords"
    command = ["mosquitto_passwd", "-b", "-c", str(passwords), *LOGIN.values()]
    subprocess.run(command, check=True, capture_output=True)
    passwords.chmod(0o644)
    broker: Mosquitto = start_broker(f"password_file {passwords}\nallow_anonymous false\n")
    supervisor.broker = {
        "host": "127.0.0.1",
        "port": broker.port,
        **LOGIN,
        "ssl": False,
        "protocol": "3.1.1",
    }
    options = {**config["options"], "families": ["guitar"], "name": "hall"}
    environment = microphone.environment
    with killed_at_last(start_app(tmp_path, supervisor, options, environment)) as process:
        with Watcher(broker.port, 1, **LOGIN) as watcher:
            hearing = watcher.wait_for("timbrel/hall/hearing", seconds=30).json
            device = watcher.wait_for("homeassistant/device/timbrel_hall/config").json
        assert hearing["hearing"] == "hearing"
        assert "sensitivity_guitar" in device["components"]
        assert set(supervisor.tokens) == {f"Bearer {TOKEN}"}
        page = "homeassistant://hassio/ingress/a0b1c2d3_timbrel"
        assert device["device"]["configuration_url"] == page
        written = tmp_path / "run" / "timbrel.yaml"
        assert "secret" not in written.read_text()
        assert (tmp_path / "run" / "mqtt-password").stat().st_mode & 0o777 == 0o600
        assert load(written).state.directory == str(tmp_path)
        process.terminate()
        _, log = process.communicate(timeout=15)
    assert process.returncode == 0, log
    assert "secret" not in log


def test_configured_broker_overrides_that_of_the_supervisor(
    config: Any,
    supervisor: Supervisor,
    broker: Mosquitto,
    microphone: VirtualMicrophone,
    tmp_path: Path,
) -> None:
    options = {**config["options"], "mqtt_host": "127.0.0.1", "mqtt_port": broker.port}
    environment = microphone.environment
    with killed_at_last(start_app(tmp_path, supervisor, options, environment)):
        with Watcher(broker.port) as watcher:
            watcher.wait_for("timbrel/music_room/availability", seconds=30)
        assert supervisor.paths == ["/addons/self/info"]


def test_login_with_emoji_reaches_the_broker_unchanged(
    config: Any, supervisor: Supervisor, start_broker: StartBroker, tmp_path: Path
) -> None:
    login = {"username": "\U0001f3b8 ü", "password": "\U0001f941 s3cret"}
    passwords = tmp_path / "passwords"
    command = ["mosquitto_passwd", "-b", "-c", str(passwords), *login.values()]
    subprocess.run(command, check=True, capture_output=True)
    passwords.chmod(0o644)
    broker = start_broker(f"password_file {passwords}\nallow_anonymous false\n")
    options = {**config["options"], "microphone": "none", "mqtt_host": "127.0.0.1"}
    options |= {"mqtt_port": broker.port}
    options |= {f"mqtt_{name}": value for name, value in login.items()}
    with (
        killed_at_last(start_app(tmp_path, supervisor, options, dict(os.environ))),
        Watcher(broker.port, 1, **login) as watcher,
    ):
        watcher.wait_for("timbrel/music_room/availability", seconds=30)


@pytest.mark.parametrize(
    "area", ["\U0001f3b8", "ü\x85\x7f", "a\u2028b\u2029", '\ufeff"\\\t', "\x00"]
)
def test_text_reaches_the_daemon_unchanged_or_is_rejected(area: str, tmp_path: Path) -> None:
    file = tmp_path / "timbrel.yaml"
    file.write_text(import_start_module().as_yaml({"mqtt": {"area": area}}), encoding="utf-8")
    if area == "\x00":
        with pytest.raises(InputError, match=r"mqtt\.area: .* NUL"):
            load(file)
    else:
        assert load(file).mqtt.area == area


@pytest.mark.parametrize("option", ["mqtt_username", "mqtt_password"])
def test_rejects_half_a_surrogate_pair_and_names_the_setting(
    option: str, config: Any, supervisor: Supervisor, tmp_path: Path
) -> None:
    options = {**config["options"], "mqtt_host": "127.0.0.1", option: "s3cret\ud83d"}
    with killed_at_last(start_app(tmp_path, supervisor, options, dict(os.environ))) as process:
        _, log = process.communicate(timeout=30)
    assert process.returncode in (1, 2)
    assert option.removeprefix("mqtt_") in log
    assert "Traceback" not in log
    if option == "mqtt_password":
        assert "s3cret" not in log


def import_start_module() -> Any:
    """Import the app's start.py."""
    found = importlib.util.spec_from_file_location("start", ADDON / "start.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_page_needs_no_name_from_the_supervisor() -> None:
    start = import_start_module()
    assert start.page({"TIMBREL_SUPERVISOR": "http://127.0.0.1:9"}) == {"ingress": True}


def test_page_is_in_home_assistant_and_its_packages_are_installed(config: Any) -> None:
    assert (config["ingress"], config["ingress_stream"]) == (True, True)
    assert "ingress_port" not in config, "8099 is the default"
    recipe = (ADDON / "Dockerfile").read_text(encoding="utf-8")
    script = (ROOT / "script/make-addon").read_text(encoding="utf-8")
    (copied,) = re.findall(r"requirements/\{(.*)\}\.lock", script)
    for extra in copied.split(","):
        assert f"/opt/timbrel/{extra}.lock" in recipe
        assert (ROOT / "requirements" / f"{extra}.lock").exists()
    assert copied == "web,media,practice"


def test_error_without_a_broker_names_the_remedy(
    config: Any, supervisor: Supervisor, tmp_path: Path
) -> None:
    with killed_at_last(start_app(tmp_path, supervisor, config["options"], {})) as process:
        _, log = process.communicate(timeout=15)
    assert process.returncode == 1
    assert log.startswith("timbrel: there is no broker; install the Mosquitto app")
    assert "Traceback" not in log


def test_configuration_of_the_container_is_valid() -> None:
    assert load(ROOT / "configs/container/timbrel.yaml").mqtt.host == "mosquitto"
