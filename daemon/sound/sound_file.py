"""Any audio file, or raw sound on standard input, as pieces of 16 kHz mono float32."""

from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.sound.containers.input import STANDARD_INPUT, SoundInput, open_input, spooled
from daemon.sound.containers.wav_parts import endless_head
from daemon.sound.decoding.block import Block
from daemon.sound.decoding.content import (
    LIBSNDFILES,
    MPEG,
    WAV,
    content_of,
    is_streamed,
    is_tagged,
    mpeg_start,
)
from daemon.sound.decoding.decoders import known_blocks, other_blocks
from daemon.sound.mixing import RecordingMix
from daemon.sound.resampler import Resampler
from daemon.sound.window import SAMPLE_RATE_HZ

_BLOCK_BYTES = 4_096
# Samples are in -1..1, but some programs leave those of integers; beyond is no sound, and what is
# computed from it is infinite.
_LOUDEST = 1e10
_RATES_HZ = range(1_000, 768_001)


def sound(path: str, channel: int | None = None) -> Iterator[NDArray[np.float32]]:
    """The file's sound as pieces (n,) in -1..1 at 16 kHz; `-` is standard input.

    Channels are mixed, or `channel`, counted from 1, is taken alone where the file has that many.

    Truncated or damaged audio gives what decodes and a warning. Raises InputError, naming file and
    remedy, for anything that is no sound: missing, a folder, empty, another format, NaN or infinite
    samples.
    """
    heard = False
    with open_input(path) as file:
        for samples in _resampled(path, _blocks(file), RecordingMix(path, channel)):
            heard = heard or len(samples) > 0
            yield samples
    if not heard:
        raise InputError(f"{path}: there is no sound in it; record or export it again")


def read_sound(path: str) -> NDArray[np.float32]:
    """The whole file as one array (n,) of 16 kHz mono; raises as `sound` does."""
    return np.concatenate(list(sound(path)))


def _resampled(
    path: str, blocks: Iterator[Block], mix: RecordingMix
) -> Iterator[NDArray[np.float32]]:
    """Mix channels and bring every block to 16 kHz, the filter's state kept from block to block."""
    resampler = Resampler(SAMPLE_RATE_HZ)
    for block, rate_hz in blocks:
        if not (np.abs(block) <= _LOUDEST).all():
            raise InputError(f"{path}: contains NaN or infinite samples; export it again")
        if rate_hz not in _RATES_HZ:
            raise InputError(
                f"{path}: a sample rate of {rate_hz} Hz is not sound; "
                f"convert it to one of {_RATES_HZ.start} to {_RATES_HZ.stop - 1} Hz"
            )
        yield resampler.resampled(mix.mono(block, rate_hz), rate_hz)
    yield resampler.finish()
    mix.finish()


def _blocks(file: SoundInput) -> Iterator[Block]:
    """The sound of the input by its content; a pipe that must be seekable is copied into memory."""
    content, start = content_of(file)
    if content is None and file.path == STANDARD_INPUT and not is_tagged(file):
        found = mpeg_start(file)
        if found is None:
            yield from _raw_blocks(file)
            return
        content, start = MPEG, found
        # The rest of a frame, by which libsndfile would not recognise the stream.
        file.head = file.head[start:]
    with ExitStack() as stack:
        if file.size is None and content == WAV:
            file.head = endless_head(file)
        if file.size is None and not is_streamed(file, content):
            file = stack.enter_context(spooled(file))
            # A tag may be longer than the head of the pipe.
            content, start = content_of(file)
        if content is None or content in LIBSNDFILES:
            yield from known_blocks(file, content, start)
        else:
            yield from other_blocks(file, content)


def _raw_blocks(file: SoundInput) -> Iterator[Block]:
    """Raw signed 16-bit little-endian mono at 16 kHz, as `arecord -f S16_LE -r 16000` writes it."""
    data, left = file.head or file.read_on(_BLOCK_BYTES), b""
    while data:
        data = left + data
        whole = len(data) // 2 * 2
        left = data[whole:]
        samples = np.frombuffer(data[:whole], "<i2").astype(np.float32) / np.float32(32_768)
        yield Block(samples[:, None], SAMPLE_RATE_HZ)
        data = file.read_on(_BLOCK_BYTES)
