"""Settings from YAML: the shipped file has the defaults; errors name the key or the line."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from daemon.configuration.password import PASSWORD_VARIABLE, read_password
from daemon.configuration.settings import (
    AudioSettings,
    FamilySettings,
    MqttSettings,
    Settings,
    TlsSettings,
    TrackerSettings,
)
from daemon.configuration.settings_file import load
from daemon.errors import InputError
from tests.conftest import ROOT

SHIPPED = ROOT / "configs" / "timbrel.yaml"
SECTIONS = [kind for kind in (*Settings.__annotations__.values(), TlsSettings)
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]  # fmt: skip


def loaded(folder: Path, text: str) -> Settings:
    path = folder / "timbrel.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def refusals(folder: Path, text: str) -> list[str]:
    """Return the lines of the InputError without the file's name."""
    with pytest.raises(InputError) as caught:
        loaded(folder, text)
    file = str(folder / "timbrel.yaml")
    assert all(line.startswith(file) for line in caught.value.lines)
    return [line.removeprefix(file) for line in caught.value.lines]


def refusal(folder: Path, text: str) -> str:
    (line,) = refusals(folder, text)
    return line


def test_no_file_gives_the_defaults() -> None:
    assert load(None) == Settings()
    assert load(None).audio == AudioSettings(
        device="default", hop_seconds=1.0, gate_dbfs=-65.0, stall_seconds=5.0
    )
    assert load(None).mqtt.effective_port == 1883


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "null\n", "{}"])
def test_empty_file_gives_the_defaults(text: str, tmp_path: Path) -> None:
    assert loaded(tmp_path, text) == Settings()


def test_shipped_file_gives_the_defaults() -> None:
    assert load(SHIPPED) == Settings()


def test_shipped_file_sets_every_key_that_is_not_replaced() -> None:
    def compare(document: dict[str, Any], defaults: dict[str, Any], where: str) -> None:
        assert document.keys() == defaults.keys(), where
        for key, value in defaults.items():
            if isinstance(value, dict):
                compare(document[key], value, f"{where}.{key}")

    defaults = msgspec.to_builtins(Settings())
    # Only files of version 0.1 set them.
    del defaults["tracker"]["votes"], defaults["tracker"]["vote_seconds"]
    compare(yaml.safe_load(SHIPPED.read_text()), defaults, "")


@pytest.mark.parametrize("key", TlsSettings.__struct_fields__)
def test_shipped_file_mentions_every_tls_key(key: str) -> None:
    assert f" {key}: " in SHIPPED.read_text()


def test_family_settings_match_the_tracker_settings() -> None:
    common = set(TrackerSettings.__struct_fields__)
    assert set(FamilySettings.__struct_fields__) == common - {"families"}


@pytest.mark.parametrize("kind", SECTIONS, ids=lambda kind: kind.__name__)
def test_names_of_durations_end_in_seconds(kind: type[msgspec.Struct]) -> None:
    timed = [f for f in kind.__struct_fields__ if any(w in f for w in ("after", "hop", "keepalive",
             "stall", "cooldown"))]  # fmt: skip
    assert all(field.endswith("_seconds") for field in timed)


def test_reads_every_section(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        "name: attic\n"
        "audio: {device: 3, hop_seconds: 0.5, gate_dbfs: null, stall_seconds: 10}\n"
        "model: {file: /models/mine.tflite}\n"
        "tracker: {threshold: 0.6, families: {vocal: {votes: 3}}}\n"
        "mqtt: {host: hub.local, username: me, tls: {ca_file: ca.pem, minimum_version: '1.3'}}\n"
        "log: {level: debug}\n",
    )
    assert found.name == "attic"
    assert found.audio == AudioSettings(
        device=3, hop_seconds=0.5, gate_dbfs=None, stall_seconds=10.0
    )
    assert found.model.file == "/models/mine.tflite"
    assert found.tracker == TrackerSettings(
        threshold=0.6, families={"vocal": FamilySettings(votes=3)}
    )
    assert found.mqtt.tls == TlsSettings(ca_file="ca.pem", minimum_version="1.3")
    assert found.mqtt.effective_port == 8883
    assert found.log.level == "debug"


