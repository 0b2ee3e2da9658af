"""The lab's tasks on a Dask cluster of two processes."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

from daemon.errors import InputError
from model_build.__main__ import main
from model_build.lab.executor import dask_pool
from model_build.lab.executor.pool import open_pool, ordered
from tests.model_build.lab.executor.tasks import runs_of, square
from tests.model_build.lab.executor.test_pool import shards
from tests.model_build.lab.tones import write_tones

EXPERIMENT = """\
name: tones
data: {{layout: folders, path: {folder}/train, group_pattern: '/(\\d)_'}}
front_end: {{chunk_seconds: 0.3, bands: 16}}
model: {{kind: forest, trees: 5}}
validation: {{strategy: group-k-fold, folds: 2}}
output: {{folder: {folder}/{runs}}}
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as running:
        yield running


def test_only_the_shard_of_a_killed_worker_is_done_again(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    tasks = shards(tmp_path, 12, deadly=5)
    with open_pool(scheduler=cluster.scheduler_address) as pool:
        assert pool.width == 2
        assert list(ordered(pool, square, tasks)) == [n**2 for n in range(12)]
    assert runs_of(tmp_path) == {n: 2 if n == 5 else 1 for n in range(12)}


def killed_once(cluster: LocalCluster, features: Path) -> threading.Thread:
    """Kill a worker as soon as the first features are written; return the thread that waits."""

    def kill() -> None:
        while not any(features.glob("*/values.float32")):
            time.sleep(0.01)
        # A worker that another test killed has a successor of another name.
        os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)

    waiting = threading.Thread(target=kill, daemon=True)
    waiting.start()
    return waiting


def test_a_run_on_a_cluster_has_the_same_figures(cluster: LocalCluster, tmp_path: Path) -> None:
    write_tones(tmp_path / "train", 12, seed=1)
    file = tmp_path / "tones.yaml"
    scores = []
    for runs, where in (
        ("here", ["--workers", "1"]),
        ("there", ["--scheduler", cluster.scheduler_address]),
    ):
        file.write_text(EXPERIMENT.format(folder=tmp_path, runs=runs), encoding="utf-8")
        features = tmp_path / runs / "features"
        killing = killed_once(cluster, features) if runs == "there" else None
        assert main(["lab", "run", str(file), *where]) == 0
        if killing:
            killing.join()
        scores.append((tmp_path / runs / "tones" / "predictions.csv").read_text())
        [values] = features.glob("*/values.float32")
        scores.append(values.read_bytes().hex())
    assert scores[:2] == scores[2:]


def test_no_scheduler_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dask_pool, "_PATIENCE_SECONDS", 0.3)
    write_tones(tmp_path / "train", 2, seed=1)
    file = tmp_path / "tones.yaml"
    file.write_text(EXPERIMENT.format(folder=tmp_path, runs="runs"), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
    assert main(["lab", "run", str(file), "--scheduler", address]) == 2
    assert capsys.readouterr().err == (
        f"timbrel-build: {address}: no Dask scheduler answers; start one with `dask scheduler`, "
        f"and workers with `dask worker {address}`\n"
    )


def test_a_scheduler_without_workers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_pool, "_PATIENCE_SECONDS", 1.0)
    with (
        LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0") as empty,
        pytest.raises(InputError, match="the scheduler has no workers; start some with"),
        open_pool(scheduler=empty.scheduler_address),
    ):
        pass
