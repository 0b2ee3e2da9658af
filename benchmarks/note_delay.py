"""Measure how long a note plays until `practice/note` names it: `python -m benchmarks.note_delay`.

Fifty notes and those of the five seconds before them play in a virtual microphone, a private
PulseAudio. The daemon records it as a process, with live notes on, and publishes to a real
mosquitto; it does so once with a hop of 1 s and once with one of 0.25 s. A note's delay is from its
beginning in the microphone, known to about 0.05 s, to the first message that names it. Neighbours
are different notes, so that every one is a message of its own. FluidSynth renders them, with short
pauses in which the recording is aligned. The companion listens only while a family plays: single
notes of the violin start one, those of the piano do not.

The same sound then goes through the companion in windows that begin at other places in it, where
time is that of the sound: the difference is what device, process and broker add.

Needs mosquitto, pulseaudio, pulseaudio-utils, fluidsynth and fluid-soundfont-gm. It takes three
minutes, and the machine must be idle.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import paho.mqtt.client as paho
from numpy.typing import NDArray

from benchmarks.delay.live import NODE, play_live
from benchmarks.delay.music import AUDIBLE, DITHER, GAP_SECONDS, LEVEL_DBFS, Session
from daemon.hearing.pipeline import Observation
from daemon.hearing.scorer import Heard
from daemon.hearing.tracker import EventStarted
from daemon.practice.companion import Companion
from daemon.practice.notes.built_in import configured_network
from daemon.practice.switches import Switches
from daemon.sound.window import SAMPLE_RATE_HZ, WindowBuffer
from model_build.augmentations.level import level
from model_build.commands.options import count, seed
from model_build.rendering.midi_file import Note
from model_build.rendering.soundfont import render
from model_build.windows.home_day import Passage
from tests.brokers import Watcher

HOPS_SECONDS = (1.0, 0.25)
SPACING_SECONDS = 1.57  # from note to note: no multiple of a hop
HELD_SECONDS, AUDIBLE_SECONDS = 1.1, 1.2
FADE_SECONDS = 0.05
SHIFTS_SECONDS = (0.0, 0.06, 0.13, 0.19, 0.37, 0.63)
LEAD_SECONDS = 5.0
LOWEST_MIDI, HIGHEST_MIDI = 55, 79
LONGEST_SECONDS = 5.0  # a later message belongs to another note
EARLY_SECONDS = 0.05  # the error of the beginning


class Told(NamedTuple):
    """A message about the notes that sound."""

    arrived: float
    """When it arrived, as time.monotonic()."""
    midi: int | None
    """The note that it names."""


class NoteWatcher(Watcher):
    """A client that also records when each message about notes arrives."""

    def __init__(self, port: int) -> None:
        self.told: list[Told] = []
        super().__init__(port)

    def _keep(self, client: Any, data: Any, message: paho.MQTTMessage) -> None:
        arrived = time.monotonic()
        if message.topic == f"timbrel/{NODE}/practice/note":
            self.told.append(Told(arrived, json.loads(message.payload).get("midi")))
        super()._keep(client, data, message)


def melody(notes: int, rng: np.random.Generator) -> list[int]:
    """Return the MIDI numbers of a melody; no note is like one of the three before it."""
    played: list[int] = []
    while len(played) < notes:
        midi = int(rng.integers(LOWEST_MIDI, HIGHEST_MIDI + 1))
        if midi not in played[-3:]:
            played.append(midi)
    return played


def session_of(played: list[int], program: int) -> Session:
    """Return a passage for each note, on a General MIDI program, with silence in between."""
    samples = np.zeros(round((GAP_SECONDS[0] + SPACING_SECONDS * len(played)) * SAMPLE_RATE_HZ))
    passages = []
    for number, midi in enumerate(played):
        note = level(render([Note(0.0, HELD_SECONDS, midi, 100)], program), dbfs=LEVEL_DBFS)
        note = note[int(np.flatnonzero(np.abs(note) > AUDIBLE)[0]) :]
        time_seconds = np.arange(len(note)) / SAMPLE_RATE_HZ
        faded = note * np.clip((AUDIBLE_SECONDS - time_seconds) / FADE_SECONDS, 0.0, 1.0)
        start = GAP_SECONDS[0] + number * SPACING_SECONDS
        first = round(start * SAMPLE_RATE_HZ)
        heard = faded[: round(AUDIBLE_SECONDS * SAMPLE_RATE_HZ)]
        samples[first : first + len(heard)] = heard
        passages.append(Passage("music", (), start, start + AUDIBLE_SECONDS))
    return Session(samples.astype(np.float32), passages, [str(midi) for midi in played])


def replayed(session: Session, hop_seconds: float) -> list[Told]:
    """Return what a companion says of the notes while it hears the session, in sound's time."""
    companion = Companion(lambda: configured_network(None), Switches(live_notes=True))
    playing = (EventStarted("keyboard", session.passages[0].start_seconds, 0.0, 0.9),)
    rng = np.random.default_rng(1)
    dither = rng.uniform(-DITHER, DITHER, len(session.samples)).astype(np.float32)
    told = []
    for window in WindowBuffer(hop_seconds).push(session.samples + dither):
        heard = Heard(window.ended_at, -20.0, np.array([0.9], np.float32))
        companion.observe(Observation(window, heard, playing, ()))
        if companion.sounding is not None:
            told.append(Told(window.ended_at, companion.sounding.newest))
    return told


