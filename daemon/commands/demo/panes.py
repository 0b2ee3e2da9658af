"""The panes of the demo's screen, each a list of lines for a given width and height."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from rich.text import Text

from daemon.commands.demo.medley import Medley, Passage
from daemon.commands.demo.record import ReceivedMessage, Record
from daemon.commands.demo.verdict import Judge, Verdict
from daemon.commands.terminal import bar, format_time
from daemon.hearing.rules import Rules
from daemon.hearing.shown_scores import OPERATING_POINT, ShownScores
from daemon.hearing.tracker import EventEnded, EventStarted
from daemon.system.printable import printable

_NAME_WIDTH = 11
_SCORE_WIDTH = 6
_LEAST_BAR_WIDTH = 4
_MESSAGE_LINES = 2
MARK = "┃"


@dataclass(frozen=True)
class DemoContext:
    """Everything else the screen needs: constants, and functions that return changing values."""

    model: str
    """The title of the model."""
    broker: str
    """Host and port of the broker."""
    page: str | None
    """The address of the page; None if there is none."""
    families: Sequence[str]
    """The families, in the order of the model's outputs."""
    rules: Sequence[Rules]
    """The tracker rules of each family."""
    shown: ShownScores
    """Maps scores to shown scores."""
    gate_dbfs: float | None
    """The level below which a window counts as silent, in dBFS; None: no gate."""
    source: str
    """The input if there is no medley, in a few words."""
    medley: Medley | None
    """None: the input is a microphone or camera."""
    judge: Judge | None
    """Judges the passages; None if there is no medley."""
    settle_seconds: float
    """Seconds after the end of a passage until its verdict is final."""
    position: Callable[[], float]
    """Return the seconds of the medley that have been played."""
    no_sound_reason: Callable[[], str | None]
    """Return why there is no sound, or None if there is."""
    speaker_status: Callable[[], str]
    """Return a few words about the loudspeaker; empty if it is not used."""


def marked_bar(share: float, mark: float | None, width: int, style: str) -> Text:
    """Return a bar that fills `share` of the width, with a mark at `mark`; both are 0..1.

    `mark` None: no mark. `style` is that of the bar.
    """
    text = Text(bar(share, width), style)
    if mark is not None:
        column = min(width - 1, max(0, round(mark * width)))
        covered = share * width > column
        text = Text.assemble(
            text[:column],
            (MARK, f"bold black on {style.rsplit(maxsplit=1)[-1]}" if covered else "bold yellow"),
            text[column + 1 :],
        )
    return text


def playing_sign(score: float, rules: Rules) -> str:
    """Return ▶ if a family with an open event still plays, or ▷ if the event only waits to end.

    `score` is the model's.
    """
    return "▶" if score >= rules.release else "▷"


def scores_pane(context: DemoContext, record: Record, width: int, height: int) -> list[Text]:
    """Return a bar for each family, or for those with the highest scores if not all fit."""
    heard = record.heard
    silence = np.zeros(len(context.families), np.float32)
    of_model = silence if heard is None else heard.scores
    scores = context.shown.all(of_model).tolist()
    best = sorted(range(len(scores)), key=lambda index: -scores[index])[: max(0, height - 1)]
    playing = {event.family for event in record.playing}
    lines = [_heading("scores", width, f"{MARK} operating point", "yellow")]
    for index in sorted(best):
        family, rules = context.families[index], context.rules[index]
        plays = family in playing
        style = "bold green" if plays else "cyan"
        sign = playing_sign(float(of_model[index]), rules) if plays else " "
        name = f"{sign} {printable(family)}"[: _NAME_WIDTH + 1]
        bar_width = max(_LEAST_BAR_WIDTH, width - _NAME_WIDTH - 2 - _SCORE_WIDTH)
        lines.append(
            Text.assemble(
                (f"{name:{_NAME_WIDTH + 2}}", style if plays else ""),
                marked_bar(scores[index], OPERATING_POINT, bar_width, style),
                (f"{scores[index]:{_SCORE_WIDTH}.2f}", style if plays else ""),
            )
        )
    return lines[:height]


def events_pane(record: Record, width: int, height: int) -> list[Text]:
    """Return the latest events, the newest first."""
    lines = [_heading("events", width)]
    for shown in reversed(record.events):
        event, family = shown.event, f"{printable(shown.event.family):10}"
        if isinstance(event, EventEnded):
            reason = f" ({printable(event.reason)})" if event.reason else ""
            text = f"■ {family} ended after {event.duration_seconds:.1f} s{reason}"
        else:
            text = f"▶ {family} started at {shown.onset}"
        style = "green" if isinstance(event, EventStarted) else "yellow"
        lines.append(Text.assemble((f"{shown.at:>8}  ", "dim"), (text, style)))
    return lines[:height]


def messages_pane(record: Record, width: int, height: int) -> list[Text]:
    """Return the latest MQTT messages, the newest first: topic, then the start of the payload."""
    lines = [_heading("MQTT messages", width, f"{record.message_count} received")]
    for message in reversed(record.messages):
        lines += _message_lines(message, width)
    return lines[:height]


def medley_pane(context: DemoContext, record: Record, width: int, height: int) -> list[Text]:
    """Return the passages of the medley: marked if playing now, with a verdict if settled."""
    if context.medley is None or context.judge is None:
        return []
    now = context.position()
    lines = [_heading("the medley", width, "✓ recognized  ✗ not")]
    verdicts = context.judge.verdicts(record.ended_by_now, record.windows)
    for verdict in verdicts:
        lines += _passage_lines(verdict, now, now - context.settle_seconds)
    return lines[:height]


def _passage_lines(verdict: Verdict, now: float, settled: float) -> list[Text]:
    passage = verdict.passage
    text = f"{format_time(passage.start_seconds):>7}  {passage.instrument}"
    if passage.start_seconds <= now < passage.end_seconds:
        return [Text(f"♪ {text}", "bold")]
    if passage.end_seconds > settled:
        return [Text(f"  {text}", "dim")]
    if verdict.right:
        return [Text(f"✓ {text}", "green")]
    return [Text(f"✗ {text}", "yellow"), Text(f"{'':11}{verdict.remark}", "yellow")]


def _message_lines(message: ReceivedMessage, width: int) -> list[Text]:
    room = max(1, (width - 2) * _MESSAGE_LINES)
    text = message.text
    if len(text) > room or len(text) < message.size:
        end = f"… ({message.size} bytes)"
        text = text[: max(0, room - len(end))] + end
    parts = [text[start : start + width - 2] for start in range(0, len(text), max(1, width - 2))]
    return [Text(f"→ {message.topic}", "cyan"), *[Text(f"  {part}", "dim") for part in parts]]


def _heading(title: str, width: int, right: str = "", style: str = "dim") -> Text:
    line = "─" * max(1, width - len(title) - len(right) - (2 if right else 1))
    return Text.assemble(
        (title, "bold"), (f" {line}", "dim"), (f" {right}" if right else "", style)
    )


def passage_name(passage: Passage) -> str:
    """Return the instrument of a passage with its family, or the kind of sound."""
    if not passage.instrument:
        return passage.what
    return f"{passage.instrument} ({passage.what})" if passage.is_music else passage.instrument
