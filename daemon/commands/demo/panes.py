"""The parts of the demo's screen, each a list of lines of a given width and height."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.text import Text

from daemon.commands.demo.medley import Medley, Passage
from daemon.commands.demo.record import Received, Record
from daemon.commands.demo.verdict import Judge, Verdict
from daemon.commands.terminal import bar, clock
from daemon.hearing.rules import Rules
from daemon.hearing.tracker import EventEnded, EventStarted
from daemon.system.printable import printable

_NAME_WIDTH = 11
_SCORE_WIDTH = 6
_LEAST_BAR_WIDTH = 4
_MESSAGE_LINES = 2
MARK = "┃"


@dataclass(frozen=True)
class Stage:
    """What does not change during the demo, and how to ask for what does."""

    model: str
    broker: str
    families: Sequence[str]
    rules: Sequence[Rules]
    gate_dbfs: float | None
    """The level below which a window counts as silent; None: no gate."""
    source: str
    """What is heard where there is no medley."""
    medley: Medley | None
    """None: the source is heard instead."""
    judge: Judge | None
    settle_seconds: float
    """How long after the end of a passage its verdict is final."""
    position: Callable[[], float]
    """Seconds of the medley that have been played."""
    deaf: Callable[[], str | None]
    """Why there is no sound; None while there is."""
    speaker: Callable[[], str]
    """Whether the loudspeaker plays, in a few words."""


def marked_bar(share: float, mark: float | None, width: int, style: str) -> Text:
    """A bar with a mark at its operating point; both are shares of the width, 0..1."""
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
    """Whether a family that plays is heard now, or its event only waits to end."""
    return "▶" if score >= rules.release else "▷"


def scores_pane(stage: Stage, record: Record, width: int, height: int) -> list[Text]:
    """A bar a family; where not all fit, those with the highest scores."""
    scores = [0.0] * len(stage.families) if record.heard is None else record.heard.scores.tolist()
    best = sorted(range(len(scores)), key=lambda index: -scores[index])[: max(0, height - 1)]
    playing = {event.family for event in record.playing}
    lines = [_heading("scores", width, f"{MARK} operating point", "yellow")]
    for index in sorted(best):
        family, rules = stage.families[index], stage.rules[index]
        plays = family in playing
        style = "bold green" if plays else "cyan"
        sign = playing_sign(scores[index], rules) if plays else " "
        name = f"{sign} {printable(family)}"[: _NAME_WIDTH + 1]
        bar_width = max(_LEAST_BAR_WIDTH, width - _NAME_WIDTH - 2 - _SCORE_WIDTH)
        lines.append(
            Text.assemble(
                (f"{name:{_NAME_WIDTH + 2}}", style if plays else ""),
                marked_bar(scores[index], rules.threshold, bar_width, style),
                (f"{scores[index]:{_SCORE_WIDTH}.2f}", style if plays else ""),
            )
        )
    return lines[:height]


def events_pane(record: Record, width: int, height: int) -> list[Text]:
    """The newest events, the newest first."""
    lines = [_heading("events", width)]
    for told in reversed(record.events):
        event, family = told.event, f"{printable(told.event.family):10}"
        if isinstance(event, EventEnded):
            reason = f" ({printable(event.reason)})" if event.reason else ""
            what = f"■ {family} ended after {event.duration_seconds:.1f} s{reason}"
        else:
            what = f"▶ {family} started at {told.onset}"
        style = "green" if isinstance(event, EventStarted) else "yellow"
        lines.append(Text.assemble((f"{told.at:>8}  ", "dim"), (what, style)))
    return lines[:height]


def messages_pane(record: Record, width: int, height: int) -> list[Text]:
    """The newest MQTT messages, the newest first: the topic, then the start of the payload."""
    lines = [_heading("MQTT messages", width, f"{record.message_count} received")]
    for message in reversed(record.messages):
        lines += _message_lines(message, width)
    return lines[:height]


def medley_pane(stage: Stage, record: Record, width: int, height: int) -> list[Text]:
    """The passages of the medley, the present one marked, those that are over judged."""
    if stage.medley is None or stage.judge is None:
        return []
    now = stage.position()
    lines = [_heading("the medley", width, "✓ heard right  ✗ not")]
    verdicts = stage.judge.verdicts(record.ended_by_now, record.windows)
    for verdict in verdicts:
        lines += _passage_lines(verdict, now, now - stage.settle_seconds)
    return lines[:height]


def _passage_lines(verdict: Verdict, now: float, settled: float) -> list[Text]:
    passage = verdict.passage
    text = f"{clock(passage.start_seconds):>7}  {passage.instrument}"
    if passage.start_seconds <= now < passage.end_seconds:
        return [Text(f"♪ {text}", "bold")]
    if passage.end_seconds > settled:
        return [Text(f"  {text}", "dim")]
    if verdict.right:
        return [Text(f"✓ {text}", "green")]
    return [Text(f"✗ {text}", "yellow"), Text(f"{'':11}{verdict.remark}", "yellow")]


def _message_lines(message: Received, width: int) -> list[Text]:
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
    """What is played, and the family that it belongs to."""
    if not passage.instrument:
        return passage.what
    return f"{passage.instrument} ({passage.what})" if passage.is_music else passage.instrument