def shifted(session: Session, seconds: float) -> Session:
    """Return a session that begins later."""
    late = np.zeros(round(seconds * SAMPLE_RATE_HZ), np.float32)
    passages = [
        passage._replace(start_seconds=passage.start_seconds + seconds)
        for passage in session.passages
    ]
    return session._replace(samples=np.concatenate([late, session.samples]), passages=passages)


def delays(played: list[int], starts: Sequence[float], told: Sequence[Told]) -> NDArray[np.float64]:
    """Return the delay of each note in seconds; infinity where no message names it."""
    found = []
    for midi, began in zip(played, starts, strict=True):
        after = [
            message.arrived - began
            for message in told
            if message.midi == midi and -EARLY_SECONDS < message.arrived - began < LONGEST_SECONDS
        ]
        found.append(min(after, default=np.inf))
    return np.array(found)


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.note_delay",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--notes", type=count, default=50, metavar="N", help="(default: 50)")
    parser.add_argument("--seed", type=seed, default=1, metavar="N", help="(default: 1)")
    parser.add_argument(
        "--program",
        type=int,
        default=40,
        metavar="N",
        help="General MIDI program (default: 40, the violin)",
    )
    options = parser.parse_args()
    lead = int(np.ceil(LEAD_SECONDS / SPACING_SECONDS))
    played = melody(lead + options.notes, np.random.default_rng(options.seed))
    session = session_of(played, options.program)
    print("| hop (s) | | notes named | median (s) | 90 % (s) | longest (s) |")
    print("|---|---|---|---|---|---|")
    for hop_seconds in HOPS_SECONDS:
        in_sound = []
        for shift_seconds in SHIFTS_SECONDS:
            late = shifted(session, shift_seconds)
            starts = [passage.start_seconds for passage in late.passages]
            in_sound.append(delays(played, starts, replayed(late, hop_seconds))[lead:])
        show(hop_seconds, "replay", np.concatenate(in_sound))
        watcher, starts = play_live(
            session,
            NoteWatcher,
            audio=f"device: pulse, hop_seconds: {hop_seconds}",
            more="practice: {live_notes: true}\n",
            near_seconds=SPACING_SECONDS - AUDIBLE_SECONDS,
        )
        show(hop_seconds, "live", delays(played, starts, watcher.told)[lead:])
    return 0


def show(hop_seconds: float, how: str, found: NDArray[np.float64]) -> None:
    """Print the delays (n,) as a row of a table in Markdown."""
    named = f"{int(np.isfinite(found).sum())} of {len(found)}"
    figures = (np.quantile(found, share, method="higher") for share in (0.5, 0.9, 1.0))
    cells = " | ".join(f"{seconds:.2f}" for seconds in figures)
    print(f"| {hop_seconds:g} | {how} | {named} | {cells} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
