"""Run a day of sound in minutes through the loop of `timbrel run`, with faults.

`python -m benchmarks.soak --hours 24` replays the demo's medley in a loop. The device delivers
sound as fast as it is processed, fails in four ways and recovers. The broker is cut off once an
hour of sound. The events that the hub receives are compared with the tracker's own events for the
same sound.

`--realtime 10` listens for ten minutes in real time and reports the lag of the worst window.

Needs mosquitto.
"""

import argparse
import sys

from benchmarks.soak.day import soak
from benchmarks.soak.lag import listen_in_real_time, measure_lag
from benchmarks.soak.listener import listen_for_hours


def main() -> int:
    """Run the soak that the arguments ask for; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--hours", type=float, default=24.0, help="hours of sound, at full speed (default 24)"
    )
    parser.add_argument(
        "--realtime", type=float, metavar="MINUTES", help="measure the lag in real time instead"
    )
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--child-realtime", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        listen_for_hours(*options.child)
        return 0
    if options.child_realtime:
        listen_in_real_time(*options.child_realtime)
        return 0
    return soak(options.hours) if options.realtime is None else measure_lag(options.realtime)


if __name__ == "__main__":
    sys.exit(main())
