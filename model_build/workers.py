"""Work that is spread over processes."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
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
    # Not forked, because TensorFlow may have started threads in this process.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, follow_parent) as pool:
        try:
            yield from with_progress(pool.map(work, tasks), label, len(tasks))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def follow_parent() -> None:
    """Prepare a worker process: its parent handles Ctrl-C, and it ends when its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    # A parent that is killed cannot tell its workers, which would wait for tasks for ever.
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)
