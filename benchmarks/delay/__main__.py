"""Measure how long music plays until its MQTT message arrives: `python -m benchmarks.delay`.

Twenty passages of music play in a virtual microphone, a private PulseAudio. The daemon records it
as a process with default settings and publishes to a real mosquitto. A recorder beside the daemon
tells when each passage really began, within about 0.05 s. The same passages then go through replay,
whose time is that of the sound: the difference is what device, process and broker add. One passage
differs by up to half a second either way, because windows begin at other places in it.

FluidSynth renders the passages; `--corpus DIR` takes dev phrases of a corpus instead, which is a
measurement on them that docs/dev-readings.yaml should count. Needs mosquitto, pulseaudio,
pulseaudio-utils and, without a corpus, fluidsynth and fluid-soundfont-gm. Twenty passages take
seven minutes, and the machine must be idle.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.delay.live import listen_live
from benchmarks.delay.music import (
    DITHER,
    Session,
    recorded_music,
    rendered_music,
    session_of,
)
from daemon.errors import InputError
from daemon.hearing.classifier import load_classifier
from daemon.sound.window import SAMPLE_RATE_HZ
from model_build.commands.options import count, seed
from model_build.evaluation.events.messages import message_delay, message_delays
from model_build.evaluation.events.replay import events_in
from model_build.evaluation.events.replayed import Replayed, replayed

PROGRAMS = ("mosquitto", "pulseaudio", "pactl", "paplay", "parec")
PACKAGES = "mosquitto pulseaudio pulseaudio-utils"
SHIFTS_SECONDS = (0.0, 0.25, 0.5, 0.75)  # of the replay, because windows may begin anywhere


def replay_shifted(session: Session) -> list[Replayed]:
    """Replay the session several times, with windows that begin at other places in it."""
    classifier = load_classifier()
    rng = np.random.default_rng(1)
    found = []
    for shift_seconds in SHIFTS_SECONDS:
        late = np.zeros(round(shift_seconds * SAMPLE_RATE_HZ), np.float32)
        samples = np.concatenate([late, session.samples])
        samples += rng.uniform(-DITHER, DITHER, len(samples)).astype(np.float32)
        passages = [
            p._replace(
                start_seconds=p.start_seconds + shift_seconds,
                end_seconds=p.end_seconds + shift_seconds,
            )
            for p in session.passages
        ]
        seconds = len(samples) / SAMPLE_RATE_HZ
        found.append(replayed(seconds, passages, events_in(samples, classifier)))
    return found


def show(session: Session, live: Replayed, replays: Sequence[Replayed]) -> None:
    """Print the delay of each passage and the summary, in Markdown."""
    print("| passage | accepted | live (s) | replay, mean (s) |\n|---|---|---|---|")
    differences = []
    for number, (name, passage) in enumerate(zip(session.names, session.passages, strict=True)):
        heard = message_delay(live.passages[number], live)
        each = [message_delay(one.passages[number], one) for one in replays]
        known = [delay for delay in each if delay is not None]
        mean = float(np.mean(known)) if known else None
        if heard is not None and mean is not None:
            differences.append(heard - mean)
        print(f"| {name} | {' or '.join(passage.accepts)} | {_cell(heard)} | {_cell(mean)} |")
    print("\n| | passages with a message | median (s) | 90 % (s) |\n|---|---|---|---|")
    for name, recordings in {"live": [live], "replay": list(replays)}.items():
        passages = sum(len(one.passages) for one in recordings)
        delays = message_delays(recordings)
        cells = f"{_cell(delays.median_seconds)} | {_cell(delays.slow_seconds)}"
        print(f"| {name} | {delays.messages} of {passages} | {cells} |")
    median = float(np.median(differences)) if differences else None
    print(f"| live minus replay, by passage | {len(differences)} | {_cell(median)} | |")


def _cell(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f}"


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.delay",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--passages", type=count, default=20, metavar="N", help="(default: 20)")
    parser.add_argument("--seed", type=seed, default=1, metavar="N", help="(default: 1)")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="folder of manifest.csv")
    options = parser.parse_args()
    # Debian keeps mosquitto where the PATH of a normal user does not lead.
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
    if missing := [program for program in PROGRAMS if shutil.which(program, path=path) is None]:
        parser.error(f"missing: {', '.join(missing)}; apt install {PACKAGES}")
    rng = np.random.default_rng(options.seed)
    try:
        music = recorded_music(options.corpus, rng) if options.corpus else rendered_music(rng)
        session = session_of(music, options.passages, rng)
    except (InputError, FileNotFoundError) as error:
        parser.error(str(error))
    print(f"playing {len(session.samples) / SAMPLE_RATE_HZ:.0f} s", file=sys.stderr, flush=True)
    show(session, listen_live(session), replay_shifted(session))
    return 0


if __name__ == "__main__":
    sys.exit(main())
