"""Shows the progress of long work: a bar on a terminal, a line every 10 s elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

_LINE_SECONDS = 10.0
_LINE = "{desc}: {percentage:.0f} %, {n_fmt} of {total_fmt}, {elapsed} so far, {remaining} left"


def with_progress(items: Iterable[Item], label: str, total: int | None = None) -> Iterator[Item]:
    """Yield the items, and show on standard error how many of `total` are done.

    `total` defaults to the length of the items, if they have one. Without a terminal, work of less
    than 10 s shows nothing.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    if sys.stderr.isatty():
        yield from tqdm(items, label, total, leave=False)
    else:
        yield from _with_lines(items, label, total)


def _with_lines(items: Iterable[Item], label: str, total: int | None) -> Iterator[Item]:
    started_at = shown_at = time.monotonic()
    for count, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        is_last = count == total and shown_at > started_at
        if is_last or now - shown_at >= _LINE_SECONDS:
            shown_at = now
            line = tqdm.format_meter(
                count, total or 0, now - started_at, prefix=label, bar_format=_LINE
            )
            print(line, file=sys.stderr, flush=True)
