"""Files with secrets that every user of the machine can read."""

import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from daemon.configuration.settings import Settings


def exposed_secrets(settings: Settings, config: Path | None) -> Iterator[str]:
    """Yield a warning, with the remedy, for each exposed file.

    Checked are the password and key files that the settings name, and the settings file `config`
    if it contains the login of a camera.
    """
    tls = settings.mqtt.tls
    named = {"mqtt.password_file": settings.mqtt.password_file}
    named["mqtt.tls.key_file"] = None if tls is None else tls.key_file
    for key, name in named.items():
        if name is not None and _is_open(Path(name)):
            remedy = shlex.join(["chmod", "600", name])
            yield f"{key}: every user of this machine can read {name}; {remedy}"
    has_login = any("@" in str(source.url) for source in settings.sources)
    if config is not None and has_login and _is_open(config):
        problem = "every user of this machine can read the cameras' passwords in it"
        yield f"{config}: {problem}; {_restrict_command(config)}"


def _restrict_command(config: Path) -> str:
    """Return the command that leaves `config` readable only by its user or by the service."""
    from daemon.system import installation

    if config.stat().st_uid != 0 or installation.service_group() is None:
        return shlex.join(["chmod", "600", str(config)])
    return installation.restrict_command(config)


def _is_open(path: Path) -> bool:
    """Return whether other users may read the file and enter every folder above it."""
    try:
        path = path.resolve()
        folders = all(parent.stat().st_mode & stat.S_IXOTH for parent in path.parents)
        mode = path.stat().st_mode
    except OSError:
        return False
    return folders and stat.S_ISREG(mode) and bool(mode & stat.S_IROTH)