@pytest.mark.parametrize(
    ("port", "tls", "expected"),
    [(None, "{}", 8883), (None, "null", 1883), (1, "{}", 1), (65_535, "null", 65_535)],
)
def test_default_port_depends_on_tls(
    port: int | None, tls: str, expected: int, tmp_path: Path
) -> None:
    text = f"mqtt: {{port: {'null' if port is None else port}, tls: {tls}}}"
    assert loaded(tmp_path, text).mqtt.effective_port == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nmae: x", ", line 1: nmae: unknown key; did you mean name?"),
        (
            "audio: {hop_second: 1}",
            ", line 1: audio.hop_second: unknown key; did you mean hop_seconds?",
        ),
        ("audio: {devise: 1}", ", line 1: audio.devise: unknown key; did you mean device?"),
        (
            "log: {zebra: 1}",
            ", line 1: log.zebra: unknown key; known here: level, format",
        ),
        (
            "mqtt: {password: secret}",
            ", line 1: mqtt.password: unknown key; did you mean password_file?",
        ),
        (
            "mqtt: {tls: {ca_fil: x}}",
            ", line 1: mqtt.tls.ca_fil: unknown key; did you mean ca_file?",
        ),
        (
            "tracker: {families: {flute: {}, vocal: {vote: 2}}}",
            ", line 1: tracker.families.vocal.vote: unknown key; did you mean votes?",
        ),
    ],
)
def test_unknown_key_is_reported_with_a_suggestion(text: str, message: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, text) == message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("audio: {hop_seconds: often}", ["audio.hop_seconds", "a number", "the text 'often'"]),
        ("audio: {hop_seconds: true}", ["audio.hop_seconds", "a number", "found true"]),
        ("audio: {hop_seconds: 0.2}", ["audio.hop_seconds", ">= 0.25", "found 0.2"]),
        ("audio: {hop_seconds: 4.1}", ["audio.hop_seconds", "<= 4.0", "found 4.1"]),
        ("audio: {hop_seconds: .nan}", ["audio.hop_seconds", "nan"]),
        ("audio: {hop_seconds: .inf}", ["audio.hop_seconds", "inf"]),
        ("audio: {gate_dbfs: 0}", ["audio.gate_dbfs", "<= -1", "found 0"]),
        ("audio: {gate_dbfs: .nan}", ["audio.gate_dbfs", "nan"]),
        ("audio: {device: ''}", ["audio.device", "found ''", "usb:VID:PID"]),
        ("audio: {device: [1]}", ["audio.device", "a whole number", "text", "a list"]),
        ("audio: {device: -1}", ["audio.device", "-1"]),
        ("audio: {device: 10000}", ["audio.device", "<= 9999"]),
        (f"audio: {{device: {10**399}}}", ["audio.device", "found 1000"]),
        ("audio: 3", ["audio", "a mapping of keys", "found 3"]),
        ("audio: [1]", ["audio", "a mapping of keys", "a list"]),
        ("just a text", ["a mapping of keys", "found the text 'just a text'"]),
        ("[1, 2]", ["a mapping of keys", "a list"]),
        ("name: living room", ["name", "'living room'", "letters, digits, _ and - only"]),
        ("name: ''", ["name"]),
        ('name: "attic\\n"', ["name", "letters, digits, _ and - only"]),
        (f"name: {'x' * 65}", ["name", "64"]),
        ("mqtt: {port: 0}", ["mqtt.port", ">= 1"]),
        ("mqtt: {port: 65536}", ["mqtt.port", "<= 65535"]),
        (f"mqtt: {{port: {10**30}}}", ["mqtt.port"]),
        ("mqtt: {keepalive_seconds: 20.5}", ["mqtt.keepalive_seconds", "a whole number"]),
        ("mqtt: {protocol: '4'}", ["mqtt.protocol", "'4'", "auto, 5 or 3.1.1"]),
        ("mqtt: {topic_prefix: home/#}", ["mqtt.topic_prefix", "'home/#'", "wildcard"]),
        ("mqtt: {topic_prefix: home/+/music}", ["mqtt.topic_prefix", "wildcard"]),
        ("mqtt: {topic_prefix: home/}", ["mqtt.topic_prefix", "no slash at an end"]),
        ("mqtt: {topic_prefix: /home}", ["mqtt.topic_prefix", "no slash at an end"]),
        ('mqtt: {topic_prefix: "home\\n"}', ["mqtt.topic_prefix"]),
        ("mqtt: {discovery_prefix: 'a#'}", ["mqtt.discovery_prefix", "wildcard"]),
        ("mqtt:\n  username: ${USER}", ["mqtt.username", "variables are not expanded here; write"]),
        ("mqtt: {area: '{{ area }}'}", ["mqtt.area", "variables are not expanded here"]),
        ("mqtt: {port: '${PORT:-1883}'}", ["mqtt.port", "variables are not expanded here"]),
        ("mqtt: {topic_prefix: $SYS/box}", ["mqtt.topic_prefix", "no $ at the beginning"]),
        ("mqtt: {discovery_prefix: $share}", ["mqtt.discovery_prefix", "no $ at the beginning"]),
        ("mqtt: {topic_prefix: $music}", ["mqtt.topic_prefix", "no $ at the beginning"]),
        ("mqtt: {topic_prefix: ${PREFIX}}", ["not valid YAML"]),
        ("mqtt:\n  topic_prefix: ${PREFIX}", ["mqtt.topic_prefix", "variables are not expanded"]),
        ('mqtt: {topic_prefix: "home\\x7f"}', ["mqtt.topic_prefix", "control character"]),
        ('mqtt: {client_id: "a\\nb"}', ["mqtt.client_id", "without control characters"]),
        ('mqtt: {username: "a\\tb"}', ["mqtt.username", "without control characters"]),
        (f"mqtt: {{client_id: {'x' * 65}}}", ["mqtt.client_id", "length <= 64"]),
        (
            'mqtt: {password_file: "a\\0b"}',
            ["mqtt.password_file", "has a NUL character; remove it"],
        ),
        ('model: {file: "a\\0b"}', ["model.file", "has a NUL character"]),
        ('state: {directory: "a\\0b"}', ["state.directory", "has a NUL character"]),
        ("mqtt: {tls: {minimum_version: 1.1}}", ["mqtt.tls.minimum_version", "1.2 or 1.3"]),
        ("practice: {gap_seconds: 1:30}", ["practice.gap_seconds", "found 1:30", "90"]),
        ("mqtt: {tls: true}", ["mqtt.tls", "a mapping of keys", "true"]),
        ("tracker: {threshold: 0}", ["tracker.threshold", "> 0"]),
        ("tracker: {threshold: .nan}", ["tracker.threshold", "nan"]),
        ("tracker: {votes: 1.5}", ["tracker.votes", "a whole number"]),
        ("tracker: {families: [vocal]}", ["tracker.families", "a mapping of keys", "a list"]),
        (
            "tracker: {families: {flute: {votes: 2}, vocal: {votes: 0}}}",
            ["tracker.families.vocal.votes", ">= 1", "found 0"],
        ),
        ("tracker: {families: {vocal: 3}}", ["tracker.families.vocal", "a mapping of keys"]),
        ("state: {directory: [3]}", ["state.directory", "text", "a list"]),
        ("outbox: {max_events: 99}", ["outbox.max_events", ">= 100", "found 99"]),
        ("outbox: {max_days: 0}", ["outbox.max_days", ">= 1"]),
        ("outbox: {max_megabytes: 0.5}", ["outbox.max_megabytes", "a whole number"]),
        ("outbox: {max_megabytes: 1000}", ["outbox.max_megabytes", "<= 256"]),
        ("log: {level: loud}", ["log.level", "'loud'"]),
        ("name: !!set {a}", ["name", "!!set"]),
        ("1: 2", ["1: unknown key"]),
        ("audio: {1: 2}", ["audio.1: unknown key"]),
    ],
)
def test_invalid_value_is_reported_with_the_expected_type_or_range(
    text: str, words: list[str], tmp_path: Path
) -> None:
    message = refusal(tmp_path, text)
    assert all(word in message for word in words), message
    assert "`" not in message
    assert "$." not in message


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("mqtt: {port: 0}", "; correct it, or remove it for the default"),
        (
            "tracker: {families: {vocal: {votes: 0}}}",
            "; correct it, or remove it for the default",
        ),
        ("sources: [{name: , device: pulse}]", "; correct it"),
        ("mqtt: {families: [guitar, ]}\nname:", "; correct it, or remove it for the default"),
    ],
)
def test_remedy_mentions_a_default_only_where_one_exists(
    text: str, remedy: str, tmp_path: Path
) -> None:
    assert refusal(tmp_path, text).endswith(remedy)


