"""`timbrel dashboard`: print a Home Assistant dashboard for the configured places."""

from typing import Any

import yaml

from daemon.configuration.settings import Settings
from daemon.errors import InputError
from daemon.hub.home_assistant.dashboard import dashboard as dashboard_of
from daemon.runtime.wiring import Recognizer, node_of

_HEADER = """\
# A Home Assistant dashboard for {places}, written by `timbrel dashboard`. It uses built-in cards.
# Choose Settings, Dashboards, Add dashboard, New dashboard from scratch. Open the new dashboard,
# choose Edit, Raw configuration editor, and replace the text there with this file.
"""


class _Dumper(yaml.SafeDumper):
    """Writes multi-line texts as YAML blocks, and repeats values instead of using aliases."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)


def dashboard(settings: Settings) -> int:
    """Print the dashboard as YAML. Raises InputError if MQTT discovery is off."""
    if not settings.mqtt.discovery:
        raise InputError(
            "mqtt.discovery is false, so Home Assistant has no entities to show; set it to true"
        )
    recognizer = Recognizer(settings)
    nodes = [node_of(settings, recognizer, place.name, settings.name) for place in settings.places]
    header = _HEADER.format(places=", ".join(node.name for node in nodes))
    body = yaml.dump(
        dashboard_of(nodes), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=200
    )
    print(header + body, end="")
    return 0
