"""The shipped blueprints are consistent; `script/test-home-assistant` runs them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from daemon.hub import messages
from daemon.hub.home_assistant.discovery import discovery
from daemon.hub.messages import Node
from daemon.practice.summary import Summary
from tests.conftest import ROOT

FOLDER = ROOT / "configs" / "home-assistant" / "blueprints"
BLUEPRINTS = sorted(FOLDER.glob("*.yaml"))
NODE = Node("timbrel", "timbrel", ("drums", "flute"), "m", "v")


class Input(str):
    """The name in an `!input` tag."""

    __slots__ = ()


class Loader(yaml.SafeLoader):
    """Loads YAML with Home Assistant's `!input` tags."""


Loader.add_constructor("!input", lambda _loader, node: Input(node.value))


def loaded(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(path.read_text(), Loader)  # noqa: S506
    return content


def values(content: Any) -> Iterator[Any]:
    """Yield all scalars in nested lists and mappings."""
    if isinstance(content, dict | list):
        for part in content.values() if isinstance(content, dict) else content:
            yield from values(part)
    else:
        yield content


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_form_asks_for_exactly_the_inputs_that_are_used(path: Path) -> None:
    content = loaded(path)
    form = content.pop("blueprint")
    used = {str(value) for value in values(content) if isinstance(value, Input)}
    assert used == form["input"].keys()
    assert form["domain"] == "automation"
    assert form["homeassistant"] == {"min_version": "2025.4.0"}
    assert all(field["name"] and field["selector"] for field in form["input"].values())


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda path: path.stem)
def test_braces_of_templates_are_balanced(path: Path) -> None:
    for text in (str(value) for value in values(loaded(path))):
        assert text.count("{{") == text.count("}}")
        assert text.count("{%") == text.count("%}")
        assert len(re.findall(r"{%-? if", text)) == text.count("{% endif %}")


def test_topics_are_those_of_a_place() -> None:
    defaults = {path.stem: loaded(path)["blueprint"]["input"] for path in BLUEPRINTS}
    assert defaults["tuning-lamp"]["topic"]["default"] == NODE.topic("practice/note")
    assert defaults["tempo-drift"]["topic"]["default"] == NODE.topic("practice/now")


def test_summary_uses_attributes_of_the_last_practice() -> None:
    text = (FOLDER / "week-summary.yaml").read_text()
    used = set(re.findall(r"\blast(?:\.|\[')(\w+)", text))
    template = discovery(NODE).payload.decode()
    payload = messages.summary_payload(Summary(started=0.0, ended=60.0, minutes={}))
    assert used >= {"started", "notes", "in_tune", "tempo_range", "keys"}
    assert all(f"'{name}': value_json['{name}']" in template for name in used)
    assert used <= set(payload.__struct_fields__)
