"""`timbrel run` with a device that plays a part of the medley once, then quiet noise.

Arguments: the configuration, the first and last second of the part, and `again` to play it again
and again.
"""

import logging
import os
import sys
import time
from pathlib import Path

import numpy as np

from daemon.commands.fed_device import FedDevice
from daemon.commands.run import run
from daemon.configuration.settings_file import load
from daemon.sound.ring import Ring
from daemon.sound.sound_file import read_sound
from daemon.sound.window import SAMPLE_RATE_HZ
from tests.conftest import MEDLEY

_PIECE_SECONDS = 0.1


def start(config: str, first: str, last: str, again: str = "") -> int:
    """Run until a signal."""
    part = read_sound(str(MEDLEY))[
        round(float(first) * SAMPLE_RATE_HZ) : round(float(last) * SAMPLE_RATE_HZ)
    ]
    pieces = len(part) // round(_PIECE_SECONDS * SAMPLE_RATE_HZ)
    rng = np.random.default_rng(1)

    def feed(ring: Ring) -> None:
        piece = round(_PIECE_SECONDS * SAMPLE_RATE_HZ)
        began = time.monotonic()
        number = 0
        while True:
            place = number % pieces if again else number
            sound = part[place * piece : (place + 1) * piece]
            if len(sound) < piece:
                sound = rng.uniform(-1e-4, 1e-4, piece).astype(np.float32)
            ring.write(sound[:, None])
            number += 1
            time.sleep(max(0.0, began + number * _PIECE_SECONDS - time.monotonic()))

    logging.basicConfig(level=logging.INFO, stream=os.fdopen(os.dup(2), "w", buffering=1))
    settings = load(Path(config))
    return run(settings, make_device=lambda _source, _portaudio, changed: FedDevice(feed, changed))


if __name__ == "__main__":
    sys.exit(start(*sys.argv[1:]))
