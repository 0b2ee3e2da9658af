"""Open the executor that a command works with, and hand it tasks."""

import contextlib
import logging
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import NamedTuple, ParamSpec, TypeAlias, TypeVar

from daemon.errors import FailedError
from model_build.progress import with_progress
from model_build.workers import WorkerContext, follow_parent

Task = TypeVar("Task")
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

_AHEAD = 2
"""Tasks handed over for each that can run at once: results that wait need memory."""


class Pool(NamedTuple):
    """An executor, and how many tasks it runs at once."""

    executor: Executor
    """What runs the tasks."""
    width: int
    """Tasks that run at once."""
    is_remote: bool = False
    """True if the lines that a task logs are not shown here."""


Workers: TypeAlias = int | Pool | None
"""The number of processes, None for one per core; or a pool that is open already."""


class InThisProcess(Executor):
    """Runs each task when it is handed over."""

    def submit(
        self,
        task: Callable[Arguments, Result],
        /,
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Future[Result]:
        """Run a task; return it finished. An interruption or an error is raised at once."""
        future: Future[Result] = Future()
        future.set_result(task(*args, **kwargs))
        return future


@contextlib.contextmanager
def open_pool(workers: Workers = None, scheduler: str = "") -> Iterator[Pool]:
    """Open the pool for a command: that of a Dask scheduler if there is one, else of processes.

    A pool that is open already stays open. Raises InputError if nothing answers at the scheduler's
    address, and FailedError if a process of the pool was killed.
    """
    if isinstance(workers, Pool):
        yield workers
    elif scheduler:
        from model_build.lab.executor.dask_pool import open_dask

        with open_dask(scheduler) as (executor, width):
            yield Pool(executor, width, is_remote=True)
    elif workers == 1:
        yield Pool(InThisProcess(), 1)
    else:
        with _processes(workers or os.cpu_count() or 1) as pool:
            yield pool


def ordered(
    pool: Pool,
    work: Callable[[Task], Result],
    tasks: Iterable[Task],
    *,
    label: str = "",
    total: int | None = None,
) -> Iterator[Result]:
    """Yield `work(task)` of each task, in order, and show the progress if there is a `label`.

    Only a few tasks are taken from `tasks` and handed over ahead of their turn. `total` is their
    number, if they have no length. The first exception of a task is raised.
    """
    if total is None and isinstance(tasks, Sized):
        total = len(tasks)
    results = _ordered(pool, work, tasks)
    yield from with_progress(results, label, total) if label else results


def _ordered(pool: Pool, work: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
    waiting: deque[Future[Result]] = deque()
    for task in tasks:
        waiting.append(pool.executor.submit(work, task))
        if len(waiting) > _AHEAD * pool.width or pool.width == 1:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@contextlib.contextmanager
def _processes(workers: int) -> Iterator[Pool]:
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(workers, WorkerContext(), _prepare_process)
    try:
        yield Pool(executor, workers)
    except BrokenProcessPool:
        raise FailedError(
            "a worker process was killed, perhaps because the memory was full; use fewer --workers "
            "or a smaller training.batch_chunks; what is done is kept"
        ) from None
    except BaseException:
        # A fold takes minutes: do not wait for the tasks that are running.
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


def _prepare_process() -> None:
    follow_parent()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Otherwise the first process would take the whole memory of a GPU.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    logging.basicConfig(format="%(message)s", level=logging.INFO)
