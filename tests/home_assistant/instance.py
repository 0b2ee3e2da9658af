"""Run a real Home Assistant in a file tree, set it up and query it over its API."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from tests.home_assistant.websocket import RequestFailedError, Socket

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "configs" / "home-assistant"
CONFIGURATION = """\
homeassistant:
  name: Home
  unit_system: metric
  time_zone: UTC
http:
  server_host: 127.0.0.1
  server_port: {port}
frontend:
config:
recorder:
history:
logbook:
system_log:
automation: !include automations.yaml
script: {{}}
scene:
  - name: Practice
    entities: {{input_boolean.music_light: "on"}}
logger:
  default: warning
  logs:
    # The proofs themselves cause these lines.
    homeassistant.components.http.ban: critical
tts:
input_boolean:
  music_light: {{name: Music light}}
  quiet_please: {{name: Do not disturb}}
lovelace:
  mode: storage
  dashboards:
    practice-room:
      mode: yaml
      title: Practice room
      icon: mdi:music
      show_in_sidebar: true
      filename: dashboard.yaml
"""


_OURS = ("timbrel", "music_room", "mqtt", "automation", "blueprint", "lovelace", "template")


def within(seconds: float, condition: Callable[[], Any], description: str) -> Any:
    """Wait until `condition` returns a true value, and return that value."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {description}"
        time.sleep(0.05)
    return found


