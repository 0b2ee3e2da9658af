"""A few of very many hostile inputs, the same in every run; benchmarks/fuzz.py tries more."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.daemon.hostile import CASES


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_input_is_refused_or_taken_for_what_it_is(name: str, tmp_path: Path) -> None:
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
