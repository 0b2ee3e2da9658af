"""What FFmpeg decodes of a file, in a child process: some of its decoders crash on some files."""

import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from daemon.errors import InputError
from daemon.sound.containers.input import SoundInput
from daemon.sound.containers.part import TRUNCATED
from daemon.sound.decoding.block import Block, after
from daemon.sound.decoding.float_scale import integer_scale, peak_of

if TYPE_CHECKING:
    from daemon.sound.decoding.child import Decoder, Request

# A decoder is done with the longest gap between two blocks of sound sooner.
_HANG_SECONDS = 60.0
_MEMORY_BYTES = 1 << 30
# Lossy codecs reach that; only beyond it they are decoded once more for their peak.
_OVERSHOOT = 4.0

log = logging.getLogger(__name__)


class FFmpegError(Exception):
    """FFmpeg decodes nothing of the file; the message is the reason, as a phrase."""


def can_use_ffmpeg() -> bool:
    """Whether PyAV, which holds FFmpeg, is installed."""
    from daemon.sound.decoding.child import packages

    return packages() is not None


def ffmpeg_blocks(
    file: SoundInput, from_seconds: float = 0.0, *, is_damaged: bool = False
) -> Iterator[Block]:
    """The sound of the file, or what comes after so many seconds of it.

    What decodes of damaged sound is used, silence in place of the rest, with a warning. There is
    one also where FFmpeg finds no damage in a file that is known to have it. Raises FFmpegError
    where nothing decodes, InputError where the child process fails or the file has no audio track.
    """
    from daemon.sound.decoding.child import ChildError, Decoder, DecodingError

    heard_seconds = from_seconds
    warnings: list[str] = []
    try:
        with Decoder(_request(file)) as decoder:
            for block in after(_scaled(file, decoder), from_seconds):
                heard_seconds += len(block.samples) / block.rate_hz
                yield block
    except ChildError as error:
        raise InputError(f"{file.path}: {error}; convert it to WAV or FLAC") from None
    except DecodingError as error:
        if "NoSoundError" in error.kinds:
            raise InputError(
                f"{file.path}: there is no sound in it; name a file with an audio track"
            ) from None
        if not heard_seconds or "FFmpegError" not in error.kinds:
            raise FFmpegError(error.words) from None
        warnings.append(TRUNCATED.format(seconds=heard_seconds))
    warnings += decoder.findings.warnings
    if is_damaged and not warnings:
        warnings.append("damaged; only what decodes of it is used")
    if warnings:
        log.warning("%s: %s", file.path, "; ".join(warnings))


def _scaled(file: SoundInput, decoder: "Decoder") -> Iterator[Block]:
    """The blocks, brought to -1..1 where their samples have the scale of integers."""
    scale, is_known = None, False
    for samples, rate_hz in _decoded(decoder):
        if not is_known and (decoder.is_float or peak_of(samples) > _OVERSHOOT):
            is_known, scale = True, integer_scale(file.path, _peak(file))
        yield Block(samples if scale is None else samples / scale, rate_hz)


def _peak(file: SoundInput) -> float:
    """The largest absolute value of all samples, by a decoder of its own."""
    from daemon.sound.decoding.child import ChildError, Decoder, DecodingError

    peak = 0.0
    with suppress(ChildError, DecodingError), Decoder(_request(file)) as decoder:
        for samples, _ in _decoded(decoder):
            peak = max(peak, peak_of(samples))
    return peak


def _decoded(decoder: "Decoder") -> Iterator[Block]:
    while (block := decoder.read(_HANG_SECONDS)) is not None:
        yield block


def _request(file: SoundInput) -> "Request":
    from daemon.sound.decoding.child import Request

    return Request(
        # By its number: FFmpeg takes a colon in a name for a protocol, and guesses by endings.
        url=f"file:/proc/{os.getpid()}/fd/{file.number}",
        # What a playlist names must be a file too, and nothing in the network.
        options={"protocol_whitelist": "file"},
        memory_bytes=_MEMORY_BYTES,
        keeps_time=True,
    )
