"""`timbrel` with a shifted wall clock. Arguments: the shift in seconds, then those of `timbrel`."""

import sys
import time
from functools import partial

from daemon.__main__ import main


def shifted(real: "partial[float]", seconds: float) -> float:
    return real() + seconds


if __name__ == "__main__":
    time.time = partial(shifted, partial(time.time), float(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
