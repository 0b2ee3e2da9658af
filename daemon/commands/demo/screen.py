"""The demo's screen as lines of text: a pure function of the context, the record and the size."""

from rich.text import Text

from daemon.commands.demo.panes import (
    DemoContext,
    events_pane,
    marked_bar,
    medley_pane,
    messages_pane,
    passage_name,
    playing_sign,
    scores_pane,
)
from daemon.commands.demo.record import Record
from daemon.commands.terminal import format_time
from daemon.system.printable import printable

_QUIETEST_DBFS = -70.0
_TWO_COLUMNS_WIDTH = 110
_RIGHT_SHARE = 0.42
_LEVEL_TEXT_WIDTH = 20
_CLOCK_WIDTH = 8
# Lines of events that a narrow screen shows at least, if it does not show messages.
_LEAST_EVENT_ROWS = 4
_GAP = 3


def draw(
    context: DemoContext, record: Record, width: int, height: int, *, messages: bool, keys: bool
) -> list[Text]:
    """Return the `height` lines of the screen, none wider than `width` terminal cells.

    `messages` shows the MQTT messages, `keys` the keys that can be pressed.
    """
    head = _header_lines(context, record, width)
    foot = _footer_lines(context, record, keys=keys)
    rows = max(0, height - len(head) - len(foot))
    panes = _two_columns if width >= _TWO_COLUMNS_WIDTH else _one_column
    body = panes(context, record, width, rows, messages=messages)
    lines = [*head, *body, *[Text() for _ in range(rows - len(body))], *foot]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines[:height]


def _one_column(
    context: DemoContext, record: Record, width: int, rows: int, *, messages: bool
) -> list[Text]:
    score_rows = len(context.families) + 1
    if messages:
        scores = scores_pane(context, record, width, min(score_rows, max(4, rows // 3)))
        return [*scores, *messages_pane(record, width, rows - len(scores))]
    scores = scores_pane(context, record, width, min(score_rows, max(4, rows - _LEAST_EVENT_ROWS)))
    left = rows - len(scores)
    medley = medley_pane(context, record, width, left)
    if left < len(medley) + _LEAST_EVENT_ROWS:
        medley = []
    return [*scores, *medley, *events_pane(record, width, left - len(medley))]


def _two_columns(
    context: DemoContext, record: Record, width: int, rows: int, *, messages: bool
) -> list[Text]:
    right_width = round(width * _RIGHT_SHARE)
    left_width = width - right_width - _GAP
    left = scores_pane(context, record, left_width, min(len(context.families) + 1, rows))
    left += medley_pane(context, record, left_width, max(0, rows - len(left)))
    right = events_pane(record, right_width, rows // 3 if messages else rows)
    if messages:
        right += [Text() for _ in range(rows // 3 - len(right))]
        right += messages_pane(record, right_width, rows - len(right))
    lines = []
    for row in range(min(rows, max(len(left), len(right)))):
        line = left[row] if row < len(left) else Text()
        line.truncate(left_width, overflow="ellipsis", pad=True)
        # Not `append`, which would apply the style of the left line to the right one.
        lines.append(Text.assemble(line, " " * _GAP, right[row] if row < len(right) else ""))
    return lines


def _header_lines(context: DemoContext, record: Record, width: int) -> list[Text]:
    page = "" if context.page is None else f"  page {context.page}"
    title = Text.assemble(
        (" Timbrel ", "bold reverse"),
        f"  {context.model}  ",
        (f"broker {context.broker}{page}", "dim"),
    )
    lines = [title, *_input_lines(context, width)]
    dbfs = _QUIETEST_DBFS if record.heard is None else record.heard.level_dbfs
    gate = None if context.gate_dbfs is None else 1.0 - context.gate_dbfs / _QUIETEST_DBFS
    level = marked_bar(1.0 - dbfs / _QUIETEST_DBFS, gate, max(4, width - _LEVEL_TEXT_WIDTH), "cyan")
    number = "" if record.heard is None else f"{dbfs:6.1f} dBFS"
    lines.append(Text.assemble(("level   ", "bold"), f"{number:12}", level))
    return [*lines, _result_line(context, record)]


def _input_lines(context: DemoContext, width: int) -> list[Text]:
    """Return the input: the passages that play and a progress bar, or the name of the source."""
    if context.medley is None:
        return [Text.assemble(("input   ", "bold"), printable(context.source))]
    now = context.position()
    names = " + ".join(passage_name(passage) for passage in context.medley.at(now))
    played = Text.assemble(("played  ", "bold"), f"♪ {names}" if names else ("a pause", "dim"))
    played.append("   hidden from the network", "dim")
    end = format_time(context.medley.seconds)
    bar_width = max(4, width - 2 * _CLOCK_WIDTH - len(end))
    line = Text.assemble(f"{'':8}{format_time(now):>{_CLOCK_WIDTH - 1}} ")
    for column in range(bar_width - 1):
        moment = column / bar_width * context.medley.seconds
        passages = context.medley.at(moment)
        glyph = "━" if any(p.is_music for p in passages) else "┄" if passages else " "
        line.append(glyph, "green" if moment <= now else "dim")
    return [played, line.append(f" {end}", "dim")]


def _result_line(context: DemoContext, record: Record) -> Text:
    line = Text.assemble(("heard   ", "bold"))
    if (reason := context.no_sound_reason()) is not None:
        return line.append(f"no sound: {printable(reason)}", "bold red")
    if record.heard is None:
        return line.append("waiting for the first 4 s of sound", "dim")
    if not record.playing:
        return line.append("no instrument", "dim")
    rules = dict(zip(context.families, context.rules, strict=True))
    for number, event in enumerate(record.playing):
        sign = playing_sign(event.score, rules[event.family])
        seconds = record.heard.ended_at - event.onset
        line.append(", " if number else "")
        line.append(f"{sign} {printable(event.family)}", "bold green")
        line.append(f" since {record.when(event.onset)} ({seconds:.0f} s)")
        line.append("" if sign == "▶" else ", silent now", "dim")
    return line


def _footer_lines(context: DemoContext, record: Record, *, keys: bool) -> list[Text]:
    lines = []
    if (line := record.log_line) is not None:
        lines.append(Text(line.text, "bold red" if line.is_problem else "dim"))
    foot = Text("" if keys else "Ctrl-C ends   ")
    if keys:
        foot = Text.assemble(("m", "bold"), " messages   ", ("q", "bold"), " quit   ")
    return [*lines, foot.append(context.speaker_status(), "dim")]
