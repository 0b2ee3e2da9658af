import xml.etree.ElementTree as ET

from model_build.report.drawing.axis import share_axis
from model_build.report.drawing.line_chart import Series, line_chart


def test_chart_has_description_and_escaped_names() -> None:
    series = Series('<b>"loud" & clear', "ours", [0.0, 0.5, 1.0], [0.2, 0.9, 1.0], dots=True)
    picture = ET.fromstring(  # noqa: S314 (our own)
        line_chart([series], share_axis("x"), share_axis("y"), description='the "chart" <loss>')
    )
    assert picture.get("aria-label") == 'the "chart" <loss>'
    assert picture.get("role") == "img"
    assert next(title.text for title in picture.iter("title")) == '<b>"loud" & clear'
    (line,) = list(picture.iter("polyline"))
    points = [tuple(map(float, p.split(","))) for p in (line.get("points") or "").split()]
    across, down = zip(*points, strict=True)
    assert list(across) == sorted(across)
    assert list(down) == sorted(down, reverse=True)


def test_thins_long_curve_but_keeps_its_ends() -> None:
    values = [n / 9999 for n in range(10_000)]
    picture = line_chart(
        [Series("long", "ours", values, values)],
        share_axis("x"),
        share_axis("y"),
        description="long",
    )
    points = picture.split('points="')[1].split('"')[0].split()
    assert len(points) < 200
    assert points[0].startswith("44.0,")
    assert points[-1].endswith(",8.0")
