"""Sound to notes: front end, network and note creation in one stream."""

import numpy as np
from numpy.typing import NDArray

from daemon.practice.notes.built_in import BUILT_IN_NOTE_MODEL
from daemon.practice.notes.log_frequency import CHANNELS, LogFrequency
from daemon.practice.notes.note_creation import (
    KEYS,
    Ended,
    Note,
    NoteCreation,
    NoteFrame,
    Started,
)
from daemon.practice.notes.note_network import NoteNetwork, load_note_network
from daemon.practice.notes.stacking import key_levels_db, stacked

# Limits the memory that the frames of a long clip take.
_PIECE_SAMPLES = 16_000

Samples = NDArray[np.float32]


class Transcriber:
    """Recognizes the notes of one stream of 16 kHz mono sound.

    The events do not depend on the lengths of the blocks in which the sound comes, because the
    network always runs on the same blocks of frames.
    """

    def __init__(self, network: NoteNetwork) -> None:
        contract = network.contract
        self._network = network
        self._contract = contract
        self._log_frequency = LogFrequency(contract.front_end)
        self._creation = NoteCreation(contract.rules, contract.frame_seconds)
        self.reset()

    def reset(self) -> None:
        """Begin a new sound at time 0, because sound was skipped; open notes are forgotten."""
        self._log_frequency.reset()
        self._network.reset()
        self._creation.reset()
        bins = self._contract.front_end.bins
        self._waiting = np.empty((0, bins, CHANNELS), np.float32)
        self._levels = np.empty((0, KEYS), np.float32)
        self._to_skip = self._contract.delay_frames

    @property
    def sounding(self) -> tuple[int, ...]:
        """The keys 0..87 of the notes that sound, from low to high."""
        return self._creation.sounding

    @property
    def decided_frames(self) -> int:
        """The number of frames of the sound in which it is decided which notes sound."""
        return self._creation.decided_frames

    def push(self, samples: Samples) -> list[Started | Ended]:
        """Return what the next samples (any,) in -1..1 decide."""
        return self._hear(self._log_frequency.push(samples))

    def finish(self) -> list[Started | Ended]:
        """Return what is left at the end of the sound; then begin a new one."""
        told = self._hear(self._log_frequency.finish())
        # Silence pushes the last frames out of the network.
        left = len(self._levels)
        silence = np.zeros((self._contract.block_frames, *self._waiting.shape[1:]), np.float32)
        while left:
            told += self._hear(silence[: len(silence) - len(self._waiting)], are_real=False)
            left = len(self._levels)
        told += self._creation.finish()
        self.reset()
        return told

    def _hear(self, frames: Samples, *, are_real: bool = True) -> list[Started | Ended]:
        block, front_end = self._contract.block_frames, self._contract.front_end
        if are_real:
            self._levels = np.concatenate([self._levels, key_levels_db(frames, front_end)])
        self._waiting = np.concatenate([self._waiting, frames])
        told: list[Started | Ended] = []
        while len(self._waiting) >= block:
            told += self._run(self._waiting[:block])
            self._waiting = self._waiting[block:]
        return told

    def _run(self, frames: Samples) -> list[Started | Ended]:
        outputs = self._network.run(stacked(frames, self._contract.front_end))
        skipped = min(self._to_skip, len(frames))
        self._to_skip -= skipped
        rows = zip(*(values[skipped:] for values in outputs), self._levels, strict=False)
        told: list[Started | Ended] = []
        count = 0
        for row in rows:
            told += self._creation.push(NoteFrame(*row))
            count += 1
        self._levels = self._levels[count:]
        return told


def transcribe(samples: Samples, network: NoteNetwork) -> list[Note]:
    """Return the notes of a clip (any,), by their onset."""
    transcriber = Transcriber(network)
    events = [
        event
        for first in range(0, len(samples), _PIECE_SAMPLES)
        for event in transcriber.push(samples[first : first + _PIECE_SAMPLES])
    ]
    events += transcriber.finish()
    return sorted(event.note for event in events if isinstance(event, Ended))


def notes_of(samples: Samples) -> list[Note]:
    """Return the notes of a clip (any,) that the built-in note model finds, by their onset.

    Raises InputError if there is no built-in note model.
    """
    return transcribe(samples, load_note_network(BUILT_IN_NOTE_MODEL))