class HomeAssistant:
    """An instance with its own configuration, which can be started and stopped repeatedly."""

    def __init__(self, tree: Path, home: str) -> None:
        self._tree = tree
        self._home = home
        self._folder = tree / "opt/proof"
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        (self._folder / "configuration.yaml").write_text(CONFIGURATION.format(port=self.port))
        self._process: subprocess.Popen[bytes] | None = None
        self._token = ""
        self.tokens: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def put(self, name: str, text: str) -> None:
        """Write a file of the configuration."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    @property
    def frontend(self) -> Path:
        """The folder of the web frontend."""
        return next(
            Path(f"{self._tree}{self._home}/lib").glob("python3*/site-packages/hass_frontend")
        )

    @property
    def log(self) -> str:
        """The content of the log file."""
        return (self._folder / "output.log").read_text(errors="replace")

    def start(self) -> float:
        """Start Home Assistant and wait until it answers; return how long that took in seconds."""
        began = time.monotonic()
        environment = {
            "PATH": f"{self._home}/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "HOME": "/root",
        }
        with (self._folder / "output.log").open("ab") as output:
            self._process = subprocess.Popen(
                [
                    *("chroot", str(self._tree), f"{self._home}/bin/hass"),
                    *("--config", "/opt/proof", "--skip-pip"),
                ],
                env=environment,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        within(180, self._answers, "answer of Home Assistant")
        return time.monotonic() - began

    def stop(self) -> None:
        """Stop Home Assistant like its service does."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"Home Assistant exited:\n{self.log[-3000:]}"
        if self._token:
            try:
                return bool(self.get("/api/config")["state"] == "RUNNING")
            except (OSError, ValueError):
                return False
        try:
            self.get("/api/onboarding", token=False)
        except (OSError, ValueError):
            return False
        return True

    def get(self, path: str, *, token: bool = True) -> Any:
        return json.loads(self._fetch("GET", path, None, token=token) or b"null")

    def post(self, path: str, body: Any, *, token: bool = True) -> Any:
        answer = self._fetch("POST", path, json.dumps(body).encode(), token=token)
        return json.loads(answer or b"null")

    def _fetch(
        self,
        method: str,
        path: str,
        body: bytes | None,
        *,
        token: bool,
        kind: str = "application/json",
    ) -> bytes:
        headers = {"Content-Type": kind}
        if token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(  # noqa: S310
            self.url + path, data=body, headers=headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            words = error.read().decode(errors="replace")
            raise ValueError(f"{method} {path}: {error.code} {words}") from None

    def onboard(self) -> None:
        """Create the first user and complete the onboarding."""
        client = f"{self.url}/"
        made = self.post(
            "/api/onboarding/users",
            {
                "client_id": client,
                "name": "Proof",
                "username": "proof",
                "password": "proof",
                "language": "en",
            },
            token=False,
        )
        form = {"client_id": client, "grant_type": "authorization_code", "code": made["auth_code"]}
        answer = self._fetch(
            "POST",
            "/auth/token",
            urllib.parse.urlencode(form).encode(),
            token=False,
            kind="application/x-www-form-urlencoded",
        )
        self.tokens = json.loads(answer)
        self._token = self.tokens["access_token"]
        for step in ("core_config", "analytics", "integration"):
            self.post(
                f"/api/onboarding/{step}", {"client_id": client, "redirect_uri": f"{client}?x=1"}
            )
        within(120, self._answers, "start of Home Assistant")
        # The first token expires after half an hour.
        lasting = self.ask("auth/long_lived_access_token", client_name="Proof", lifespan=1)
        self._token = self.tokens["access_token"] = lasting
        with suppress(RequestFailedError):
            # New versions revert their address if nobody confirms it.
            self.ask("http/config/promote")

    def add_mqtt(self, port: int) -> None:
        """Add the MQTT integration like a user: one form with the broker's address."""
        flow = self.post("/api/config/config_entries/flow", {"handler": "mqtt"})
        done = self.post(
            f"/api/config/config_entries/flow/{flow['flow_id']}",
            {"broker": "127.0.0.1", "port": port, **_untouched(flow["data_schema"])},
        )
        assert done["type"] == "create_entry", done

    def socket(self) -> Socket:
        return Socket(f"ws://127.0.0.1:{self.port}/api/websocket", self._token)

    def ask(self, kind: str, **fields: Any) -> Any:
        """Send one WebSocket command on a new connection; return its result."""
        line = self.socket()
        try:
            return line.ask(kind, **fields)
        finally:
            line.close()

    def call(self, service: str, **data: Any) -> None:
        """Call a service as an automation does."""
        domain, name = service.split(".")
        self.post(f"/api/services/{domain}/{name}", data)

    def state(self, entity_id: str) -> str | None:
        """Return the state of an entity, or None if there is no such entity."""
        try:
            return str(self.get(f"/api/states/{entity_id}")["state"])
        except ValueError as error:
            assert " 404 " in str(error), error  # noqa: PT017
            return None

    def attributes(self, entity_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/api/states/{entity_id}")["attributes"]
        return found

    def history(self, entity_id: str, since: datetime) -> list[tuple[str, datetime]]:
        """Return the states of an entity since `since`, each with the time when it began."""
        began = urllib.parse.quote(since.isoformat())
        (states,) = self.get(f"/api/history/period/{began}?filter_entity_id={entity_id}")
        return [(s["state"], datetime.fromisoformat(s["last_changed"])) for s in states]

    def render(self, template: str) -> str:
        """Return a rendered template."""
        body = json.dumps({"template": template}).encode()
        return self._fetch("POST", "/api/template", body, token=True).decode()

    def of_node(self, node: str) -> dict[str, dict[str, Any]]:
        """Return the registered entities of a node, by the key in their unique ids."""
        prefix = f"timbrel_{node}_"
        listed = self.ask("config/entity_registry/list")
        found = {}
        for entry in listed:
            try:
                full = self.ask("config/entity_registry/get", entity_id=entry["entity_id"])
            except RequestFailedError as error:
                # It was removed after it was listed.
                assert "not_found" in str(error), error  # noqa: PT017
                continue
            if str(full["unique_id"]).startswith(prefix) and entry["platform"] == "mqtt":
                found[str(full["unique_id"]).removeprefix(prefix)] = full
        return found

    def complaints(self) -> list[str]:
        """Return log lines at warning or above that mention Timbrel or its integrations."""
        return [
            line
            for line in self.log.splitlines()
            if any(f" {level} " in line for level in ("WARNING", "ERROR", "CRITICAL"))
            and any(word in line.lower() for word in _OURS)
        ]


def _untouched(form: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the values of a form's collapsed sections, as sent if nobody opens them."""
    filled = {}
    for part in form:
        if part.get("type") == "expandable":
            shown = {f["name"]: _shown(f) for f in part["schema"] if f.get("required")}
            filled[part["name"]] = {name: value for name, value in shown.items() if value != ""}
    return filled


def _shown(field: dict[str, Any]) -> Any:
    """Return the initial value of a form's field."""
    suggested = (field.get("description") or {}).get("suggested_value", "")
    known = {"set_client_cert": False, "set_ca_cert": "off"}.get(field["name"], "")
    return field.get("default", suggested if suggested != "" else known)
