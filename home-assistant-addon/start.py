"""The app's start: options and the Supervisor's broker in, a configuration out, then `timbrel run`.

Runs with nothing but Python's own library, so that it can say what is wrong with anything else.
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
    """Write the configuration and become Timbrel."""
    data = Path(os.environ.get("TIMBREL_DATA", "/data"))
    run = Path(os.environ.get("TIMBREL_RUN", "/run/timbrel"))
    options = json.loads((data / "options.json").read_text(encoding="utf-8"))
    broker = chosen_broker(options) or supervisors_broker(os.environ)
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
            sys.exit("timbrel: mqtt_password holds half of a character; type it again")
    write(run / "timbrel.yaml", as_yaml(configuration(options, broker, data)))
    command = [sys.executable, "-m", "daemon", "run", "--config", str(run / "timbrel.yaml")]
    os.execv(sys.executable, command)  # noqa: S606


def chosen_broker(options: Mapping[str, Any]) -> dict[str, Any] | None:
    """The broker that the user has named; None: the Supervisor's."""
    if not options.get("mqtt_host"):
        return None
    names = ("host", "port", "username", "password")
    named = {name: options.get(f"mqtt_{name}") for name in names}
    return {name: value for name, value in named.items() if value}


def supervisors_broker(environment: Mapping[str, str]) -> dict[str, Any] | None:
    """The broker that Home Assistant uses, where the Supervisor knows one."""
    address = environment.get("TIMBREL_SUPERVISOR", "http://supervisor")
    token = environment.get("SUPERVISOR_TOKEN", "")
    request = urllib.request.Request(  # noqa: S310
        f"{address}/services/mqtt", headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_SUPERVISOR_SECONDS) as answer:  # noqa: S310
            found = json.loads(answer.read())["data"]
    except (OSError, ValueError, KeyError):
        return None
    broker = {"host": found["host"], "port": int(found["port"])}
    broker |= {name: found[name] for name in ("username", "password") if found.get(name)}
    if found.get("ssl"):
        broker["tls"] = {}
    return broker


def configuration(
    options: Mapping[str, Any], broker: Mapping[str, Any], data: Path
) -> dict[str, Any]:
    """The daemon's settings."""
    return {
        "name": options["name"],
        "audio": {"device": options["microphone"], "gate_dbfs": options["quiet_gate"]},
        "mqtt": {**broker, "families": options.get("families", [])},
        "state": {"directory": str(data)},
        "log": {"level": options["log_level"]},
    }


def as_yaml(settings: Mapping[str, Any]) -> str:
    """The settings as JSON that every reader of YAML takes for the same text.

    Other characters than ASCII stand for themselves: the two escapes that JSON has for an emoji are
    two characters in YAML. Those that YAML takes for a line end or refuses are escapes.
    """
    text = json.dumps(settings, indent=2, ensure_ascii=False)
    return _ESCAPED_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def write(file: Path, text: str) -> None:
    """A file for our eyes alone."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)


if __name__ == "__main__":
    main()