def test_all_errors_are_reported_at_once(tmp_path: Path) -> None:
    text = (
        "name: living room\naudio:\n  hop_seconds: 9\n  devise: 1\n"
        "sources:\n  - {name: a, device: x}\n  - {name: a, url: 'rtsp://c:x'}\n"
        "  - {name: b}\n  - {name: c, device: x, gate_dbfs: 3}\n"
        "mqtt:\n  port: 0\n  families: [1, [2]]\n"
    )
    keys = [line.split(": ")[:2] for line in refusals(tmp_path, text)]
    assert keys == [
        [", line 1", "name"],
        [", line 3", "audio.hop_seconds"],
        [", line 4", "audio.devise"],
        [", line 7", "sources.1.name"],
        [", line 7", "sources.1.url"],
        [", line 8", "sources.2"],
        [", line 9", "sources.3.gate_dbfs"],
        [", line 11", "mqtt.port"],
        [", line 12", "mqtt.families.1"],
    ]


@pytest.mark.parametrize(
    "device", ["rtsp://me:S3cret@camera/1", "http://radio/stream", "RTSPS://me:S3 cret@camera"]
)
@pytest.mark.parametrize(
    "text", ["audio: {{device: '{}'}}", "sources: [{{name: a, device: '{}'}}]"]
)
def test_rejects_a_url_as_device_without_showing_it_and_points_to_sources(
    device: str, text: str, tmp_path: Path
) -> None:
    message = refusal(tmp_path, text.format(device))
    assert "belongs in sources: [{name: hall, url: …}]" in message
    assert "cret" not in message
    assert "camera/" not in message


