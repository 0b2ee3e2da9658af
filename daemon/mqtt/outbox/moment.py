"""When something happened, so that its age stays right when the wall clock jumps."""

import time
import uuid
from functools import cache
from pathlib import Path
from typing import NamedTuple

# The year 2200, and three centuries without a reboot.
_LAST_WALL = 7_258_118_400.0
_LONGEST_SINCE_BOOT = 1e10
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Moment(NamedTuple):
    """A moment on two clocks: seconds since the boot it belongs to, and the wall's."""

    boot: str
    since_boot: float
    wall: float

    @property
    def is_possible(self) -> bool:
        """Whether both clocks can have shown this; a damaged or made-up moment may say anything."""
        return (
            isinstance(self.since_boot, float)
            and isinstance(self.wall, float)
            and 0.0 <= self.since_boot <= _LONGEST_SINCE_BOOT
            and 0.0 <= self.wall <= _LAST_WALL
        )

    def age_seconds(self, now: "Moment") -> float:
        """Seconds gone by; over a reboot only the wall clock can tell, and may be wrong."""
        if self.boot == now.boot:
            return now.since_boot - self.since_boot
        return max(0.0, now.wall - self.wall)

    def is_older(self, seconds: float, now: "Moment") -> bool:
        """Whether it is surely or possibly longer ago than that.

        A box without a clock of its own wakes up at the time it was switched off: after a reboot
        nothing counts as fresh.
        """
        return self.boot != now.boot or self.age_seconds(now) > seconds


def this_moment() -> Moment:
    """Now."""
    # Unlike the monotonic clock this one also counts while the machine sleeps.
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Moment(_boot(), time.clock_gettime(clock), time.time())


@cache
def _boot() -> str:
    """The boot's name; where there is none, one of this process's own."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return uuid.uuid4().hex
