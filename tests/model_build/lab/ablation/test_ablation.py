from pathlib import Path

import msgspec
import numpy as np
import pytest

from model_build.__main__ import main
from model_build.lab.ablation import ablation
from model_build.lab.ablation.ablation import Ablation
from model_build.lab.ablation.difference import difference_interval
from model_build.lab.features.truth import Truth
from model_build.lab.run.lab_run import LabRun
from tests.model_build.lab.tones import write_tones

FOREST = """\
name: ablated
data: {{layout: folders, path: {folder}/train, group_pattern: '/(\\d)_', balancing: weights}}
front_end: {{chunk_seconds: 0.3, bands: 16}}
model: {{kind: forest, trees: 5}}
validation: {{strategy: group-k-fold, folds: 2}}
output: {{folder: {folder}/runs}}
ablate:
  weights: {{remove: [data.balancing]}}
  high bands: {{replace: {{front_end.high_hz: 200, front_end.bands: 1}}}}
  regrouped: {{replace: {{front_end.low_hz: 7600}}}}
"""


def test_each_part_is_compared_with_the_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tones(tmp_path / "train", 4, seed=1)
    file = tmp_path / "ablated.yaml"
    text = FOREST.format(folder=tmp_path).replace(
        "  regrouped: {replace: {front_end.low_hz: 7600}}\n", ""
    )
    file.write_text(text, encoding="utf-8")
    assert main(["lab", "run", str(file), "--workers", "1"]) == 0
    made = tmp_path / "runs" / "ablated" / "ablation.json"
    found = msgspec.json.decode(made.read_bytes(), type=Ablation)
    weights, bands = found.parts
    assert (found.metric, found.whole) == ("accuracy", 1.0)
    assert weights.difference == 0.0
    assert bands.difference is not None
    assert bands.interval is not None
    assert bands.difference < -0.1
    assert bands.interval[0] <= bands.difference <= bands.interval[1]
    out = capsys.readouterr().out
    assert "no data.balancing" in out
    assert "front_end.high_hz: 200, front_end.bands: 1" in out


def test_an_interrupted_ablation_continues_with_the_drawn_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tones(tmp_path / "train", 4, seed=1)
    file = tmp_path / "ablated.yaml"
    text = "seed: -1\n" + FOREST.format(folder=tmp_path)
    file.write_text("".join(text.splitlines(keepends=True)[:-1]), encoding="utf-8")
    arguments = ["lab", "run", str(file), "--workers", "1"]
    run = LabRun(tmp_path / "runs" / "ablated")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ablation, "_part", interrupted)
        assert main(arguments) == 130
    seed = run.read_finished().seed
    fitted = (run.model / "key.txt").stat().st_mtime_ns
    assert main(arguments) == 0
    assert run.read_finished().seed == seed
    assert (run.model / "key.txt").stat().st_mtime_ns == fitted, "nothing is fitted again"
    assert not run.ablating.exists()


def test_a_difference_is_measured_on_the_same_recordings() -> None:
    has = np.eye(2, dtype=np.bool_)[np.arange(40) % 2]
    truth = Truth(("a", "b"), has, np.ones_like(has))
    # Both models are wrong on the same hard recordings, and the second on one more group.
    first = np.where(np.arange(40)[:, None] < 20, has, ~has).astype(np.float64)
    second = first.copy()
    second[:4] = 1.0 - second[:4]
    groups = [str(n // 4) for n in range(40)]
    rng = np.random.default_rng(1)
    same = difference_interval(truth, (first, first), groups, "accuracy", threshold=None, rng=rng)
    assert same == (0.0, 0.0)
    low_high = difference_interval(
        truth, (first, second), groups, "accuracy", threshold=None, rng=rng
    )
    assert low_high is not None
    assert -0.35 < low_high[0] <= -0.1 <= low_high[1] <= 0.0
