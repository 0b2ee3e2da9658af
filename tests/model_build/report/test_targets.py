import msgspec
import pytest

from model_build.evaluation.cost import Cost
from model_build.evaluation.events.event_figures import EventFigures
from model_build.evaluation.events.false_alarms import Alarms
from model_build.evaluation.figures import Figures, Weakest
from model_build.evaluation.instruments import InstrumentFigures
from model_build.report.targets import ROWS, second_rows

FIGURES = Figures(
    clips={"phrase": 100, "room": 100},
    clips_by_family={"room": {"flute": 50, "reed": 50}},
    top1={"phrase": 0.97, "room": 0.86},
    family_mean={"phrase": 0.9, "room": 0.9},
    by_family={"room": {"flute": 0.9, "reed": 0.72}},
    presence_auc={"phrase": 0.999, "room": 0.97},
    weakest={"room": Weakest("reed", 0.72)},
    calibration_error={"room": 0.05},
    day=EventFigures(60, 0.9, 0.8, None, None, 3, 2, 0.5, 54, 2.8, 6.4),
    alarms=Alarms({"speech": 3}, 39.0, (0.6, 8.8)),
    steady=Alarms({"hum": 1, "fan": 1}, 20.0, (0.2, 7.2), 90.0),
    cost=Cost(0.7, 0.77, 1.5, 2.0),
    instruments=InstrumentFigures(76, 700, 0.961, 0.75),
    float_room_top1=0.864,
    size_bytes=4_100_000,
)
ROW = {row.name: row for row in ROWS}


@pytest.mark.parametrize(
    ("name", "cell", "verdict"),
    [
        ("phrase: top-1", "0.970 (.92-.99)", "stretch"),
        ("room: top-1", "0.860 (.78-.91)", "missed"),
        ("room: presence AUC", "0.970", "missed"),
        ("room: weakest family", "0.720 (.58-.83) reed", "met"),
        ("false events, negatives alone", "3 (0.6-8.8) in 39 min", "missed"),
        ("message after the start, median", "2.8 s of 54 in 60 passages", "met"),
        ("message after the start, 90 %", "6.4 s", "missed"),
        ("day: passages detected", "0.900 (.80-.95)", "missed"),
        ("day: false events an hour", "6.0", "missed"),
        ("day: wrong families an hour", "4.0", "met"),
        ("false events an hour, hum and fans", "6.0 (2 in 20 min, 90 s held)", "missed"),
        ("day: onset error, median", "-", None),
        ("mixture: micro F1", "-", None),
        ("embedding: instrument named", "0.961 (0.75 among all 76)", "met"),
        ("room: points lost by int8", "0.4", "met"),
        ("room: calibration error", "0.050", "met"),
        ("CPU, relative to the peer every 0.5 s", "0.77 (0.7 ms; 1.50 at 0.975 s)", "met"),
        ("file size", "4.10 MB", "met"),
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


def test_figure_without_a_stretch_goal_is_at_best_met() -> None:
    day = msgspec.structs.replace(FIGURES.day, wrong_events=0) if FIGURES.day else None
    none_wrong = msgspec.structs.replace(FIGURES, day=day)
    row = ROW["day: wrong families an hour"]
    assert row.verdict(none_wrong) == "met"
    assert row.aim(row.stretch) == ""


def test_second_table_has_only_what_was_measured() -> None:
    assert second_rows([FIGURES]) == []
    second = msgspec.structs.replace(FIGURES, day=None, steady=None, cost=None, size_bytes=None)
    both = msgspec.structs.replace(FIGURES, second=second, second_paths="later/")
    names = [row.name for row in second_rows([both, FIGURES])]
    assert names[0] == "phrase: top-1"
    assert "false events, negatives alone" in names
    assert not any(name.startswith(("day", "CPU", "file")) for name in names)
    assert msgspec.json.decode(msgspec.json.encode(both), type=Figures) == both
