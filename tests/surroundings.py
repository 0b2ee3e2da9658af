"""Clean the inherited environment and signals, so that tests give the same result everywhere.

The programs under test rightly read their environment and signal settings. A test that needs one
sets it itself.
"""

import locale
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

# Variables that Timbrel, its add-on and its libraries read.
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
# An unusual time zone: code that confuses local time with UTC fails on every machine.
_ZONE = "<+0545>-5:45"


def plain_environment(inherited: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return the inherited variables without those that affect the result of a test."""
    kept = {
        name: value
        for name, value in inherited.items()
        if name not in _NAMES and not name.startswith((*_PREFIXES, "LC_"))
    }
    # Never use a proxy to reach the servers of the tests.
    direct = {"no_proxy": "127.0.0.1,localhost", "NO_PROXY": "127.0.0.1,localhost"}
    return kept | direct | {"HOME": str(home), "LC_ALL": _LOCALE, "TERM": "xterm", "TZ": _ZONE}


def plain_process(home: Path) -> None:
    """Clean the environment, locale, umask and signals of this process and its children."""
    environment = plain_environment(os.environ, home)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    locale.setlocale(locale.LC_ALL, _LOCALE)
    os.umask(0o022)
    plain_signals()


def plain_signals() -> None:
    """Unblock all signals, and let children start with the default handlers.

    A signal that this process ignores (because of nohup or a shell's background job) gets an empty
    handler, because children inherit SIG_IGN but not handlers.
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    # Python itself ignores these two, and resets them in its children.
    for number in signal.valid_signals() - {signal.SIGPIPE, signal.SIGXFSZ}:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
