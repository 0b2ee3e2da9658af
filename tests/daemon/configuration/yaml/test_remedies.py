"""What is wrong in a configuration is named with what to write instead."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from daemon.configuration.settings import Settings
from daemon.configuration.settings_file import load
from daemon.configuration.yaml import words
from daemon.errors import InputError

UNITS = [
    ("audio: {hop_seconds: 1s}", "write the number alone, in seconds"),
    ("audio: {gate_dbfs: -65 dBFS}", "write the number alone, in dBFS"),
    ("outbox: {max_megabytes: 8MB}", "write the number alone, in megabytes"),
    ("outbox: {max_days: 30 d}", "write the number alone, in days"),
    ("tracker: {threshold: 50%}", "write the number alone"),
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
    ('mqtt: {username: ""}', "write null, or leave it out"),
    ('mqtt: {area: ""}', "write null, or leave it out"),
]
SECTIONS = [
    ("mqtt: {tls: true}", "write {} to switch it on with its defaults"),
    ("mqtt: {tls: on}", "write {} to switch it on with its defaults"),
    ("mqtt: {tls: false}", "write null to leave it off"),
    ("mqtt: {tls: []}", "write {}"),
    ("health: on", "write {} for its defaults, or its keys below it"),
    ("log: debug", "write its keys below it, indented, each with a colon and its value"),
    ("mqtt:\n  - host: hub\n  - port: 1883", "write its keys without the dashes or the brackets"),
    ("mqtt:\n  host = hub", "write a colon and a space instead of each ="),
    ("mqtt:\n  host:hub", "put a space behind the colon"),
    ("tracker: {families: [vocal]}", "write its keys without the dashes or the brackets"),
]
LISTS = [
    ("mqtt: {families: guitar}", "write a list: [guitar]"),
    ('mqtt: {families: "guitar, keyboard"}', "write a list: [guitar, keyboard]"),
    ("mqtt: {families: {guitar: {}}}", "begin each of its entries with a dash"),
    ("sources: hall", "write its entries below it, each behind a dash with its keys"),
    ("sources:\n  name: hall\n  device: x", "begin each of its entries with a dash"),
    ("name: [attic]", "write one value; a text that begins with [ needs quotes"),
    ("mqtt: {host: {hub: }}", "write one value; a text that begins with { needs quotes"),
    ("mqtt: {host: {{ host }}}", "quote a text that begins with { or ["),
]
KEYS = [
    ("MQTT: {}", "did you mean mqtt?"),
    ("audio: {hop-seconds: 1}", "did you mean hop_seconds?"),
    ("mqtt:\nhost: hub", "did you mean mqtt.host? then indent it below mqtt"),
    ("port: 1", "did you mean mqtt.port or health.port? then indent it below mqtt or health"),
    ("mqtt:\n\u00a0\u00a0host: hub", "a space that YAML does not know belongs to it; write plain"),
    ("mqtt.host: hub", "write mqtt: and below it, indented, host"),
]
SYNTAX = [
    ("mqtt:\n  username: @me", "a text cannot begin with '@'; quote it"),
    ("mqtt:\n  username: %me", "a text cannot begin with '%'; quote it"),
    ("mqtt:\n  username: *me", "found undefined alias 'me'; quote a text that begins with *"),
    ("mqtt:\n  username: &me", "an anchor without a value; quote a text that begins with &"),
    ("mqtt:\n  area: in: out", "correct the indentation, or quote a text with a colon in it"),
    ("mqtt:\n  area: 'it's'", "correct the indentation, or put the whole text in quotes"),
    ("mqtt:\n  host: hub\n  port:1883", "write each key with a colon and a space behind it"),
    ("mqtt:\n  host: 'hub", "close the quotes"),
    ("mqtt: {host: hub", "close the bracket, or put a comma between its entries"),
    ("mqtt: {host: [::1]}", "quote the text"),
    ('[mqtt]\nhost = "hub"', "write name: value, and each section as name: with its keys indented"),
    ("name: a\n---\nname: b", "remove the second ---"),
    ("mqtt:\n\thost: hub", "a tab at the start of a token; write spaces instead of tabs"),
    ("mqtt: {username: !secret me}", "leave it out, or quote the text if it is a part of it"),
]


@pytest.mark.parametrize(("text", "remedy"), [*UNITS, *DIGITS, *SECTIONS, *LISTS, *KEYS, *SYNTAX])
def test_a_mistake_is_one_line_with_what_to_write_instead(
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
    """Every key of the configuration, with those above it."""
    for one in msgspec.structs.fields(kind):
        key = f"{above}{one.encode_name}"
        yield key
        section = words.section(one.type)
        if section is not None:
            yield from keys(section, f"{key}.")


@pytest.mark.parametrize(
    "key", [*keys(Settings), "tracker.families.vocal", "tracker.families.vocal.votes"]
)
def test_every_key_takes_an_odd_value_or_refuses_it_with_a_remedy(key: str, tmp_path: Path) -> None:
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
                said = line.removeprefix(str(file))
                assert "; " in said
                assert len(said) < 330
                assert said.isprintable()
                assert "S3cret" not in said
