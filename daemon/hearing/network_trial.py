"""Try a model file in a child process, because a damaged network can crash the runtime."""

import faulthandler
import os
import resource
import signal
from pathlib import Path
from typing import NoReturn

from daemon.errors import InputError
from daemon.hearing.classifier import load_classifier, load_runtime
from daemon.system.silenced_output import quiet_output

_TIMEOUT_SECONDS = 20


def try_out(path: Path) -> None:
    """Load the model and run it once in a child process.

    Raises InputError if that crashes or hangs; all other faults are ignored here. This forks, so
    call it before any thread is started.
    """
    load_runtime()
    child = os.fork()
    if child == 0:
        _load_and_exit(path)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        fate = "hangs" if name == "SIGALRM" else f"crashes with {name}"
        raise InputError(
            f"model file {path}: the TFLite runtime {fate} on it; "
            "build the model again with timbrel-build"
        )


def _load_and_exit(path: Path) -> NoReturn:
    try:
        faulthandler.disable()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
        signal.alarm(_TIMEOUT_SECONDS)
        with quiet_output():  # Freeing a damaged network can crash too.
            load_classifier(path)
    finally:
        os._exit(0)
