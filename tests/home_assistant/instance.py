"""A real Home Assistant in a tree of its own: set up without a browser, asked over its own API."""

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

from websockets.sync.client import ClientConnection, connect

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
    # What the proofs themselves cause.
    homeassistant.components.http.ban: critical
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


def within(seconds: float, is_so: Callable[[], Any], what: str) -> Any:
    """Wait until it is so; what it then is."""
    deadline = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)
    return found


class Refused(Exception):  # noqa: N818
    """Home Assistant did not do what it was asked for."""


class Socket:
    """A WebSocket to the instance: commands, and the events subscribed to."""

    def __init__(self, url: str, token: str) -> None:
        self._connection: ClientConnection = connect(url, max_size=None)
        self._number = 0
        assert self._receive()["type"] == "auth_required"
        self._send(type="auth", access_token=token)
        assert self._receive()["type"] == "auth_ok"

    def _receive(self, seconds: float = 30) -> Any:
        return json.loads(self._connection.recv(seconds))

    def _send(self, **message: Any) -> None:
        self._connection.send(json.dumps(message))

    def ask(self, kind: str, **fields: Any) -> Any:
        """The result of a command."""
        self._number += 1
        self._send(id=self._number, type=kind, **fields)
        while True:
            answer = self._receive()
            if answer.get("id") == self._number and answer["type"] == "result":
                if not answer["success"]:
                    raise Refused(f"{kind}: {answer['error']}")
                return answer["result"]

    def events(self, seconds: float) -> list[Any]:
        """What comes of subscriptions within that time."""
        until = time.monotonic() + seconds
        found = []
        while (left := until - time.monotonic()) > 0:
            try:
                answer = self._receive(left)
            except TimeoutError:
                break
            if answer["type"] == "event":
                found.append(answer["event"])
        return found

    def close(self) -> None:
        self._connection.close()


class HomeAssistant:
    """One instance with a configuration of its own; may be started and stopped at will."""

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
        """A file of its configuration."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    @property
    def frontend(self) -> Path:
        """The files of its web page."""
        return next(
            Path(f"{self._tree}{self._home}/lib").glob("python3*/site-packages/hass_frontend")
        )

    @property
    def log(self) -> str:
        """Its log file."""
        return (self._folder / "output.log").read_text(errors="replace")

    def start(self) -> float:
        """Start it and wait until it answers; how long that took."""
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
        within(180, self._answers, "Home Assistant answers")
        return time.monotonic() - began

    def stop(self) -> None:
        """Stop it as its service would."""
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
        assert self._process.poll() is None, f"it ended:\n{self.log[-3000:]}"
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
        """Make its first user and answer what it asks a new one."""
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
        within(120, self._answers, "Home Assistant runs")
        # The first token ends after half an hour.
        lasting = self.ask("auth/long_lived_access_token", client_name="Proof", lifespan=1)
        self._token = self.tokens["access_token"] = lasting
        with suppress(Refused):
            # New versions take their address back when nobody confirms it.
            self.ask("http/config/promote")

    def add_mqtt(self, port: int) -> None:
        """What a user does: one form with the broker's address."""
        flow = self.post("/api/config/config_entries/flow", {"handler": "mqtt"})
        done = self.post(
            f"/api/config/config_entries/flow/{flow['flow_id']}",
            {"broker": "127.0.0.1", "port": port, **_untouched(flow["data_schema"])},
        )
        assert done["type"] == "create_entry", done

    def socket(self) -> Socket:
        return Socket(f"ws://127.0.0.1:{self.port}/api/websocket", self._token)

    def ask(self, kind: str, **fields: Any) -> Any:
        """One WebSocket command."""
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
        """An entity's state; None when there is no such entity."""
        try:
            return str(self.get(f"/api/states/{entity_id}")["state"])
        except ValueError as error:
            assert " 404 " in str(error), error  # noqa: PT017
            return None

    def attributes(self, entity_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/api/states/{entity_id}")["attributes"]
        return found

    def history(self, entity_id: str, since: datetime) -> list[tuple[str, datetime]]:
        """An entity's states since then, and when each began."""
        began = urllib.parse.quote(since.isoformat())
        (states,) = self.get(f"/api/history/period/{began}?filter_entity_id={entity_id}")
        return [(s["state"], datetime.fromisoformat(s["last_changed"])) for s in states]

    def render(self, template: str) -> str:
        """What a template comes to."""
        body = json.dumps({"template": template}).encode()
        return self._fetch("POST", "/api/template", body, token=True).decode()

    def of_node(self, node: str) -> dict[str, dict[str, Any]]:
        """The registry's entities of a node, by the key in their unique ids."""
        prefix = f"timbrel_{node}_"
        listed = self.ask("config/entity_registry/list")
        found = {}
        for entry in listed:
            try:
                full = self.ask("config/entity_registry/get", entity_id=entry["entity_id"])
            except Refused as error:
                # Removed since it was listed.
                assert "not_found" in str(error), error  # noqa: PT017
                continue
            if str(full["unique_id"]).startswith(prefix) and entry["platform"] == "mqtt":
                found[str(full["unique_id"]).removeprefix(prefix)] = full
        return found

    def complaints(self) -> list[str]:
        """Lines at warning or above that name us."""
        return [
            line
            for line in self.log.splitlines()
            if any(f" {level} " in line for level in ("WARNING", "ERROR", "CRITICAL"))
            and any(word in line.lower() for word in _OURS)
        ]


def _untouched(form: list[dict[str, Any]]) -> dict[str, Any]:
    """The folded parts of a form, as who does not open them sends them."""
    filled = {}
    for part in form:
        if part.get("type") == "expandable":
            shown = {f["name"]: _shown(f) for f in part["schema"] if f.get("required")}
            filled[part["name"]] = {name: value for name, value in shown.items() if value != ""}
    return filled


def _shown(field: dict[str, Any]) -> Any:
    """What a field of a form holds before anybody types."""
    suggested = (field.get("description") or {}).get("suggested_value", "")
    known = {"set_client_cert": False, "set_ca_cert": "off"}.get(field["name"], "")
    return field.get("default", suggested if suggested != "" else known)
