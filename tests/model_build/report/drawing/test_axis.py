import pytest

from model_build.report.drawing.axis import axis_around


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.25, 0.4], [0.25, 0.3, 0.35, 0.4]),
        ([3.9, 4.7], [3.8, 4.0, 4.2, 4.4, 4.6, 4.8]),
        ([1, 10], [0, 2, 4, 6, 8, 10]),
        ([2.0, 2.0], None),
    ],
)
def test_ticks_are_round_and_enclose_all_values(
    values: list[float], ticks: list[float] | None
) -> None:
    axis = axis_around("loss", values)
    assert axis.low <= min(values) <= max(values) <= axis.high
    assert axis.low < axis.high
    assert 2 <= len(axis.ticks) <= 6
    if ticks:
        assert list(axis.ticks) == pytest.approx(ticks)
