import xml.etree.ElementTree as ET

import pytest

from daemon.hearing.tracker import EventEnded
from model_build.evaluation.details import DayHeard
from model_build.report.charts import Series, axis_around, line_chart, share_axis
from model_build.report.timeline import timeline
from model_build.windows.home_day import Passage


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.25, 0.4], [0.25, 0.3, 0.35, 0.4]),
        ([3.9, 4.7], [3.8, 4.0, 4.2, 4.4, 4.6, 4.8]),
        ([1, 10], [0, 2, 4, 6, 8, 10]),
        ([2.0, 2.0], None),
    ],
)
def test_ticks_are_round_and_hold_all_values(
    values: list[float], ticks: list[float] | None
) -> None:
    axis = axis_around("loss", values)
    assert axis.low <= min(values) <= max(values) <= axis.high
    assert axis.low < axis.high
    assert 2 <= len(axis.ticks) <= 6
    if ticks:
        assert list(axis.ticks) == pytest.approx(ticks)


def test_a_chart_says_what_it_shows_and_escapes_names() -> None:
    series = Series('<b>"loud" & clear', "ours", [0.0, 0.5, 1.0], [0.2, 0.9, 1.0], dots=True)
    picture = ET.fromstring(  # noqa: S314 (our own)
        line_chart([series], share_axis("x"), share_axis("y"), said='the "chart" <said>')
    )
    assert picture.get("aria-label") == 'the "chart" <said>'
    assert picture.get("role") == "img"
    assert next(title.text for title in picture.iter("title")) == '<b>"loud" & clear'
    (line,) = list(picture.iter("polyline"))
    points = [tuple(map(float, p.split(","))) for p in (line.get("points") or "").split()]
    across, down = zip(*points, strict=True)
    assert list(across) == sorted(across)
    assert list(down) == sorted(down, reverse=True)


def test_a_long_curve_is_thinned_but_keeps_its_ends() -> None:
    values = [n / 9999 for n in range(10_000)]
    picture = line_chart(
        [Series("long", "ours", values, values)], share_axis("x"), share_axis("y"), said="long"
    )
    points = picture.split('points="')[1].split('"')[0].split()
    assert len(points) < 200
    assert points[0].startswith("44.0,")
    assert points[-1].endswith(",8.0")


def test_an_event_over_a_rows_end_is_in_both_rows() -> None:
    passages = [Passage("music", ("flute",), 580.0, 640.0), Passage("speech", (), 700.0, 720.0)]
    events = [
        EventEnded("flute", 582.0, 642.0, 0.9, 641.0, 0.95),
        EventEnded("reed", 590.0, 600.0, 0.9, 599.0, 0.5),
        EventEnded("organ", 702.0, 712.0, 0.9, 710.0, 0.8),
    ]
    rows = timeline(DayHeard(800.0, passages, events)).split("</svg>")[:-1]
    assert len(rows) == 2
    assert all("heard flute, 9:42 to 10:41, peak 0.95: right" in row for row in rows)
    assert "heard reed, 9:50 to 9:59, peak 0.50: wrong" in rows[0]
    assert "heard organ, 11:42 to 11:50, peak 0.80: false" in rows[1]
    assert "flute, 9:40 to 10:40 heard right" in rows[0]
    # The reed sounds at once with the flute, so it has a lane of its own.
    assert rows[0].count('class="bar right"') == rows[0].count('class="bar wrong"') == 1
    tops = {
        look: rows[0].split(f'class="bar {look}"')[0].rsplit(' y="')[-1]
        for look in ("right", "wrong")
    }
    assert tops["right"] != tops["wrong"]
