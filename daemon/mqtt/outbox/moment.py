"""Points in time whose age stays correct when the wall clock jumps."""

import time
import uuid
from functools import cache
from pathlib import Path
from typing import NamedTuple

# The year 2200, and three centuries of uptime.
_LAST_WALL = 7_258_118_400.0
_LONGEST_SINCE_BOOT = 1e10
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Moment(NamedTuple):
    """A point in time on two clocks."""

    boot: str
    """Id of the machine's boot."""
    since_boot: float
    """Seconds since that boot, including time asleep."""
    wall: float
    """Wall clock: seconds since 1970."""

    @property
    def is_possible(self) -> bool:
        """True if both values are in a possible range; a damaged file may contain any value."""
        return (
            isinstance(self.since_boot, float)
            and isinstance(self.wall, float)
            and 0.0 <= self.since_boot <= _LONGEST_SINCE_BOOT
            and 0.0 <= self.wall <= _LAST_WALL
        )

    def age_seconds(self, now: "Moment") -> float:
        """Return the seconds between this moment and `now`.

        After a reboot only the wall clock can be used, which may be wrong.
        """
        if self.boot == now.boot:
            return now.since_boot - self.since_boot
        return max(0.0, now.wall - self.wall)

    def is_older(self, seconds: float, now: "Moment") -> bool:
        """Return whether the age is, or may be, more than `seconds`.

        Always True after a reboot: a box without a battery-backed clock boots with the time at
        which it was switched off.
        """
        return self.boot != now.boot or self.age_seconds(now) > seconds


def this_moment() -> Moment:
    """Return the current moment."""
    # Unlike the monotonic clock, this one also advances while the machine sleeps.
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Moment(_boot(), time.clock_gettime(clock), time.time())


@cache
def _boot() -> str:
    """Return the boot's id, or a random one for this process if the system has none."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return uuid.uuid4().hex
