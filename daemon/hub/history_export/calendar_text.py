"""Sessions as a calendar in the iCalendar format (RFC 5545)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from daemon.practice.summary import Summary

# Of a line in bytes; longer ones continue on the next line after a space.
_LONGEST_LINE = 75


def calendar_text(sessions: Sequence[tuple[str, Summary]]) -> str:
    """Return a calendar with an entry for each session.

    The same session has the same UID in every export, so that a calendar does not show it twice.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Timbrel//history//EN"]
    for place, summary in sessions:
        lines += _entry(place, summary)
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _entry(place: str, summary: Summary) -> Iterator[str]:
    minutes = (summary.ended - summary.started) / 60
    families = ", ".join(summary.minutes)
    yield "BEGIN:VEVENT"
    yield f"UID:{place}-{summary.started:.3f}@timbrel"
    yield f"DTSTAMP:{_utc(summary.ended)}"
    yield f"DTSTART:{_utc(summary.started)}"
    yield f"DTEND:{_utc(summary.ended)}"
    yield f"SUMMARY:{_escaped(f'Practice: {families} ({minutes:.0f} min)')}"
    yield f"LOCATION:{_escaped(place)}"
    played = [f"{f}: {m:.1f} min" for f, m in summary.minutes.items() if m is not None]
    if played:
        yield f"DESCRIPTION:{_escaped(chr(10).join(played))}"
    yield "END:VEVENT"


def _utc(wall: float) -> str:
    return f"{datetime.fromtimestamp(wall, UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for character in ("\\", ";", ","):
        text = text.replace(character, f"\\{character}")
    return text.replace("\n", "\\n").replace("\r", "")


def _folded(line: str) -> Iterator[str]:
    """Yield a line in parts of at most 75 bytes, without dividing a character."""
    part, size = "", 0
    for character in line:
        width = len(character.encode())
        if size + width > _LONGEST_LINE:
            yield part
            part, size = " ", 1
        part, size = part + character, size + width
    yield part
