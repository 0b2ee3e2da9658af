"""The broker's password must not appear anywhere outside its file; uses the real daemon."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.configuration.settings import TlsSettings
from daemon.errors import InputError
from daemon.mqtt.wire.tls import tls_context
from tests.conftest import MEDLEY, ROOT, StartBroker, Timbrel, Watcher, killed_at_last
from tests.daemon.mqtt.test_link import make_certificate, make_password_file

PASSWORD = "Zw3tschgenknoedel"  # noqa: S105
WRONG = "Gr1essnockerl"


def store_password(how: str, password: str, folder: Path) -> tuple[str, dict[str, str]]:
    """Write the password to a file; return additions to `mqtt` and to the environment."""
    folder.mkdir()
    file = folder / "mqtt_password"
    file.write_text(f"{password}\n")
    file.chmod(0o600)
    if how == "credential":
        return "", {"CREDENTIALS_DIRECTORY": str(folder)}
    return f", password_file: {file}", {}


@contextmanager
def running_daemon(config: Path, log: Path, environment: dict[str, str]) -> Iterator[int]:
    """Run `timbrel run` with its output in `log`; yield its process id."""
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "daemon", "run", "--config", config],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=output,
            stderr=output,
        )
    with killed_at_last(process):
        yield process.pid
        process.terminate()
        assert process.wait(20) == 0, log.read_text()


def wait_for(text: str, log: Path) -> None:
    deadline = time.monotonic() + 20
    while text not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def files_below(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("how", ["file", "credential"])
@pytest.mark.parametrize("password", [PASSWORD, WRONG], ids=["accepted", "refused"])
def test_running_daemon_does_not_expose_its_password(
    how: str, password: str, tmp_path: Path, start_broker: StartBroker
) -> None:
    passwords = make_password_file(tmp_path, "box", PASSWORD)
    broker = start_broker(f"password_file {passwords}\nallow_anonymous false\n")
    key, environment = store_password(how, password, tmp_path / "secret")
    config, log = tmp_path / "timbrel.yaml", tmp_path / "log"
    config.write_text(
        f"audio: {{device: no such microphone}}\nlog: {{level: debug}}\n"
        f"mqtt: {{host: 127.0.0.1, port: {broker.port}, username: box{key}}}\n"
    )
    with (
        Watcher(broker.port, username="box", password=PASSWORD) as hub,
        running_daemon(config, log, environment) as process,
    ):
        wait_for("Not authorized" if password == WRONG else "connected to the broker", log)
        if password == PASSWORD:
            hub.wait_for("timbrel/timbrel/availability", lambda m: m.payload == b"online")
        shown = [Path(f"/proc/{process}/{name}").read_bytes() for name in ("cmdline", "environ")]
        limits = Path(f"/proc/{process}/limits").read_text()
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
    seen = b"".join([*shown, log.read_bytes(), *(m.payload for m in hub.received)])
    seen += files_below(tmp_path / "state")
    assert len(seen) > 500
    assert password.encode() not in seen


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_password_file_with_byte_order_mark_works(
    encoding: str, tmp_path: Path, start_broker: StartBroker
) -> None:
    passwords = make_password_file(tmp_path, "box", "Knödel")
    broker = start_broker(f"password_file {passwords}\nallow_anonymous false\n")
    key, environment = store_password("file", "", tmp_path / "secret")
    (tmp_path / "secret" / "mqtt_password").write_bytes("Knödel\r\n".encode(encoding))
    config, log = tmp_path / "timbrel.yaml", tmp_path / "log"
    config.write_text(
        f"audio: {{device: no such microphone}}\n"
        f"mqtt: {{host: 127.0.0.1, port: {broker.port}, username: box{key}}}\n"
    )
    with running_daemon(config, log, environment):
        wait_for("connected to the broker", log)


def test_reload_logs_in_with_the_corrected_password(
    tmp_path: Path, start_broker: StartBroker
) -> None:
    passwords = make_password_file(tmp_path, "box", PASSWORD)
    broker = start_broker(f"password_file {passwords}\nallow_anonymous false\n")
    key, environment = store_password("file", WRONG, tmp_path / "secret")
    config, log = tmp_path / "timbrel.yaml", tmp_path / "log"
    config.write_text(
        f"audio: {{device: no such microphone}}\n"
        f"mqtt: {{host: 127.0.0.1, port: {broker.port}, username: box{key}}}\n"
    )
    with running_daemon(config, log, environment) as process:
        wait_for("Not authorized", log)
        # Wait until the pauses between attempts are long.
        time.sleep(8)
        (tmp_path / "secret" / "mqtt_password").write_text(PASSWORD)
        os.kill(process, signal.SIGHUP)
        began = time.monotonic()
        wait_for("settings reloaded: the broker's password applied", log)
        wait_for("connected to the broker", log)
        assert time.monotonic() - began < 5
    assert PASSWORD not in log.read_text()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (f"{PASSWORD}\udce4", "not text in UTF-8"),
        (f"{PASSWORD}\n{PASSWORD}", "more than one line"),
    ],
)
def test_unusable_password_in_the_environment_ends_the_program(
    value: str, reason: str, tmp_path: Path, timbrel: Timbrel
) -> None:
    config = tmp_path / "timbrel.yaml"
    config.write_text("mqtt: {port: 1, username: me}\n")
    environment = {**os.environ, "TIMBREL_MQTT_PASSWORD": value}
    for arguments in (["run", "--config", config], ["check", config]):
        done = timbrel(*arguments, env=environment)
        assert done.returncode == 2
        line = next(line for line in done.stderr.splitlines() if "TIMBREL_MQTT_PASSWORD" in line)
        assert f"TIMBREL_MQTT_PASSWORD: {reason}; set it to" in line
        assert "Traceback" not in done.stderr
        assert PASSWORD not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["check", "timbrel.yaml"],
        ["replay", "--publish", str(MEDLEY)],
        ["demo", "--config", "timbrel.yaml"],
        ["bench"],
        ["forget", "room"],
        ["reset"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_command_disables_core_dumps_before_reading_the_configuration(arguments: list[str]) -> None:
    script = (
        "import resource, sys\n"
        "from daemon import __main__\n"
        "from daemon.configuration import settings_file\n"
        "def load(_path):\n"
        "    print(*resource.getrlimit(resource.RLIMIT_CORE))\n"
        "    sys.exit(0)\n"
        "settings_file.load = settings_file.read_settings = load\n"
        f"__main__.main({arguments!r})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=allow_core_dumps,
    )
    assert done.stdout.split() == ["0", "0"]


def allow_core_dumps() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def test_unreadable_key_is_read_from_the_service_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = make_certificate(tmp_path)
    tls = TlsSettings(certificate_file=str(certificate), key_file="/nowhere/me.key")
    with pytest.raises(InputError, match=r"mqtt\.tls\.key_file: /nowhere/me.key: No such file"):
        tls_context(tls)
    key.rename(tmp_path / "mqtt_key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    tls_context(tls)


def test_no_command_accepts_or_prints_a_password(tmp_path: Path, timbrel: Timbrel) -> None:
    for command in ("run", "replay", "check", "demo", "install-service"):
        assert "--password" not in timbrel(command, "--help").stdout
    key, _ = store_password("file", PASSWORD, tmp_path / "secret")
    config = tmp_path / "timbrel.yaml"
    config.write_text(f"mqtt: {{username: box{key}}}\n")
    for arguments in (["check", config], ["install-service", "--user", "--dry-run"]):
        done = timbrel(*arguments, env={**os.environ, "HOME": str(tmp_path)})
        assert done.returncode == 0, done.stderr
        assert PASSWORD not in done.stdout + done.stderr
