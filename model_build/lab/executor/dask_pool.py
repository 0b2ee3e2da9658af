"""A pool of the workers of a Dask cluster."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from concurrent.futures import Executor
from typing import Any

from daemon.errors import FailedError, InputError

_PATIENCE_SECONDS = 5.0
_REMEDY = "install the extra `scale`: script/setup build lab scale"


@contextlib.contextmanager
def open_dask(address: str) -> Iterator[tuple[Executor, int]]:
    """Connect to the scheduler at an address such as tcp://HOST:8786.

    Yields the executor, and how many tasks it runs at once.
    Tasks of a worker that dies are done again by another one. Raises InputError if Dask is not
    installed, if nothing answers, or if the cluster has no workers; FailedError if the scheduler
    goes away.
    """
    try:
        from distributed import CancelledError, KilledWorker
        from distributed.comm import CommClosedError
    except ImportError:
        raise InputError(f"--scheduler needs Dask; {_REMEDY}") from None
    with _client(address) as client:
        executor = client.get_executor(pure=False)
        try:
            yield executor, sum(client.nthreads().values())
        except KilledWorker:
            raise FailedError(
                f"{address}: a task killed several workers, perhaps because their memory was full; "
                "what is done is kept"
            ) from None
        except (CancelledError, CommClosedError):
            raise FailedError(
                f"{address}: the connection was lost; what is done is kept, run the same command "
                "to continue"
            ) from None
        finally:
            executor.shutdown(wait=False)


@contextlib.contextmanager
def _client(address: str) -> Iterator[Any]:
    from distributed import Client

    # It logs every reconnection with a stack trace.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    _check(address)
    with Client(address, timeout=_PATIENCE_SECONDS) as client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE_SECONDS)
        except TimeoutError:
            raise InputError(
                f"{address}: the scheduler has no workers; start some with `dask worker {address}`"
            ) from None
        yield client


def _check(address: str) -> None:
    """Connect once before a client does: one that cannot connect tries again when it is deleted."""
    from distributed import Security
    from distributed.comm import connect

    async def connected() -> None:
        options = Security().get_connection_args("client")
        comm = await connect(address, timeout=_PATIENCE_SECONDS, **options)
        await comm.close()

    try:
        asyncio.run(connected())
    except (OSError, ValueError) as error:
        why = "" if isinstance(error, OSError) else f" ({error})"
        raise InputError(
            f"{address}: no Dask scheduler answers{why}; start one with `dask scheduler`, and "
            f"workers with `dask worker {address}`"
        ) from None
