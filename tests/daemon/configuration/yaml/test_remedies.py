"""Error messages say how to correct a mistake in a configuration."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from daemon.configuration.settings import Settings
from daemon.configuration.settings_file import load
from daemon.configuration.yaml.type_hints import struct_type
from daemon.errors import InputError

UNITS = [
    ("audio: {hop_seconds: 1s}", "write only the number, in seconds"),
    ("audio: {gate_dbfs: -65 dBFS}", "write only the number, in dBFS"),
    ("outbox: {max_megabytes: 8MB}", "write only the number, in megabytes"),
    ("outbox: {max_days: 30 d}", "write only the number, in days"),
    ("tracker: {threshold: 50%}", "write only the number"),
]
DIGITS = [
    ("mqtt:\n  port: \uff11\uff18\uff18\uff13", "write 1883"),
    ("audio:\n  gate_dbfs: \u221265", "write -65"),
    ("tracker:\n  threshold: 0,5", "write 0.5"),
    ("outbox:\n  max_events: 10,000", "write the digits of the number together"),
    ("outbox:\n  max_events: 10 000", "write the digits of the number together"),
    ("outbox:\n  max_events: 10'000", "write the digits of the number together"),
    ("audio: {channel: left}", "write a number, or null"),
    ("audio: {gate_dbfs: off}", "write a number, or null"),
    ("mqtt: {discovery: 1}", "write true or false"),
    ('mqtt: {username: ""}', "write null, or remove the key"),
    ('mqtt: {area: ""}', "write null, or remove the key"),
]
SECTIONS = [
    ("mqtt: {tls: true}", "write {} to switch it on with its defaults"),
    ("mqtt: {tls: on}", "write {} to switch it on with its defaults"),
    ("mqtt: {tls: false}", "write null to leave it off"),
    ("mqtt: {tls: []}", "write {}"),
    ("health: on", "write {} for its defaults, or its keys below it"),
    ("log: debug", "write its keys below it, indented, each with a colon and its value"),
    ("mqtt:\n  - host: hub\n  - port: 1883", "write its keys without dashes or brackets"),
    ("mqtt:\n  host = hub", "write a colon and a space instead of each ="),
    ("mqtt:\n  host:hub", "put a space after the colon"),
    ("tracker: {families: [vocal]}", "write its keys without dashes or brackets"),
]
LISTS = [
    ("mqtt: {families: guitar}", "write a list: [guitar]"),
    ('mqtt: {families: "guitar, keyboard"}', "write a list: [guitar, keyboard]"),
    ("mqtt: {families: {guitar: {}}}", "begin each entry with a dash"),
    ("sources: hall", "write its entries below it, each with a dash before its keys"),
    ("sources:\n  name: hall\n  device: x", "begin each entry with a dash"),
    ("name: [attic]", "write one value; a text that begins with [ needs quotes"),
    ("mqtt: {host: {hub: }}", "write one value; a text that begins with { needs quotes"),
    ("mqtt: {host: {{ host }}}", "quote a text that begins with { or ["),
]
KEYS = [
    ("MQTT: {}", "did you mean mqtt?"),
    ("audio: {hop-seconds: 1}", "did you mean hop_seconds?"),
    ("mqtt:\nhost: hub", "did you mean mqtt.host? then indent it below mqtt"),
    (
        "port: 1",
        "did you mean mqtt.port, health.port or web.port? then indent it below mqtt, health or web",
    ),
    ("mqtt:\n\u00a0\u00a0host: hub", "a space character that YAML does not strip; write plain"),
    ("mqtt.host: hub", "write mqtt: and, indented below it, host"),
]
SYNTAX = [
    ("mqtt:\n  username: @me", "a text cannot begin with '@'; quote it"),
    ("mqtt:\n  username: %me", "a text cannot begin with '%'; quote it"),
    ("mqtt:\n  username: *me", "found undefined alias 'me'; quote a text that begins with *"),
    ("mqtt:\n  username: &me", "an anchor without a value; quote a text that begins with &"),
    ("mqtt:\n  area: in: out", "correct the indentation, or quote a text with a colon in it"),
    ("mqtt:\n  area: 'it's'", "correct the indentation, or put the whole text in quotes"),
    ("mqtt:\n  host: hub\n  port:1883", "write a colon and a space after each key"),
    ("mqtt:\n  host: 'hub", "close the quotes"),
    ("mqtt: {host: hub", "close the bracket, or put a comma between its entries"),
    ("mqtt: {host: [::1]}", "quote the text"),
    ('[mqtt]\nhost = "hub"', "write name: value, and each section as name: with its keys indented"),
    ("name: a\n---\nname: b", "remove the second ---"),
    ("mqtt:\n\thost: hub", "a tab at the start of a token; write spaces instead of tabs"),
    ("mqtt: {username: !secret me}", "remove it, or quote the text if the tag is part of it"),
]


@pytest.mark.parametrize(("text", "remedy"), [*UNITS, *DIGITS, *SECTIONS, *LISTS, *KEYS, *SYNTAX])
def test_mistake_is_reported_in_one_line_with_the_remedy(
    text: str, remedy: str, tmp_path: Path
) -> None:
    file = tmp_path / "timbrel.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load(file)
    (line,) = caught.value.lines
    assert remedy in line
    assert len(line.removeprefix(str(file))) < 250


ODD = [
    *("", "~", "yes", "[]", "[1]", "{a: 1}", "-1", "1.5", "010", "1:30", "2024-01-01", ".nan"),
    *("''", "x", "a, b", "!secret x", "'${X}'", "1s", "'1'", '"\\ud83d"', '"\\0"', '"\\e[2J"'),
    *("x" * 5_000, "9" * 500, "rtsp://me:S3cret@x"),
]


def keys(kind: type[msgspec.Struct], above: str = "") -> Iterator[str]:
    """Yield the path of every key of the configuration."""
    for one in msgspec.structs.fields(kind):
        key = f"{above}{one.encode_name}"
        yield key
        section = struct_type(one.type)
        if section is not None:
            yield from keys(section, f"{key}.")


@pytest.mark.parametrize(
    "key", [*keys(Settings), "tracker.families.vocal", "tracker.families.vocal.votes"]
)
def test_every_key_accepts_an_odd_value_or_rejects_it_with_a_remedy(
    key: str, tmp_path: Path
) -> None:
    file = tmp_path / "timbrel.yaml"
    *above, last = key.split(".")
    for value in ODD:
        lines = [f"{'  ' * n}{name}:" for n, name in enumerate(above)]
        text = "\n".join([*lines, f"{'  ' * len(above)}{last}: {value}"])
        file.write_text(text, encoding="utf-8")
        try:
            load(file)
        except InputError as error:
            for line in error.lines:
                message = line.removeprefix(str(file))
                assert "; " in message
                assert len(message) < 330
                assert message.isprintable()
                assert "S3cret" not in message
