"""`timbrel forget` at brokers that allow a user only a part of the topics."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.hub.home_assistant.discovery import discovery
from tests.conftest import Mosquitto, StartBroker, Timbrel, Watcher
from tests.daemon.commands.test_forget import ATTIC, retained_messages
from tests.daemon.mqtt.test_link import publish

OWNER = {"username": "owner", "password": "owned"}


@pytest.fixture
def start_restricted(
    start_broker: StartBroker, tmp_path: Path
) -> Callable[[str], tuple[Mosquitto, Path]]:
    """Start a broker with access rules for the user `box`; it keeps messages of the attic."""

    def start(rules: str) -> tuple[Mosquitto, Path]:
        passwords = tmp_path / "passwords"
        for user, password in (("owner", "owned"), ("box", "secret")):
            create = [] if passwords.exists() else ["-c"]
            command = ["mosquitto_passwd", "-b", *create, str(passwords), user, password]
            subprocess.run(command, check=True, capture_output=True)
        passwords.chmod(0o644)
        access = tmp_path / "access"
        access.write_text(f"user owner\ntopic readwrite #\n\nuser box\n{rules}")
        broker = start_broker(f"password_file {passwords}\nacl_file {access}\n")
        for message in retained_messages(ATTIC):
            publish(broker.port, message.topic, message.payload, retain=True, auth=OWNER)
        (tmp_path / "secret").write_text("secret\n")
        config = tmp_path / "timbrel.yaml"
        config.write_text(
            f"mqtt: {{host: 127.0.0.1, port: {broker.port}, username: box, "
            f"password_file: {tmp_path / 'secret'}}}\n"
        )
        return broker, config

    return start


def topics_kept_by(broker: Mosquitto) -> set[str]:
    """Return the topics with retained messages, read by a user with full access."""
    with Watcher(broker.port, username="owner", password="owned") as watcher:  # noqa: S106
        publish(broker.port, "end", b"1", auth=OWNER)
        watcher.wait_for("end")
        return {message.topic for message in watcher.received} - {"end"}


@pytest.mark.parametrize(
    ("rules", "topics"),
    [
        ("topic readwrite timbrel/#\ntopic write homeassistant/device/+/config\n", 4),
        ("topic write timbrel/#\ntopic write homeassistant/device/+/config\n", 39),
    ],
)
def test_clears_topics_without_read_access(
    start_restricted: Callable[[str], tuple[Mosquitto, Path]],
    timbrel: Timbrel,
    rules: str,
    topics: int,
) -> None:
    broker, config = start_restricted(rules)
    done = timbrel("forget", "attic", "--config", config)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"attic is forgotten: {topics} topics cleared" in done.stdout
    assert ("may not read them" in done.stdout) == (topics > 4)
    assert topics_kept_by(broker) == set()


def test_reports_topics_without_write_access(
    start_restricted: Callable[[str], tuple[Mosquitto, Path]], timbrel: Timbrel
) -> None:
    broker, config = start_restricted("topic read #\ntopic write timbrel/#\n")
    done = timbrel("forget", "attic", "--config", config)
    device = discovery(ATTIC).topic
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"timbrel: attic is not forgotten: {device}: the broker refuses to clear it: "
        "Not authorized; give the user box write access to it in the broker's access list\n"
    )
    assert topics_kept_by(broker) == {device}


def test_detects_refused_publish_with_mqtt_3_1_1_by_reading_back(
    start_restricted: Callable[[str], tuple[Mosquitto, Path]], timbrel: Timbrel
) -> None:
    broker, config = start_restricted("topic read #\n")
    config.write_text(config.read_text().replace("}", ", protocol: 3.1.1}"))
    done = timbrel("forget", "attic", "--config", config)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the broker still keeps them; give the user box write access to them" in done.stderr
    assert all(message.topic in done.stderr for message in retained_messages(ATTIC))
    assert topics_kept_by(broker) == {message.topic for message in retained_messages(ATTIC)}


def test_fails_if_result_cannot_be_verified(
    start_restricted: Callable[[str], tuple[Mosquitto, Path]], timbrel: Timbrel
) -> None:
    _, config = start_restricted("topic write #\n")
    config.write_text(config.read_text().replace("}", ", protocol: 3.1.1}"))
    done = timbrel("forget", "attic", "--config", config)
    assert (done.returncode, done.stdout) == (1, "")
    assert "it is unknown whether the broker cleared them" in done.stderr
    assert discovery(ATTIC).topic in done.stderr


def test_wrong_password_is_reported(
    start_restricted: Callable[[str], tuple[Mosquitto, Path]], timbrel: Timbrel, tmp_path: Path
) -> None:
    _, config = start_restricted("topic readwrite #\n")
    (tmp_path / "secret").write_text("guess\n")
    done = timbrel("forget", "attic", "--config", config)
    assert done.returncode == 2
    assert "answers Not authorized; check mqtt.username" in done.stderr
