"""Decode a file with FFmpeg in a child process, as some decoders crash on some files."""

import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from daemon.errors import InputError
from daemon.sound.containers.input import SoundInput
from daemon.sound.containers.part import TRUNCATED
from daemon.sound.decoding.block import Block, skip_seconds
from daemon.sound.decoding.float_scale import integer_scale, peak_of

if TYPE_CHECKING:
    from daemon.sound.decoding.child import Decoder, Request

# Longer than any decoder needs between two blocks, even for the longest gap.
_HANG_SECONDS = 60.0
_MEMORY_BYTES = 1 << 30
# Largest overshoot of lossy codecs; louder files are decoded once more to find their peak.
_OVERSHOOT = 4.0

log = logging.getLogger(__name__)


class UndecodableError(Exception):
    """FFmpeg cannot decode any of the file; the message is the reason, as a phrase."""


def can_use_ffmpeg() -> bool:
    """Return whether PyAV, which contains FFmpeg, is installed."""
    from daemon.sound.decoding.child import pyav_folder

    return pyav_folder() is not None


def ffmpeg_blocks(
    file: SoundInput, from_seconds: float = 0.0, *, is_damaged: bool = False
) -> Iterator[Block]:
    """Yield the sound of the file after its first `from_seconds`.

    Damaged sound is replaced by silence and a warning logged. `is_damaged` is True if the file is
    known to be damaged; there is a warning then even if FFmpeg finds no damage.

    Raises UndecodableError if nothing can be decoded, InputError if the child process fails or the
    file has no audio track.
    """
    from daemon.sound.decoding.child import ChildError, Decoder, DecodingError

    heard_seconds = from_seconds
    warnings: list[str] = []
    try:
        with Decoder(_request(file)) as decoder:
            for block in skip_seconds(_scale_blocks(file, decoder), from_seconds):
                heard_seconds += len(block.samples) / block.rate_hz
                yield block
    except ChildError as error:
        raise InputError(f"{file.path}: {error}; convert it to WAV or FLAC") from None
    except DecodingError as error:
        if "NoSoundError" in error.kinds:
            raise InputError(
                f"{file.path}: it contains no sound; name a file with an audio track"
            ) from None
        if not heard_seconds or "FFmpegError" not in error.kinds:
            raise UndecodableError(error.words) from None
        warnings.append(TRUNCATED.format(seconds=heard_seconds))
    warnings += decoder.findings.warnings
    if is_damaged and not warnings:
        warnings.append("damaged; only the decodable sound is used")
    if warnings:
        log.warning("%s: %s", file.path, "; ".join(warnings))


def _scale_blocks(file: SoundInput, decoder: "Decoder") -> Iterator[Block]:
    """Yield the blocks, divided to fit -1..1 if their samples have the scale of integers."""
    scale, is_known = None, False
    for samples, rate_hz in _read_blocks(decoder):
        if not is_known and (decoder.is_float or peak_of(samples) > _OVERSHOOT):
            is_known, scale = True, integer_scale(file.path, _peak(file))
        yield Block(samples if scale is None else samples / scale, rate_hz)


def _peak(file: SoundInput) -> float:
    """Return the largest absolute value of all samples; decodes the file separately."""
    from daemon.sound.decoding.child import ChildError, Decoder, DecodingError

    peak = 0.0
    with suppress(ChildError, DecodingError), Decoder(_request(file)) as decoder:
        for samples, _ in _read_blocks(decoder):
            peak = max(peak, peak_of(samples))
    return peak


def _read_blocks(decoder: "Decoder") -> Iterator[Block]:
    while (block := decoder.read(_HANG_SECONDS)) is not None:
        yield block


def _request(file: SoundInput) -> "Request":
    from daemon.sound.decoding.child import Request

    return Request(
        # By descriptor: FFmpeg takes a colon in a name for a protocol and guesses formats from
        # file extensions.
        url=f"file:/proc/{os.getpid()}/fd/{file.number}",
        # A playlist must not lead to the network.
        options={"protocol_whitelist": "file"},
        memory_bytes=_MEMORY_BYTES,
        keeps_time=True,
    )
