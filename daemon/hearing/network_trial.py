"""Try a model file in a child process, because the runtime may crash on a damaged network."""

import faulthandler
import os
import resource
import signal
from pathlib import Path
from typing import NoReturn

from daemon.errors import InputError
from daemon.hearing.classifier import Classifier, load_runtime
from daemon.system.silenced_output import quiet_output

_MOST_SECONDS = 20


def try_out(path: Path) -> None:
    """Raise InputError if loading the model or running it once crashes or hangs the process.

    Other faults are not reported here. Forks, so call it before other threads are started.
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
            "build the model anew with timbrel-build"
        )


def _load_and_exit(path: Path) -> NoReturn:
    try:
        faulthandler.disable()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
        signal.alarm(_MOST_SECONDS)
        with quiet_output():  # Freeing a damaged network may crash too.
            Classifier(path)
    finally:
        os._exit(0)
