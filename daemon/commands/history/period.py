"""The period that `--since` and `--until` select."""

from datetime import date, datetime, time, timedelta

from daemon.errors import InputError

# Far from the ends of `datetime`, which no time zone can shift out of range.
_FIRST, _LAST = datetime(1970, 1, 2).astimezone(), datetime(2200, 1, 1).astimezone()
_FORMS = "use a date such as 2026-06-01, a time such as 2026-06-01T18:30, today or yesterday"


def period_of(since: str | None, until: str | None, today: date) -> tuple[datetime, datetime]:
    """Return the first time of a period and the time after its last one, in local time.

    A date stands for the whole day, `until` included. None leaves the period open. Raises
    InputError for text that is no time, and if the period ends before it begins.
    """
    first = _FIRST if since is None else _moment("--since", since, today)[0]
    last = _LAST if until is None else _moment("--until", until, today)[1]
    if last <= first:
        raise InputError(f"--until {until} is before --since {since}; exchange them")
    return first, last


def _moment(option: str, text: str, today: date) -> tuple[datetime, datetime]:
    """Return the time at which a day or moment begins, and the time after it."""
    named = {"today": today, "yesterday": today - timedelta(days=1)}
    try:
        day = named.get(text) or date.fromisoformat(text)
    except ValueError:
        return (_instant(option, text),) * 2
    begin = datetime.combine(day, time.min)
    try:
        return begin.astimezone(), (begin + timedelta(days=1)).astimezone()
    except (OverflowError, ValueError):
        raise InputError(f"{option}: {text}: no history is that old or new; {_FORMS}") from None


def _instant(option: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()
    except (OverflowError, ValueError):
        raise InputError(f"{option}: {text!r} is not a date or time; {_FORMS}") from None
