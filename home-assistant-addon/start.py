"""Start the app: make a configuration of its options and the Supervisor's broker, and run Timbrel.

It uses only Python's standard library, so that it can report problems with everything else.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SUPERVISOR_SECONDS = 10.0
_ESCAPED_IN_YAML = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def main() -> None:
    """Write the configuration and replace this process by `timbrel run`."""
    data = Path(os.environ.get("TIMBREL_DATA", "/data"))
    run = Path(os.environ.get("TIMBREL_RUN", "/run/timbrel"))
    options = json.loads((data / "options.json").read_text(encoding="utf-8"))
    broker = configured_broker(options) or supervisor_broker(os.environ)
    if broker is None:
        sys.exit(
            "timbrel: there is no broker; install the Mosquitto app and its integration, or set "
            "mqtt_host in this app's configuration"
        )
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    password = broker.pop("password", None)
    if password:
        broker["password_file"] = str(run / "mqtt-password")
        try:
            write(run / "mqtt-password", password)
        except UnicodeEncodeError:
            sys.exit("timbrel: mqtt_password contains an incomplete character; type it again")
    settings = configuration(options, broker, data) | {"web": page(os.environ)}
    write(run / "timbrel.yaml", as_yaml(settings))
    command = [sys.executable, "-m", "daemon", "run", "--config", str(run / "timbrel.yaml")]
    os.execv(sys.executable, command)  # noqa: S606


def configured_broker(options: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the broker in the app's options; None if they name none."""
    if not options.get("mqtt_host"):
        return None
    names = ("host", "port", "username", "password")
    named = {name: options.get(f"mqtt_{name}") for name in names}
    return {name: value for name, value in named.items() if value}


def supervisor_broker(environment: Mapping[str, str]) -> dict[str, Any] | None:
    """Return Home Assistant's broker from the Supervisor; None if it has none."""
    found = from_supervisor("/services/mqtt", environment)
    if not {"host", "port"} <= found.keys():
        return None
    broker = {"host": found["host"], "port": int(found["port"])}
    broker |= {name: found[name] for name in ("username", "password") if found.get(name)}
    if found.get("ssl"):
        broker["tls"] = {}
    return broker


def page(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of the page, which is inside Home Assistant."""
    slug = from_supervisor("/addons/self/info", environment).get("slug")
    settings: dict[str, Any] = {"ingress": True}
    if slug:
        settings["url"] = f"homeassistant://hassio/ingress/{slug}"
    return settings


def from_supervisor(path: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what the Supervisor answers; empty if it does not."""
    address = environment.get("TIMBREL_SUPERVISOR", "http://supervisor")
    token = environment.get("SUPERVISOR_TOKEN", "")
    request = urllib.request.Request(  # noqa: S310
        f"{address}{path}", headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_SUPERVISOR_SECONDS) as answer:  # noqa: S310
            found = json.loads(answer.read())["data"]
    except (OSError, ValueError, KeyError):
        return {}
    return found if isinstance(found, dict) else {}


def configuration(
    options: Mapping[str, Any], broker: Mapping[str, Any], data: Path
) -> dict[str, Any]:
    """Return the daemon's settings."""
    return {
        "name": options["name"],
        "audio": {"device": options["microphone"], "gate_dbfs": options["quiet_gate"]},
        "mqtt": {**broker, "families": options.get("families", [])},
        "state": {"directory": str(data)},
        "log": {"level": options["log_level"]},
    }


def as_yaml(settings: Mapping[str, Any]) -> str:
    """Return the settings as JSON that YAML readers interpret in the same way.

    Non-ASCII characters are not escaped, because YAML reads JSON's two escapes for an emoji as two
    characters. Characters that YAML rejects or reads as a line end are escaped.
    """
    text = json.dumps(settings, indent=2, ensure_ascii=False)
    return _ESCAPED_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def write(file: Path, text: str) -> None:
    """Write a file that only this user can read."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)


if __name__ == "__main__":
    main()