@pytest.mark.parametrize(
    "key",
    [
        *("audio.device", "model.file", "state.directory", "mqtt.host", "mqtt.username", "name"),
        *("mqtt.password_file", "mqtt.client_id", "mqtt.topic_prefix", "mqtt.discovery_prefix"),
        *("mqtt.area", "mqtt.tls.ca_file", "mqtt.tls.certificate_file", "mqtt.tls.key_file"),
        *("mqtt.protocol", "mqtt.port", "log.level", "practice.gap_seconds", "mqtt.families"),
    ],
)
@pytest.mark.parametrize("address", ["mqtts://me:S3cret@broker:8883/x", "rtsp://me:S3 c@ret@c"])
def test_rejects_an_address_with_a_login_at_every_key_without_showing_it(
    key: str, address: str, tmp_path: Path
) -> None:
    value = f"['{address}']" if key == "mqtt.families" else f"'{address}'"
    for part in reversed(key.split(".")):
        value = f"{{{part}: {value}}}"
    message = refusal(tmp_path, value)
    assert key in message
    assert "S3" not in message
    assert "ret" not in message.replace("secret", "")


@pytest.mark.parametrize(
    "text",
    [
        *('name: "{}"', 'mqtt: {{username: "{}"}}', 'mqtt: {{client_id: "{}"}}'),
        *('mqtt: {{topic_prefix: "{}"}}', 'mqtt: {{discovery_prefix: "{}"}}'),
        *('mqtt: {{host: "{}"}}', 'mqtt: {{area: "{}"}}', 'mqtt: {{password_file: "{}"}}'),
        *('mqtt: {{protocol: "{}"}}', 'mqtt: {{families: ["{}"]}}', 'mqtt: {{port: "{}"}}'),
        *('mqtt: {{tls: {{ca_file: "{}"}}}}', 'mqtt: {{tls: {{key_file: "{}"}}}}'),
        *('audio: {{device: "{}"}}', 'model: {{file: "{}"}}', 'state: {{directory: "{}"}}'),
        *('sources: [{{name: a, device: "{}"}}]', 'sources: [{{name: a, url: "rtsp://c/{}"}}]'),
        *('log: {{level: "{}"}}', 'tracker: {{families: {{"{}": {{}}}}}}'),
    ],
)
def test_rejects_a_lone_surrogate_in_every_text(text: str, tmp_path: Path) -> None:
    message = refusal(tmp_path, text.format(r"a\ud83d"))
    assert "half of a surrogate pair; write the whole character" in message


