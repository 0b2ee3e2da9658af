"""The demo's screen as lines of text at many sizes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rich", reason="needs the demo extra")

from rich.cells import cell_len

from daemon.commands.demo.display import medley_time
from daemon.commands.demo.medley import Medley, Passage
from daemon.commands.demo.panes import MARK, DemoContext, marked_bar
from daemon.commands.demo.record import LogLine, Record
from daemon.commands.demo.screen import draw
from daemon.commands.demo.verdict import Judge
from daemon.hearing.rules import Rules
from daemon.hearing.scorer import Heard
from daemon.hearing.shown_scores import ShownScores
from daemon.hearing.tracker import EventEnded, EventStarted
from tests.daemon.observations import observed

FAMILIES = (
    *("bass", "brass", "drums", "flute", "guitar", "keyboard"),
    *("mallet", "organ", "reed", "string", "synth_lead", "vocal"),
)
RULES = [Rules(0.5, 0.25, "normal", 0.0, 6.0, 0.0)] * len(FAMILIES)
MEDLEY = Medley(
    60.0,
    [
        Passage("guitar", "family", 0.0, 10.0, "acoustic guitar"),
        Passage("speech", "speech", 10.0, 20.0, "a voice"),
        Passage("flute", "family", 25.0, 40.0, "flute"),
        Passage("keyboard", "family", 26.0, 40.0, "harpsichord"),
    ],
)


def context(position: float = 30.0, medley: Medley | None = MEDLEY) -> DemoContext:
    return DemoContext(
        model="timbrel 1",
        broker="hub.local:1883",
        page="http://127.0.0.1:8324/",
        families=FAMILIES,
        rules=RULES,
        shown=ShownScores(FAMILIES, [0.5] * len(FAMILIES)),
        gate_dbfs=-65.0,
        source="the microphone",
        medley=medley,
        judge=None if medley is None else Judge(medley.passages, FAMILIES, RULES),
        settle_seconds=11.0,
        position=lambda: position,
        no_sound_reason=lambda: None,
        speaker_status=lambda: "no loudspeaker found: playing silently",
    )


def record() -> Record:
    """Return a record with an ended guitar event, an open flute event and two messages."""
    kept = Record(keeps_all=True, write_time=medley_time)
    scores = np.zeros(len(FAMILIES), np.float32)
    scores[FAMILIES.index("flute")] = 0.9
    guitar = EventEnded("guitar", 0.0, 16.0, 0.1, 10.0, 0.9)
    flute = EventStarted("flute", 25.5, 30.0, 0.9)
    kept.observe(observed(Heard(29.0, -30.0, scores), [], [guitar]))
    kept.observe(observed(Heard(30.0, -30.0, scores), [flute], [flute]))
    kept.receive("timbrel/demo/state", b'{"playing":true}')
    kept.receive("timbrel/demo/\x1b[2J", b"\x1b]0;owned\x07" + bytes(range(256)))
    return kept


def render(
    width: int = 80,
    height: int = 24,
    *,
    of: DemoContext | None = None,
    kept: Record | None = None,
    messages: bool = False,
    keys: bool = True,
) -> str:
    lines = draw(of or context(), kept or record(), width, height, messages=messages, keys=keys)
    return "\n".join(line.plain for line in lines)


def find_line(shown: str, start: str) -> str:
    return next(line for line in shown.splitlines() if line.startswith(start))


def test_80_by_24_shows_everything() -> None:
    shown = render()
    lines = shown.splitlines()
    assert len(lines) == 24
    assert "timbrel 1" in lines[0]
    assert "hub.local:1883" in lines[0]
    assert find_line(shown, "played").startswith("played  ♪ flute (flute) + harpsichord (keyboard)")
    assert "0:30.0" in lines[2]
    assert "1:00.0" in lines[2]
    assert "-30.0 dBFS" in find_line(shown, "level")
    assert find_line(shown, "heard") == "heard   ▶ flute since 0:25.5 (4 s)"
    for family in FAMILIES:
        assert any(family in line and MARK in line for line in lines)
    assert "  0:30.0  ▶ flute      started at 0:25.5" in lines
    assert "  0:16.0  ■ guitar     ended after 10.0 s" in lines
    assert lines[-1] == "m messages   q quit   no loudspeaker found: playing silently"
    assert "MQTT" not in shown


def test_playing_family_is_marked_without_colour() -> None:
    shown = render()
    assert find_line(shown, "▶ flute").endswith("0.90")
    assert find_line(shown, "  guitar").endswith("0.00")


def test_event_about_to_end_is_shown_as_silent() -> None:
    kept = record()
    scores = np.zeros(len(FAMILIES), np.float32)
    kept.observe(observed(Heard(31.0, -30.0, scores), [EventStarted("flute", 25.5, 30.0, 0.0)], []))
    shown = render(kept=kept)
    assert find_line(shown, "heard") == "heard   ▷ flute since 0:25.5 (6 s), silent now"
    assert find_line(shown, "▷ flute").endswith("0.00")


def test_messages_are_shown_without_control_characters() -> None:
    shown = render(messages=True)
    assert "2 received" in shown
    assert "→ timbrel/demo/state" in shown
    assert '  {"playing":true}' in shown
    assert r"→ timbrel/demo/\x1b[2J" in shown
    assert all(line.isprintable() for line in shown.splitlines())


def test_wide_screen_has_two_columns_with_verdicts() -> None:
    shown = render(120, 40, messages=True, of=context(position=58.0))
    assert "the medley" in shown
    assert "✓  0:00.0  acoustic guitar" in shown
    assert "✗  0:26.0  harpsichord" in shown
    assert "           keyboard not heard: best score 0.00, needs 0.50" in shown
    assert "MQTT messages" in shown
    assert any("scores" in line and "events" in line for line in shown.splitlines())


def test_right_column_keeps_its_own_colours() -> None:
    lines = draw(context(58.0), record(), 120, 40, messages=True, keys=True)
    line = next(line for line in lines if line.plain.startswith("✓  0:00.0"))
    left = line.plain.index("  ", 12)
    styles = {str(span.style) for span in line.spans if span.end > left + 60}
    assert line.style == ""
    assert "green" not in styles


def test_passage_is_judged_only_after_its_events_are_final() -> None:
    shown = render(120, 40, of=context(position=50.9))
    assert "✗" not in shown.split("✗ not")[1]


def test_short_screen_shows_highest_scores() -> None:
    shown = render(60, 10)
    assert len(shown.splitlines()) == 10
    assert "▶ flute" in shown


def test_microphone_screen_shows_no_medley() -> None:
    shown = render(of=replace(context(medley=None), speaker_status=lambda: ""))
    assert "input   the microphone" in shown
    assert "played" not in shown
    assert "-30.0 dBFS" in shown
    deaf = render(
        of=replace(context(medley=None), no_sound_reason=lambda: "the device is \x1bgone")
    )
    assert find_line(deaf, "heard") == r"heard   no sound: the device is \x1bgone"


def test_screen_waits_for_first_window() -> None:
    shown = render(kept=Record(keeps_all=True, write_time=medley_time))
    assert find_line(shown, "heard") == "heard   waiting for the first 4 s of sound"


def test_warning_is_shown_above_the_keys() -> None:
    kept = record()
    kept.log_line = LogLine("the broker is gone", is_problem=True)
    lines = render(kept=kept, keys=False).splitlines()
    assert lines[-2] == "the broker is gone"
    assert lines[-1].startswith("Ctrl-C ends")


@pytest.mark.parametrize("messages", [True, False])
@given(
    width=st.integers(1, 200),
    height=st.integers(1, 70),
    medley=st.sampled_from([MEDLEY, None]),
    position=st.floats(0, 60),
)
def test_screen_fits_every_size(
    messages: bool,  # noqa: FBT001
    width: int,
    height: int,
    medley: Medley | None,
    position: float,
) -> None:
    lines = draw(context(position, medley), record(), width, height, messages=messages, keys=True)
    assert len(lines) == height
    assert all(cell_len(line.plain) <= width for line in lines)


@pytest.mark.parametrize(
    ("share", "mark", "shown"),
    [
        (0.0, 0.5, "     ┃    "),
        (1.0, 0.5, "█████┃████"),
        (0.3, 0.0, "┃██       "),
        (0.3, 1.0, "███      ┃"),
        (0.3, -2.0, "┃██       "),
        (0.3, None, "███       "),
    ],
)
def test_bar_has_a_mark_at_the_operating_point(
    share: float, mark: float | None, shown: str
) -> None:
    assert marked_bar(share, mark, 10, "bold green").plain == shown
