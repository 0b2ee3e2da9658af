"""Work spread over processes, its results in the order of its arguments, with progress shown."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from model_build.progress import shown

Task = TypeVar("Task")
Result = TypeVar("Result")


def each(
    work: Callable[[Task], Result], tasks: Sequence[Task], *, what: str, workers: int | None = None
) -> Iterator[Result]:
    """Yield `work(task)` for each task, in order; the first exception of a worker is raised here.

    `work` is a module's function. With one worker it runs in this process.
    """
    workers = workers or os.cpu_count() or 1
    if workers == 1:
        yield from shown(map(work, tasks), what, len(tasks))
        return
    # Not forked: the parent may have threads of TensorFlow's by now.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _leave_interrupts_to_parent) as pool:
        try:
            yield from shown(pool.map(work, tasks), what, len(tasks))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