@pytest.mark.parametrize("key", ["username", "client_id", "topic_prefix", "area"])
def test_reads_a_surrogate_pair_from_json_as_one_character(key: str, tmp_path: Path) -> None:
    settings = loaded(tmp_path, json.dumps({"mqtt": {key: "\U0001f3b8"}}))
    assert getattr(settings.mqtt, key) == "\U0001f3b8"


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "homeassistant.local", "hub.local.", "192.168.1.5", "my_hub", "küche.local"),
        *("::1", "fe80::1%eth0", "2001:db8::192.168.1.5", "x" * 63 + ".local"),
    ],
)
def test_accepts_a_host_name_or_an_ip_address(host: str, tmp_path: Path) -> None:
    assert loaded(tmp_path, f"mqtt: {{host: '{host}'}}").mqtt.host == host


@pytest.mark.parametrize(
    ("host", "fault"),
    [
        (
            "mqtt://hub:1883",
            "a URL is not a host name; write only the host, and the port as mqtt.port",
        ),
        ("mqtts://hub", "the port as mqtt.port, and tls: {} for encryption"),
        ("wss://hub/mqtt", "MQTT over websockets is not supported; write only the host"),
        ("hub:1883", "the port has its own key; write host: hub and port: 1883"),
        ("192.168.1.5:1883", "write host: 192.168.1.5 and port: 1883"),
        ("[::1]", "brackets are not allowed; write host: '::1'"),
        ("[::1]:1883", "write host: '::1' and port: 1883"),
        ("me@hub", "it contains a user name; write only the host, and the user as mqtt.username"),
        ("${MQTT_HOST}", "variables are not expanded here; write the host name itself"),
        ("$MQTT_HOST", "variables are not expanded here"),
        ("{{ mqtt_host }}", "variables are not expanded here"),
        ("hub ", "a space or a control character; remove it"),
        *((host, "a space or a control character") for host in (" hub", "my hub", "hub\u00a0")),
        *((host, "a space or a control character") for host in ("hub\\n", "\\x7fhub", "hub\\t")),
        ("hub/", "it contains a path; write only the host name"),
        ("a..b", "it has an empty part between its dots; remove a dot"),
        *((host, "an empty part between its dots") for host in (".hub", ".", "hub..")),
        ("192.168.1.300", "it is not an IP address; write four numbers from 0 to 255"),
        *(
            (host, "not an IP address")
            for host in ("192.168.1", "1883", "192.168.1.05", "0x7f.1", "\uff11")
        ),
        *(
            (host, "nor an IPv6 address")
            for host in ("12345::", "a:b:c", "hub:", "::1%", "::1:99999")
        ),
        *((host, "only letters, digits, - and .") for host in ("<ip>", "hub;", "hub?x", "hub*")),
        ("“hub”", "typographic quotes"),
        ("x" * 64, "longer than 63 characters"),
        ("ü" * 63, "it is not a host name"),
        (".".join(["x" * 63] * 5), "longer than 253 characters"),
        ("", "it is empty; write a host name or an IP address"),
    ],
)
def test_rejects_an_invalid_host_with_the_remedy(host: str, fault: str, tmp_path: Path) -> None:
    message = refusal(tmp_path, f'mqtt: {{host: "{host}"}}')
    assert message.startswith(", line 1: mqtt.host: found ")
    assert fault in message
    assert "; " in message


@pytest.mark.parametrize(
    ("url", "is_valid"),
    [
        ("rtsp://me:pw@camera.local:8554/stream?x=1", True),
        ("http://[::1]:8000/radio", True),
        ("rtsp://:8554/x", False),
        ("rtsp://camera:port/x", False),
        ("rtsp://camera:99999/x", False),
        ("http://camera/a b", False),
        ("http://[::1/x", False),
    ],
)
def test_url_needs_a_host(url: str, tmp_path: Path, *, is_valid: bool) -> None:
    text = f"sources: [{{name: a, url: '{url}'}}]"
    if is_valid:
        assert loaded(tmp_path, text).sources[0].url == url
    else:
        assert "sources.0.url: not an address with a host; " in refusal(tmp_path, text)


