"""Fill the shipped systemd unit files with the paths of this installation."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

NAME = "timbrel.service"
CONFIG = Path("/etc/timbrel/timbrel.yaml")
PASSWORD = Path("/etc/timbrel/mqtt-password")
WEB_PASSWORD = Path("/etc/timbrel/web-password")

_FOR_EACH_URL = {"MemoryHigh": 48, "MemoryMax": 48, "TasksMax": 8}
_KNOWS_RESTART_STEPS = 254
_FOLDER = Path(__file__).parent / "units"
_PLAIN = re.compile(r"[\w@%+=,./-]+\Z", re.ASCII)


def system_unit(
    program: Path,
    config: Path,
    secrets: Mapping[str, Path],
    home_folders: Sequence[Path],
    ports: Sequence[str] = (),
    *,
    urls: int = 0,
    systemd_version: int = 0,
) -> str:
    """Return the text of the system service's unit.

    `secrets` maps credential names to files. Of all home directories, the service can read only the
    `home_folders`. It may listen on `ports`, written as `ipv4:tcp:9464`. `urls` is the
    number of sources with a url, for which the limits are raised. Keys newer than systemd 252 are
    used only if `systemd_version` supports them.
    """
    text = (_FOLDER / NAME).read_text(encoding="utf-8")
    lines = {
        "ExecStart": _command(program, config),
        "LoadCredential": "\nLoadCredential=".join(
            f"{name}:{_escaped(path)}" for name, path in secrets.items()
        ),
    }
    if home_folders:
        # The service gets an empty /home that contains only these folders.
        folders = " ".join(_word(folder) for folder in home_folders)
        lines["ProtectHome"] = f"tmpfs\nBindReadOnlyPaths={folders}"
    if ports:
        allowed = "".join(f"\nSocketBindAllow={port}" for port in ports)
        lines["SocketBindDeny"] = f"any{allowed}"
    return _with(text, lines | _limits(text, urls) | _restarts(systemd_version))


def user_unit(program: Path, config: Path, *, urls: int = 0, systemd_version: int = 0) -> str:
    """Return the text of the unit for a user's own service manager, as `system_unit` does.

    This unit is less confined.
    """
    text = (_FOLDER / "timbrel-user.service").read_text(encoding="utf-8")
    lines = {"ExecStart": _command(program, config)}
    return _with(text, lines | _limits(text, urls) | _restarts(systemd_version))


def _limits(text: str, urls: int) -> dict[str, str]:
    """Return the limits of the unit, raised for one decoder process per url."""
    limits = {}
    for key, more in _FOR_EACH_URL.items():
        value = re.search(rf"^{key}=(\d+)(M?)$", text, re.MULTILINE)
        if value is None:
            raise AssertionError(f"the unit has no {key}")
        limits[key] = f"{int(value[1]) + more * urls}{value[2]}"
    return limits


def _restarts(systemd_version: int) -> dict[str, str]:
    """Return keys for pauses before restarts that grow from 3 s to 10 s over five restarts.

    systemd counts automatic restarts until the service is stopped by hand, however long it ran
    between them. Every later restart therefore has the longest pause, and no sound is analysed
    during it.
    """
    if systemd_version < _KNOWS_RESTART_STEPS:
        return {}
    return {"RestartSec": "3\nRestartSteps=5\nRestartMaxDelaySec=10"}


def _command(program: Path, config: Path) -> str:
    return f"{_word(program)} run {config_argument(config)}"


def config_argument(config: Path) -> str:
    """Return the end of the unit's command line, which names the configuration."""
    # systemd expands $ in arguments, but not in the path of the program.
    return f"--config {_word(config).replace('$', '$$')}"


def _with(text: str, values: Mapping[str, str]) -> str:
    """Return the unit with new values for some keys; each must occur exactly once in it."""
    left = dict(values)
    lines = []
    for line in text.splitlines(keepends=True):
        key = line.partition("=")[0]
        lines.append(f"{key}={left.pop(key)}\n" if key in left else line)
    if left:
        raise AssertionError(f"the unit has no {', '.join(left)}")
    return "".join(lines)


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")


def _word(path: Path) -> str:
    """Return a path as one word of a command line, quoted if necessary."""
    text = _escaped(path)
    if _PLAIN.match(text):
        return text
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
