"""Work that is spread over processes."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import resource_tracker
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import TypeVar

from model_build.progress import with_progress

Task = TypeVar("Task")
Result = TypeVar("Result")


def parallel_map(
    work: Callable[[Task], Result], tasks: Sequence[Task], *, label: str, workers: int | None = None
) -> Iterator[Result]:
    """Yield `work(task)` of each task, in order, and show the progress under `label`.

    `work` must be a function of a module. `workers` is the number of processes, by default one per
    core; with one worker it runs in this process. The first exception of a worker is raised.
    """
    workers = workers or os.cpu_count() or 1
    if workers == 1:
        yield from with_progress(map(work, tasks), label, len(tasks))
        return
    with ProcessPoolExecutor(workers, WorkerContext(), follow_parent) as pool:
        try:
            yield from with_progress(pool.map(work, tasks), label, len(tasks))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


class _WorkerProcess(SpawnProcess):
    """A process that starts with Ctrl-C blocked.

    Otherwise, Ctrl-C while it imports its modules prints a stack trace.
    """

    def start(self) -> None:
        """Start the process, which inherits what this thread blocks."""
        resource_tracker.ensure_running()  # which otherwise removes the block after its own start
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class WorkerContext(SpawnContext):
    """Starts the processes of a pool, which `follow_parent` must prepare.

    They are not forked, because TensorFlow may have started threads in this process.
    """

    Process = _WorkerProcess


def follow_parent() -> None:
    """Prepare a worker process: its parent handles Ctrl-C, and it ends when its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    # A parent that is killed cannot tell its workers, which would wait for tasks for ever.
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)