def test_ambiguous_scalar_is_text_where_text_is_expected(tmp_path: Path) -> None:
    text = (
        "name: 2024-01-01\naudio: {device: 12:30}\n"
        "mqtt: {area: no, username: 0123, protocol: 5, tls: {minimum_version: 1.3}}\n"
    )
    settings = loaded(tmp_path, text)
    assert (settings.name, settings.audio.device) == ("2024-01-01", "12:30")
    assert (settings.mqtt.area, settings.mqtt.username) == ("no", "0123")
    assert settings.mqtt.protocol == "5"
    assert settings.mqtt.tls == TlsSettings(minimum_version="1.3")


def test_empty_section_has_its_defaults_at_any_depth(tmp_path: Path) -> None:
    text = "audio:\ntracker:\n  families:\n    vocal:\nmqtt:\n  families:\n  # - guitar\nsources:\n"
    settings = loaded(tmp_path, text)
    assert settings == Settings(tracker=TrackerSettings(families={"vocal": FamilySettings()}))
    assert loaded(tmp_path, "tracker:\n  families:\n  #  vocal: {votes: 3}\n") == Settings()


@pytest.mark.parametrize("nothing", ["", "  # ca_file: /etc/timbrel/ca.pem\n", "   \n"])
def test_rejects_an_empty_tls_section(nothing: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, f"mqtt:\n  tls:\n{nothing}  host: hub\n") == (
        ", line 2: mqtt.tls: it is empty; write {} to switch it on with its defaults, "
        "or null to leave it off"
    )


@pytest.mark.parametrize("word", ["null", "~"])
def test_null_disables_tls(word: str, tmp_path: Path) -> None:
    assert loaded(tmp_path, f"mqtt: {{tls: {word}}}").mqtt.tls is None


@pytest.mark.parametrize("section", ["audio: {}", "sources: [{{name: a, device: x, {}}}]"])
def test_rejects_an_empty_gate(section: str, tmp_path: Path) -> None:
    text = section.format("gate_dbfs:" if "sources" in section else "{gate_dbfs: }")
    assert refusal(tmp_path, text).endswith(
        "gate_dbfs: it is empty; write a value, or null to switch it off, or remove "
        "the key for the default"
    )


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("mqtt: {protocol: 5}", MqttSettings(protocol="5")),
        ("mqtt: {tls: {minimum_version: 1.2}}", MqttSettings(tls=TlsSettings())),
        ("mqtt: {username: 1234}", MqttSettings(username="1234")),
        ("mqtt: {username: 01e3}", MqttSettings(username="01e3")),
        ('mqtt: {port: "1883"}', MqttSettings(port=1883)),
        ("mqtt: {port: 1883.0}", MqttSettings(port=1883)),
        ("mqtt: {keepalive_seconds: 1e2}", MqttSettings(keepalive_seconds=100)),
        ('mqtt: {discovery: "off"}', MqttSettings(discovery=False)),
        ("mqtt: {families: }", MqttSettings()),
    ],
)
def test_accepts_unambiguous_values(text: str, settings: MqttSettings, tmp_path: Path) -> None:
    assert loaded(tmp_path, text).mqtt == settings


@pytest.mark.parametrize(
    ("port", "remedy"),
    [
        ("01773", "write 1773 or 1019, whichever is meant"),
        ('"01773"', "write 1773 or 1019, whichever is meant"),
        ("01883", "write 1883"),
        ("0o3531", "write 1881"),
    ],
)
def test_rejects_an_octal_number(port: str, remedy: str, tmp_path: Path) -> None:
    message = refusal(tmp_path, f"mqtt: {{port: {port}}}")
    assert ", which some YAML readers interpret as an octal number; " in message
    assert message.endswith(remedy)


@pytest.mark.parametrize("prefix", ["timbrel", "home/music", "home/first floor/ünder", "x/$y"])
def test_accepts_a_plain_topic_prefix(prefix: str, tmp_path: Path) -> None:
    assert loaded(tmp_path, f"mqtt: {{topic_prefix: '{prefix}'}}").mqtt.topic_prefix == prefix


def test_password_file_overrides_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(" s3cret with spaces \n", encoding="utf-8")
    mqtt = MqttSettings(password_file=str(file))
    assert read_password(mqtt, {PASSWORD_VARIABLE: "other"}) == " s3cret with spaces "


