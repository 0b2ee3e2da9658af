"""Some hostile inputs, the same in every run; benchmarks/fuzz.py tries more."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.conftest import ROOT
from tests.daemon import hostile
from tests.daemon.hostile_networks import NETWORK_CASES
from tests.daemon.hostile_sounds import SOUND_CASES
from tests.daemon.hostile_state import STATE_CASES

CASES = {**hostile.CASES, **SOUND_CASES, **STATE_CASES, **NETWORK_CASES}


@pytest.mark.parametrize("name", CASES)
def test_hostile_input_is_refused_or_read_correctly(name: str, tmp_path: Path) -> None:
    case = CASES[name]

    @settings(
        max_examples=case.examples,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(made=case.inputs)
    def try_many(made: tuple[bytes, str]) -> None:
        case.run(*made, tmp_path)

    try_many()


def test_fuzzer_counts_its_inputs() -> None:
    command = [sys.executable, "-m", "benchmarks.fuzz", "--examples", "30", "--only", "contracts"]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert done.returncode == 0, done.stdout
    tried, accepted, refused, failures = map(int, done.stdout.splitlines()[1].split()[1:])
    assert tried == 30
    assert accepted + refused == tried
    assert failures == 0
