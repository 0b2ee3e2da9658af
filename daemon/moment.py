"""When something happened, so that its age stays right when the wall clock jumps."""

import time
import uuid
from functools import cache
from pathlib import Path
from typing import NamedTuple

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Moment(NamedTuple):
    """A moment on two clocks: seconds since the boot it belongs to, and the wall's."""

    boot: str
    since_boot: float
    wall: float

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