@pytest.mark.parametrize("content", [b"p\xc3\xa4ss", b"p\xc3\xa4ss\n", b"p\xc3\xa4ss\r\n"])
def test_removes_the_line_end_of_a_password_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes(content)
    assert read_password(MqttSettings(password_file=str(tmp_path / "password")), {}) == "päss"


def test_reads_the_password_from_the_environment_without_a_file() -> None:
    assert read_password(MqttSettings(), {PASSWORD_VARIABLE: "s3cret"}) == "s3cret"
    assert read_password(MqttSettings(), {}) is None


def test_uses_the_environment_of_the_process_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "s3cret")
    assert read_password(MqttSettings()) == "s3cret"


def test_rejects_a_missing_password_file(tmp_path: Path) -> None:
    path = tmp_path / "absent"
    with pytest.raises(InputError) as caught:
        read_password(MqttSettings(password_file=str(path)), {PASSWORD_VARIABLE: "s3cret"})
    assert str(caught.value) == (
        f"mqtt.password_file: {path}: No such file or directory; name a file that contains only "
        "the broker's password, or remove mqtt.password_file and set TIMBREL_MQTT_PASSWORD"
    )


UNUSABLE = [
    (b"s3cret\xff\xfe", "not text in UTF-8"),
    ("s3cret-pässwort\n".encode("latin-1"), "not text in UTF-8"),
    (b"me\ns3cret\n", "more than one line"),
    (b"\n\ns3cret", "more than one line"),
    (b"s3cret\rs3cret", "more than one line"),
    (b"s3cret\0", "contains a NUL character"),
    (b"s3cret" * 11_000, "longer than"),
]


