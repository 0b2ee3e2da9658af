"""Undoes what a test run inherits, so that every machine, terminal and service gives one result.

The programs under test read their environment and signal settings rightly; a test that needs one
sets it itself.
"""

import locale
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

# What Timbrel, its add-on and its libraries read.
_PREFIXES = ("LISTEN_", "PULSE_", "SUPERVISOR_", "TIMBREL_", "WATCHDOG_", "XDG_")
_NAMES = {
    *("CACHE_DIRECTORY", "CONFIGURATION_DIRECTORY", "CREDENTIALS_DIRECTORY", "LOGS_DIRECTORY"),
    *("INVOCATION_ID", "JOURNAL_STREAM", "NOTIFY_SOCKET", "RUNTIME_DIRECTORY", "STATE_DIRECTORY"),
    *("CLICOLOR", "CLICOLOR_FORCE", "COLORTERM", "COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR"),
    *("TTY_COMPATIBLE", "TTY_INTERACTIVE"),
    *("LANG", "LANGUAGE", "PYTHONCOERCECLOCALE", "PYTHONIOENCODING", "PYTHONUTF8"),
    *("ALSA_CONFIG_PATH", "KERAS_BACKEND", "KERAS_HOME", "MPLBACKEND", "MPLCONFIGDIR"),
}
_LOCALE = "C.UTF-8"
# Nobody's own zone: code that takes local time for UTC fails on every machine alike.
_ZONE = "<+0545>-5:45"


def plain_environment(inherited: Mapping[str, str], home: Path) -> dict[str, str]:
    """The inherited variables without those that change what a test sees."""
    kept = {
        name: value
        for name, value in inherited.items()
        if name not in _NAMES and not name.startswith((*_PREFIXES, "LC_"))
    }
    # A proxy may be needed elsewhere, but never to reach a server of the tests.
    direct = {"no_proxy": "127.0.0.1,localhost", "NO_PROXY": "127.0.0.1,localhost"}
    return kept | direct | {"HOME": str(home), "LC_ALL": _LOCALE, "TERM": "xterm", "TZ": _ZONE}


def plain_process(home: Path) -> None:
    """Give this process, and the children it starts, plain surroundings."""
    environment = plain_environment(os.environ, home)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    locale.setlocale(locale.LC_ALL, _LOCALE)
    os.umask(0o022)
    plain_signals()


def plain_signals() -> None:
    """Let every signal arrive, and every child start with the default handlers.

    What this process was told to ignore (nohup, a shell's background job) it still ignores, but
    by a handler: a child inherits SIG_IGN, not a handler.
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    # Python ignores these two itself, and resets them in its children.
    for number in signal.valid_signals() - {signal.SIGPIPE, signal.SIGXFSZ}:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
