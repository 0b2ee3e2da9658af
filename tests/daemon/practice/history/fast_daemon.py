"""`scripted_daemon` whose wall clock is as fast as its sound.

Arguments: the monotonic and the wall time at which the clock began, the speed as a multiple of real
time, the configuration, the file for the record.
"""

import sys
import time


def run_fast(began: float, wall_began: float, speed: float, config: str, record: str) -> int:
    """Run the daemon; a later one with the same first arguments continues the same clock."""
    time.time = lambda: wall_began + (time.monotonic() - began) * speed
    # Imported now, because default arguments refer to the clock, too.
    from tests.daemon.scripted_daemon import start

    return start(config, record, str(speed))


if __name__ == "__main__":
    began, wall_began, speed = map(float, sys.argv[1:4])
    sys.exit(run_fast(began, wall_began, speed, *sys.argv[4:]))