@pytest.mark.parametrize(("content", "reason"), UNUSABLE)
def test_rejects_an_unusable_password_without_showing_it(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_password(MqttSettings(password_file=str(path)), {})
    (line,) = caught.value.lines
    assert line.startswith(f"mqtt.password_file: {path}: ")
    assert f"{reason}" in line or "larger than 64 KiB" in line
    assert "; name a file that contains only the broker's password" in line
    assert "s3cret" not in line


@pytest.mark.parametrize(("content", "reason"), UNUSABLE[:5])
def test_rejects_an_unusable_password_from_the_service_manager(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    (tmp_path / "mqtt_password").write_bytes(content)
    with pytest.raises(InputError, match=reason) as caught:
        read_password(MqttSettings(), {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("value", ["s3cret\udce4", "me\ns3cret"])
def test_rejects_an_unusable_password_in_the_environment(value: str) -> None:
    with pytest.raises(InputError) as caught:
        read_password(MqttSettings(), {PASSWORD_VARIABLE: value})
    assert str(caught.value).startswith(f"{PASSWORD_VARIABLE}: ")
    assert "; set it to the broker's password in UTF-8, or name a file" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("value", ["päss", "päss\n", "päss\r", "\ufeffpäss"])
def test_removes_the_line_end_of_a_password_in_the_environment(value: str) -> None:
    assert read_password(MqttSettings(), {PASSWORD_VARIABLE: value}) == "päss"


def test_empty_variable_gives_no_password() -> None:
    assert read_password(MqttSettings(), {PASSWORD_VARIABLE: ""}) is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_removes_the_byte_order_mark_of_a_password_file(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes("päss\r\n".encode(encoding))
    assert read_password(MqttSettings(password_file=str(tmp_path / "password")), {}) == "päss"


def test_settings_never_show_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text("s3cret")
    monkeypatch.setenv(PASSWORD_VARIABLE, "s3cret-too")
    settings = loaded(tmp_path, f"mqtt: {{username: me, password_file: {tmp_path / 'password'}}}")
    assert read_password(settings.mqtt) == "s3cret"
    shown = f"{settings!r} {settings} {msgspec.json.encode(settings)!r}"
    assert "s3cret" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "mqtt: {password: s3cret}",
        "mqtt: {username: me, password: [s3cret]}",
        "password: s3cret",
        "mqtt: {passwort: s3cret, port: 0}",
    ],
)
def test_error_about_a_misplaced_password_does_not_show_it(text: str, tmp_path: Path) -> None:
    assert "s3cret" not in "".join(refusals(tmp_path, text))


def test_settings_are_immutable() -> None:
    with pytest.raises(AttributeError):
        Settings().mqtt.host = "elsewhere"  # type: ignore[misc]


TWO = (
    "audio: {gate_dbfs: -50}\n"
    "sources:\n"
    "  - {name: music_room, device: 'usb:0d8c:0014:A 1', channel: 2}\n"
    "  - {name: hall, url: 'rtsp://me:pw@camera/1', gate_dbfs: null}\n"
)


def test_single_place_is_named_like_the_box(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "name: attic\naudio: {device: 3, channel: 2, gate_dbfs: -40}")
    (place,) = settings.places
    assert (place.name, place.device, place.channel) == ("attic", 3, 2)
    assert settings.gate_of(place) == -40.0


def test_source_inherits_the_gate_of_audio_unless_it_sets_one(tmp_path: Path) -> None:
    settings = loaded(tmp_path, TWO)
    room, hall = settings.places
    assert (room.name, room.device, room.channel) == ("music_room", "usb:0d8c:0014:A 1", 2)
    assert hall.url == "rtsp://me:pw@camera/1"
    assert [settings.gate_of(place) for place in (room, hall)] == [-50.0, None]


@pytest.mark.parametrize("name", ["a${b}c", "{{box}}"])
def test_accepts_a_quoted_user_name_that_looks_like_a_variable(name: str, tmp_path: Path) -> None:
    (tmp_path / "timbrel.yaml").write_text(f"mqtt: {{username: '{name}'}}\n")
    assert load(tmp_path / "timbrel.yaml").mqtt.username == name


def test_accepts_an_encoded_dollar_sign_in_a_url(tmp_path: Path) -> None:
    url = "rtsp://me:a%24%7Bb}@camera/1"
    (tmp_path / "timbrel.yaml").write_text(f"sources: [{{name: a, url: '{url}'}}]\n")
    assert load(tmp_path / "timbrel.yaml").sources[0].url == url


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sources: [{name: a, device: x}, {name: a, device: y}]", ["sources.1.name", "a appears"]),
        ("sources: [{name: a}]", ["sources.0", "neither device nor url"]),
        ("sources: [{name: a, device: x, url: 'rtsp://c'}]", ["sources.0", "both"]),
        ("sources: [{name: a, url: 'rtsp://c', channel: 1}]", ["sources.0.channel"]),
        ("sources: [{name: a/b, device: x}]", ["sources.0.name", "a/b", "letters"]),
        ("sources: [{device: x}]", ["sources.0.name", "missing"]),
        ("sources: [{name: a, divice: x}]", ["sources.0.divice", "did you mean device?"]),
        ("sources: [{name: a, device: x, channel: 0}]", ["sources.0.channel"]),
        ("sources: [{name: a, url: 'file:///etc/passwd'}]", ["sources.0.url", "rtsp://"]),
        (
            "sources: [{name: a, url: 'rtsp://me:${PASSWORD}@camera/1'}]",
            [
                "sources.0.url: found something else: variables",
                "itself, with %24 for each $ and %7B",
            ],
        ),
        ("sources: [{name: a, device: 'usb:1234'}]", ["sources.0.device", "usb:VID:PID"]),
        ("sources: 3", ["sources", "a list"]),
        ("audio: {device: x}\nsources: [{name: a, device: y}]", ["audio.device", "remove it"]),
        ("audio: {device: 'usb:12:34'}", ["audio.device", "usb:VID:PID"]),
        ("audio: {device: 'pulse:'}", ["audio.device", "pulse:SOURCE"]),
    ],
)
def test_error_about_an_invalid_source_names_the_key(
    text: str, words: list[str], tmp_path: Path
) -> None:
    message = refusal(tmp_path, text)
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    ("mqtt", "topics"),
    [
        ({}, ["homeassistant/status"]),
        ({"discovery_prefix": "ha"}, ["ha/status", "homeassistant/status"]),
        ({"discovery_prefix": "ha", "birth_topic": "hub/born"}, ["hub/born"]),
        ({"discovery": False, "birth_topic": "hub/born"}, []),
    ],
)
def test_birth_topics_include_the_hubs_default_unless_one_is_set(
    mqtt: dict[str, Any], topics: list[str]
) -> None:
    assert MqttSettings(**mqtt).birth_topics == topics
