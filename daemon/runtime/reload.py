"""Reloads the settings while the daemon runs; logs which changes need a restart."""

import errno
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

import msgspec

from daemon.configuration.password_reload import ReloadedPassword
from daemon.configuration.settings import MqttSettings, Settings, SourceSettings
from daemon.configuration.settings_file import load
from daemon.configuration.startup_files import changed_files, signatures
from daemon.errors import InputError
from daemon.practice.switches import Switches
from daemon.system import systemd
from daemon.system.stop import Stop

log = logging.getLogger(__name__)

_Sources: TypeAlias = tuple[SourceSettings, ...]
# What the hub may change, too.
_OF_PRACTICE = ("goal", *Switches.__struct_fields__)
_APPLIED = (
    *("audio.gate_dbfs", "tracker", "log.level"),
    *(f"practice.{name}" for name in _OF_PRACTICE),
)


class Reload:
    """Reloads the settings file when requested; the loop calls it every turn.

    `apply` gets the new settings and raises InputError if they cannot work. In that case, or if the
    file is invalid, the old settings stay. Removed sources are applied, unless none is left.
    `renew` reads the broker's password again.
    """

    def __init__(
        self,
        file: Path | None,
        settings: Settings,
        apply: Callable[[Settings], None],
        renew: Callable[[MqttSettings], ReloadedPassword] = lambda _: ReloadedPassword(),
    ) -> None:
        self._file = file
        self._settings = settings
        self._apply = apply
        self._renew = renew
        self._files = signatures(settings)
        self._is_requested = False

    def request(self) -> None:
        """Reload at the next turn; may be called from a signal handler."""
        self._is_requested = True

    def __call__(self) -> None:
        """Reload if requested."""
        if not self._is_requested:
            return
        self._is_requested = False
        systemd.reloading()
        time.tzset()
        if self._file is None:
            log.warning("nothing to reload: started without --config")
        else:
            self._read(self._file)
        systemd.notify("READY=1")

    def _read(self, file: Path) -> None:
        try:
            settings = load(file)
            changes = changed_keys(self._settings, settings)
            renewal = self._renew(settings.mqtt)
            self._apply(settings)
        except InputError as error:
            for line in error.lines:
                log.error("%s; the old settings stay", line)  # noqa: TRY400
            return
        renewal.use()
        applied = [key for key in changes if is_applied(key) or key in renewal.applied]
        waiting = [key for key in changes if key not in applied]
        applied += [key for key in renewal.applied if key not in changes]
        files = signatures(settings)
        waiting += [f"{key} (its file has changed)" for key in changed_files(self._files, files)]
        gone = _removed(self._settings.places, settings.places)
        parts = [f"sources without {', '.join(gone)}"] if gone else []
        if applied:
            parts.append(f"{', '.join(applied)} applied")
        if waiting:
            parts.append(f"restart needed for {', '.join(waiting)}")
        parts += renewal.warnings
        level = logging.WARNING if renewal.warnings else logging.INFO
        log.log(level, "settings reloaded: %s", "; ".join(parts) or "nothing has changed")
        self._settings = _with_applied(self._settings, settings)
        if "mqtt.password_file" in applied:
            self._settings = _with_password_file(self._settings, settings)


def is_applied(key: str) -> bool:
    """Return True if a change of the key takes effect without a restart."""
    return key.startswith(_APPLIED) or (key.startswith("sources.") and key.endswith(".gate_dbfs"))


def changed_keys(old: Settings, new: Settings) -> list[str]:
    """Return the keys that differ, as `section.key` or `sources.name.key`.

    Returns `sources` if sources were added, renamed or reordered. Removed sources do not count,
    since their removal is applied.
    """
    keys: list[str] = []
    for section in Settings.__struct_fields__:
        before, after = getattr(old, section), getattr(new, section)
        if before == after:
            continue
        if section == "sources":
            keys += _changed_sources(before, after)
        elif isinstance(before, msgspec.Struct) and isinstance(after, msgspec.Struct):
            keys += _changed_fields(section, before, after)
        else:
            keys.append(section)
    return keys


def _removed(old: _Sources, new: _Sources) -> list[str]:
    """Return the names of the removed sources; empty if none of the old sources is left."""
    names = [source.name for source in new]
    gone = [source.name for source in old if source.name not in names]
    return gone if len(gone) < len(old) else []


def _changed_sources(old: _Sources, new: _Sources) -> list[str]:
    gone = _removed(old, new)
    old = tuple(source for source in old if source.name not in gone)
    if [source.name for source in old] != [source.name for source in new]:
        return ["sources"]
    pairs = zip(old, new, strict=True)
    return [key for a, b in pairs for key in _changed_fields(f"sources.{a.name}", a, b)]


def _changed_fields(where: str, old: msgspec.Struct, new: msgspec.Struct) -> list[str]:
    return [
        f"{where}.{field}"
        for field in old.__struct_fields__
        if getattr(old, field) != getattr(new, field)
    ]


def _with_applied(old: Settings, new: Settings) -> Settings:
    """Return the current settings, so that the next reload names waiting keys again."""
    replace: Any = msgspec.structs.replace
    gone = _removed(old.places, new.places)
    gates = {source.name: source.gate_dbfs for source in new.sources}
    applied: Settings = replace(
        old,
        audio=replace(old.audio, gate_dbfs=new.audio.gate_dbfs),
        tracker=new.tracker,
        practice=replace(
            old.practice, **{name: getattr(new.practice, name) for name in _OF_PRACTICE}
        ),
        log=replace(old.log, level=new.log.level),
        sources=tuple(
            replace(source, gate_dbfs=gates.get(source.name, source.gate_dbfs))
            for source in old.sources
            if source.name not in gone
        ),
    )
    return applied


def _with_password_file(old: Settings, new: Settings) -> Settings:
    file = new.mqtt.password_file
    mqtt = msgspec.structs.replace(old.mqtt, password_file=file)
    return msgspec.structs.replace(old, mqtt=mqtt)


@contextmanager
def reload_on_signal(reload: Reload, wake: Callable[[], None], stop: Stop) -> Iterator[None]:
    """Request a reload and wake the loop on every SIGHUP, inside this context.

    A closing terminal also sends SIGHUP. A process that was started in it then stops instead, since
    nobody expects it to go on listening, unless it was started with SIGHUP ignored. A signal that
    was blocked until now counts, too.
    """
    had_terminal = (os.isatty(0) or _is_hung_up()) and signal.getsignal(
        signal.SIGHUP
    ) is not signal.SIG_IGN

    def request(_number: int, _frame: FrameType | None) -> None:
        if had_terminal and not os.isatty(0):
            stop.set()
            return
        reload.request()
        wake()

    before = signal.signal(signal.SIGHUP, request)
    mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGHUP, before)


def _is_hung_up() -> bool:
    """Return True if standard input is a terminal that has been closed."""
    try:
        os.tcgetpgrp(0)
    except OSError as error:
        return error.errno == errno.EIO
    return False
