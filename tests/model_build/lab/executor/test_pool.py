import logging
from pathlib import Path

import pytest

from daemon.errors import FailedError, InputError
from model_build.lab.executor.log_prefix import log_prefix
from model_build.lab.executor.pool import InThisProcess, Pool, open_pool, ordered
from tests.model_build.lab.executor.tasks import Shard, runs_of, square


def shards(folder: Path, count: int, deadly: int = -1) -> list[Shard]:
    return [Shard(number, folder, number == deadly) for number in range(count)]


def test_one_worker_is_this_process(tmp_path: Path) -> None:
    with open_pool(1) as pool:
        assert isinstance(pool.executor, InThisProcess)
        assert list(ordered(pool, square, shards(tmp_path, 4))) == [0, 1, 4, 9]


def test_tasks_are_not_handed_over_long_before_their_turn(tmp_path: Path) -> None:
    with open_pool(1) as pool:
        results = ordered(pool, square, shards(tmp_path, 10))
        next(results)
        assert len(runs_of(tmp_path)) == 1


def test_results_of_processes_have_the_order_of_the_tasks(tmp_path: Path) -> None:
    with open_pool(2) as pool:
        assert list(ordered(pool, square, shards(tmp_path, 9))) == [n**2 for n in range(9)]
    assert runs_of(tmp_path) == dict.fromkeys(range(9), 1)


def test_a_killed_process_is_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(FailedError, match=r"a worker process was killed, .* use fewer --workers"),
        open_pool(2) as pool,
    ):
        list(ordered(pool, square, shards(tmp_path, 9, deadly=2)))


def test_an_open_pool_stays_open() -> None:
    pool = Pool(InThisProcess(), 1)
    with open_pool(pool) as same:
        assert same is pool


def test_log_lines_of_a_task_are_marked(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("model_build.test")
    with caplog.at_level(logging.INFO), log_prefix("trial 1: "), log_prefix("fold 100 %: "):
        log.info("loss %d", 3)
        log.info("100 %")
    log.warning("after")
    assert caplog.messages == ["trial 1: fold 100 %: loss 3", "trial 1: fold 100 %: 100 %", "after"]


def test_no_scheduler_at_the_address_is_one_line() -> None:
    with pytest.raises(InputError) as caught, open_pool(scheduler="nonsense"):
        pass
    assert str(caught.value).startswith("nonsense: no Dask scheduler answers (")
    assert len(caught.value.lines) == 1
