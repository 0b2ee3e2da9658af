"""Read an audio file, or raw sound from standard input, as mono float32, by default at 16 kHz."""

from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.sound.containers.input import STANDARD_INPUT, SoundInput, open_input, spool_pipe
from daemon.sound.containers.wav_parts import endless_head
from daemon.sound.decoding.block import Block
from daemon.sound.decoding.content import (
    LIBSNDFILES,
    MPEG,
    WAV,
    can_stream,
    content_of,
    find_mpeg_start,
    has_id3_tag,
)
from daemon.sound.decoding.decoders import decode_with_ffmpeg, decode_with_libsndfile
from daemon.sound.decoding.ffmpeg_file import can_use_ffmpeg
from daemon.sound.mixing import RecordingMix
from daemon.sound.resampler import Resampler
from daemon.sound.window import SAMPLE_RATE_HZ
from daemon.system.installation import pip_install

_BLOCK_BYTES = 4_096
# Samples are in -1..1, or in the scale of integers if the program that wrote them did not convert
# them. Larger values are not sound, and computing with them overflows.
_LOUDEST = 1e10
_RATES_HZ = range(1_000, 768_001)


def read_pieces(
    path: str, channel: int | None = None, rate_hz: int = SAMPLE_RATE_HZ
) -> Iterator[NDArray[np.float32]]:
    """Yield the file's sound as pieces (n,) in -1..1 at `rate_hz`; `-` is standard input.

    Channels are mixed unless `channel`, counted from 1, selects one that the file has. Of truncated
    or damaged audio, the decodable sound is yielded and a warning logged. Raises InputError, naming
    file and remedy, if the file is missing, a folder, empty or in an unknown format, or if it
    contains NaN or infinite samples.
    """
    heard = False
    with open_input(path) as file:
        for samples in _resample(path, _blocks(file), RecordingMix(path, channel), rate_hz):
            heard = heard or len(samples) > 0
            yield samples
    if not heard:
        raise InputError(f"{path}: it contains no sound; record or export it again")


def read_sound(path: str, rate_hz: int = SAMPLE_RATE_HZ) -> NDArray[np.float32]:
    """Return the whole file, mono at `rate_hz`, as one array (n,); raises as `read_pieces` does."""
    return np.concatenate(list(read_pieces(path, rate_hz=rate_hz)))


def read_apart(name: str, number: int, size: int) -> Iterator[NDArray[np.float32]]:
    """Yield the sound of an open file of `size` bytes, as `read_pieces` does.

    It is decoded in the child process whatever its format, since a stranger may have made it.
    `number` is its descriptor, `name` stands for it in messages. Raises InputError as `read_pieces`
    does, and if FFmpeg is not installed.
    """
    if not can_use_ffmpeg():
        raise InputError(f"{name}: needs PyAV (the extra media); {pip_install('av')}")
    heard = False
    blocks = decode_with_ffmpeg(SoundInput(name, number, size), None)
    for samples in _resample(name, blocks, RecordingMix(name), SAMPLE_RATE_HZ):
        heard = heard or len(samples) > 0
        yield samples
    if not heard:
        raise InputError(f"{name}: it contains no sound; record or export it again")


def _resample(
    path: str, blocks: Iterator[Block], mix: RecordingMix, to_hz: int
) -> Iterator[NDArray[np.float32]]:
    """Mix the channels of every block and resample it to `to_hz`; `path` is for error messages."""
    resampler = Resampler(to_hz)
    for block, rate_hz in blocks:
        if not (np.abs(block) <= _LOUDEST).all():
            raise InputError(f"{path}: contains NaN or infinite samples; export it again")
        if rate_hz not in _RATES_HZ:
            raise InputError(
                f"{path}: unsupported sample rate: {rate_hz} Hz; "
                f"convert it to one of {_RATES_HZ.start} to {_RATES_HZ.stop - 1} Hz"
            )
        yield resampler.resample(mix.mono(block, rate_hz), rate_hz)
    yield resampler.finish()
    mix.finish()


def _blocks(file: SoundInput) -> Iterator[Block]:
    """Decode the input by its content; a pipe that must be seekable is copied into memory."""
    content, start = content_of(file)
    if content is None and file.path == STANDARD_INPUT and not has_id3_tag(file):
        found = find_mpeg_start(file)
        if found is None:
            yield from _raw_blocks(file)
            return
        content, start = MPEG, found
        # Drop the rest of a cut frame; libsndfile would not recognize the stream with it.
        file.head = file.head[start:]
    with ExitStack() as stack:
        if file.size is None and content == WAV:
            file.head = endless_head(file)
        if file.size is None and not can_stream(file, content):
            file = stack.enter_context(spool_pipe(file))
            # A tag may be longer than the head of the pipe.
            content, start = content_of(file)
        if content is None or content in LIBSNDFILES:
            yield from decode_with_libsndfile(file, content, start)
        else:
            yield from decode_with_ffmpeg(file, content)


def _raw_blocks(file: SoundInput) -> Iterator[Block]:
    """Decode raw signed 16-bit little-endian mono, as `arecord -f S16_LE -r 16000` writes it."""
    data, left = file.head or file.read_on(_BLOCK_BYTES), b""
    while data:
        data = left + data
        whole = len(data) // 2 * 2
        left = data[whole:]
        samples = np.frombuffer(data[:whole], "<i2").astype(np.float32) / np.float32(32_768)
        yield Block(samples[:, None], SAMPLE_RATE_HZ)
        data = file.read_on(_BLOCK_BYTES)
