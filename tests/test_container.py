"""The compose file: a broker without passwords must not be reachable from the network."""

from pathlib import Path

import yaml

FOLDER = Path(__file__).parents[1] / "configs" / "container"


def test_broker_without_passwords_is_published_on_loopback_only() -> None:
    services = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]
    anonymous = "allow_anonymous true" in (FOLDER / "mosquitto.conf").read_text().splitlines()
    assert anonymous
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:1883:1883"]


def test_mounted_files_exist() -> None:
    services = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]
    mounted = [v.partition(":")[0] for s in services.values() for v in s.get("volumes", [])]
    files = [name for name in mounted if name.startswith("./")]
    assert files
    assert all((FOLDER / name).is_file() for name in files)


def test_container_inherits_the_time_zone() -> None:
    services = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]
    assert services["timbrel"]["environment"] == ["TZ"]
