"""The service manager's unit files as text: those that ship, with one installation's own paths."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

NAME = "timbrel.service"
CONFIG = Path("/etc/timbrel/timbrel.yaml")
PASSWORD = Path("/etc/timbrel/mqtt-password")

_FOR_EACH_URL = {"MemoryHigh": 48, "MemoryMax": 48, "TasksMax": 8}
_KNOWS_RESTART_STEPS = 254
_FOLDER = Path(__file__).parent / "units"
_PLAIN = re.compile(r"[\w@%+=,./-]+\Z", re.ASCII)


def system_unit(
    program: Path,
    config: Path,
    secrets: Mapping[str, Path],
    hidden: Sequence[Path],
    port: int | None = None,
    *,
    urls: int = 0,
    systemd_version: int = 0,
) -> str:
    """The unit for the whole machine.

    It is handed the `secrets`, files by the credential's name, sees of all homes only the `hidden`
    folders, and may listen at the `port`, if any. Its limits fit so many sources with a url; it has
    no key that is newer than systemd 252 unless the version knows it.
    """
    text = (_FOLDER / NAME).read_text(encoding="utf-8")
    lines = {
        "ExecStart": _command(program, config),
        "LoadCredential": "\nLoadCredential=".join(
            f"{name}:{_escaped(path)}" for name, path in secrets.items()
        ),
    }
    if hidden:
        # An empty /home in its own view, with nothing in it but these.
        folders = " ".join(_word(folder) for folder in hidden)
        lines["ProtectHome"] = f"tmpfs\nBindReadOnlyPaths={folders}"
    if port is not None:
        lines["SocketBindDeny"] = f"any\nSocketBindAllow=ipv4:tcp:{port}"
    return _with(text, lines | _limits(text, urls) | _restarts(systemd_version))


def user_unit(program: Path, config: Path, *, urls: int = 0, systemd_version: int = 0) -> str:
    """The unit for one user's own manager; as `system_unit`, and less confined."""
    text = (_FOLDER / "timbrel-user.service").read_text(encoding="utf-8")
    lines = {"ExecStart": _command(program, config)}
    return _with(text, lines | _limits(text, urls) | _restarts(systemd_version))


def _limits(text: str, urls: int) -> dict[str, str]:
    """The unit's own limits, and room for a decoding process a url."""
    limits = {}
    for key, more in _FOR_EACH_URL.items():
        value = re.search(rf"^{key}=(\d+)(M?)$", text, re.MULTILINE)
        if value is None:
            raise AssertionError(f"the unit has no {key}")
        limits[key] = f"{int(value[1]) + more * urls}{value[2]}"
    return limits


def _restarts(systemd_version: int) -> dict[str, str]:
    """Return keys for pauses before restarts that grow from 3 s to 10 s over five restarts.

    systemd counts automatic restarts until somebody stops the service, however long it ran between
    them: every later restart takes the longest pause, during which nothing is heard.
    """
    if systemd_version < _KNOWS_RESTART_STEPS:
        return {}
    return {"RestartSec": "3\nRestartSteps=5\nRestartMaxDelaySec=10"}


def _command(program: Path, config: Path) -> str:
    return f"{_word(program)} run {config_argument(config)}"


def config_argument(config: Path) -> str:
    """Return the end of the unit's command line, which names the configuration."""
    # In arguments, not in the program's own path, a $ begins a variable.
    return f"--config {_word(config).replace('$', '$$')}"


def _with(text: str, values: Mapping[str, str]) -> str:
    """The unit with other values for some keys, each of which must stand in it once."""
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
    """A path as one word, whatever is in it."""
    text = _escaped(path)
    if _PLAIN.match(text):
        return text
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
