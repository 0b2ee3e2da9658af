import json

import pytest

from daemon.commands import bench
from daemon.configuration.settings import Settings
from tests.conftest import Timbrel


def test_bench_measures_every_figure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Each figure is measured in full, but fewer times than on the command line.
    monkeypatch.setattr(bench, "_ROUNDS", 1)
    monkeypatch.setattr(bench, "_REPLAYS", 2)
    assert bench.bench(Settings(), peer=None, as_json=True) == 0
    figures = json.loads(capsys.readouterr().out)
    for step in ("front_end", "inference", "window"):
        assert 0.0 < figures[f"{step}_ms_median"] <= figures[f"{step}_ms_p95"]
    assert 0.0 < figures["cpu_ms_per_second"] < 1000.0
    ratio = figures["resident_megabytes"] / figures["bare_megabytes"]
    assert figures["resident_ratio"] == pytest.approx(ratio, abs=1e-3)
    for key in ("replay_times_real_time", "online_seconds", "model_kilobytes"):
        assert figures[key] > 0.0


def test_missing_peer_model_is_reported(timbrel: Timbrel) -> None:
    done = timbrel("bench", "--peer", "/nowhere/yamnet.tflite")
    assert done.returncode == 2
    assert "/nowhere/yamnet.tflite" in done.stderr
    assert "Traceback" not in done.stderr
