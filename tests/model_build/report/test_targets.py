import msgspec
import pytest

from model_build.evaluation.events.event_figures import EventFigures
from model_build.evaluation.events.false_alarms import Alarms
from model_build.evaluation.figures import Figures, Weakest
from model_build.evaluation.instruments import InstrumentFigures
from model_build.report.targets import ROWS

FIGURES = Figures(
    clips={"phrase": 100, "room": 100},
    clips_by_family={"room": {"flute": 50, "reed": 50}},
    top1={"phrase": 0.97, "room": 0.86},
    family_mean={"phrase": 0.9, "room": 0.9},
    by_family={"room": {"flute": 0.9, "reed": 0.72}},
    presence_auc={"phrase": 0.999, "room": 0.97},
    weakest={"room": Weakest("reed", 0.72)},
    calibration_error={"room": 0.05},
    day=EventFigures(60, 0.9, 0.8, None, None, 3, 1, 0.5),
    alarms=Alarms({"speech": 3}, 39.0, (0.6, 8.8)),
    instruments=InstrumentFigures(76, 700, 0.961, 0.75),
    float_room_top1=0.864,
    size_bytes=4_100_000,
)
ROW = {row.name: row for row in ROWS}


@pytest.mark.parametrize(
    ("name", "cell", "verdict"),
    [
        ("phrase: top-1", "0.970", "stretch"),
        ("room: top-1", "0.860", "met"),
        ("room: presence AUC", "0.970", "missed"),
        ("room: weakest family", "0.720 reed", "met"),
        ("false events, negatives alone", "3 in 39 min (0.6-8.8)", "missed"),
        ("day: false events an hour", "6.0", "missed"),
        ("day: onset error, median", "-", None),
        ("mixture: micro F1", "-", None),
        ("embedding: instrument named", "0.961 (0.75 among all 76)", "met"),
        ("room: points lost by int8", "0.4", "met"),
        ("room: calibration error", "0.050", "met"),
        ("CPU, relative to the peer", "-", None),
        ("file size", "4.10 MB", "missed"),
    ],
)
def test_compares_figure_with_target(name: str, cell: str, verdict: str | None) -> None:
    assert ROW[name].cell(FIGURES) == cell
    assert ROW[name].verdict(FIGURES) == verdict


def test_figures_of_rooms_are_unknown_without_room_clips() -> None:
    bare = msgspec.structs.replace(
        FIGURES, top1={"phrase": 0.9}, weakest={}, float_room_top1=None, alarms=None, day=None
    )
    unknown = [row.name for row in ROWS if row.verdict(bare) is None]
    assert {"room: top-1", "room: weakest family", "room: points lost by int8"} < set(unknown)


def test_figures_round_trip_through_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(FIGURES), type=Figures) == FIGURES
