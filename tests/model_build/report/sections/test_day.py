from daemon.hearing.tracker import EventEnded
from model_build.evaluation.events.replayed import Replayed
from model_build.report.sections.day import day_timeline
from model_build.windows.home_day import Passage


def test_event_across_row_end_is_in_both_rows() -> None:
    passages = [Passage("music", ("flute",), 580.0, 640.0), Passage("speech", (), 700.0, 720.0)]
    events = [
        EventEnded("flute", 582.0, 642.0, 0.9, 641.0, 0.95),
        EventEnded("reed", 590.0, 600.0, 0.9, 599.0, 0.5),
        EventEnded("organ", 702.0, 712.0, 0.9, 710.0, 0.8),
    ]
    rows = day_timeline(Replayed(800.0, passages, events)).split("</svg>")[:-1]
    assert len(rows) == 2
    assert all("event flute, 9:42 to 10:41, peak 0.95: right" in row for row in rows)
    assert "event reed, 9:50 to 9:59, peak 0.50: wrong" in rows[0]
    assert "event organ, 11:42 to 11:50, peak 0.80: false" in rows[1]
    assert "flute, 9:40 to 10:40 named right" in rows[0]
    # The reed overlaps the flute, so it is in another lane.
    assert rows[0].count('class="bar right"') == rows[0].count('class="bar wrong"') == 1
    tops = {
        look: rows[0].split(f'class="bar {look}"')[0].rsplit(' y="')[-1]
        for look in ("right", "wrong")
    }
    assert tops["right"] != tops["wrong"]
