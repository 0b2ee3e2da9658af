"""Choose a file's decoder: libsndfile in this process or, if that fails, FFmpeg."""

import logging
from collections.abc import Callable, Iterator

from daemon.errors import InputError
from daemon.sound.containers.chunked_parts import chunked_parts
from daemon.sound.containers.flac_parts import flac_parts
from daemon.sound.containers.input import SoundInput
from daemon.sound.containers.mpeg_parts import mpeg_parts, walked_parts
from daemon.sound.containers.ogg_parts import ogg_parts
from daemon.sound.containers.part import DamagedError, Part, UnsuitableError
from daemon.sound.containers.wav_parts import wav_parts
from daemon.sound.decoding.block import Block, skip_seconds
from daemon.sound.decoding.ffmpeg_file import UndecodableError, can_use_ffmpeg, ffmpeg_blocks
from daemon.sound.decoding.libsndfile import LibsndfileReader, StoppedError
from daemon.system.installation import pip_install

log = logging.getLogger(__name__)


def decode_with_libsndfile(file: SoundInput, content: str | None, start: int) -> Iterator[Block]:
    """Decode a file with libsndfile, and with FFmpeg what libsndfile cannot read.

    `content` and `start` are as `content_of` returns them; `content` is None for an unknown
    format. Raises InputError, naming the remedy, if nothing can be decoded.
    """
    heard_seconds, reason = 0.0, ""
    is_unsuitable = is_damaged = False
    for plan in _plans(file, content, start):
        reader = LibsndfileReader(file)
        try:
            blocks = reader.blocks(plan())
            yield from skip_seconds(blocks, heard_seconds) if heard_seconds else blocks
        except UnsuitableError as error:
            reason, is_unsuitable = str(error), True
            is_damaged = isinstance(error, DamagedError)
        except StoppedError as stop:
            reason = stop.reason if content is not None else "unknown format"
            heard_seconds = max(heard_seconds, stop.seconds)
        else:
            return
    if file.size is None:
        # The pipe's bytes are consumed, so FFmpeg cannot read them.
        raise _refusal(file, reason)
    if not can_use_ffmpeg() and is_unsuitable:
        # Read as much as libsndfile can; some sound may be missing.
        early = ", and times after the damage are too early" if is_damaged else ""
        part = Part(notice=f"{reason}; the {{seconds:.1f}} s that can be decoded are used{early}")
        try:
            yield from LibsndfileReader(file).blocks([part])
        except StoppedError as stop:
            raise _refusal(file, reason) from stop
    elif heard_seconds or is_damaged:
        yield from _rest(file, heard_seconds)
    else:
        yield from decode_with_ffmpeg(file, None, reason)


def _plans(file: SoundInput, content: str | None, start: int) -> Iterator[Callable[[], list[Part]]]:
    """Yield the ways in which libsndfile may read the file, the best one first."""
    if file.size is None:
        yield lambda: [Part()]
        return
    match content:
        case "WAV":
            yield lambda: wav_parts(file)
        case "FLAC":
            yield lambda: flac_parts(file, start)
        case "Ogg":
            yield lambda: ogg_parts(file)
        case "MP3":
            yield lambda: mpeg_parts(file, start)
            yield lambda: walked_parts(file, start)
        case "AIFF" | "CAF" | "W64" | "AU":
            yield lambda: chunked_parts(file)
        case _:
            yield lambda: [Part(trusts_count=True)]


def decode_with_ffmpeg(
    file: SoundInput, content: str | None, reason: str = "unknown format"
) -> Iterator[Block]:
    """Decode with FFmpeg alone; raises InputError if it is not installed or decodes nothing.

    `reason` says why libsndfile cannot read a file of unknown format.
    """
    if not can_use_ffmpeg():
        if content is None:
            raise _refusal(file, reason)
        raise InputError(
            f"{file.path}: {content} files need PyAV (the extra media); {pip_install('av')}, "
            "or convert it to WAV or FLAC"
        )
    try:
        yield from ffmpeg_blocks(file)
    except UndecodableError as error:
        raise _refusal(file, str(error)) from None


def _rest(file: SoundInput, from_seconds: float) -> Iterator[Block]:
    """Decode damaged sound from where libsndfile stopped; log a warning if that fails."""
    if not can_use_ffmpeg():
        log.warning(
            "%s: damaged; the %.1f s before that are used; PyAV (the extra media) can read the "
            "rest: %s",
            file.path,
            from_seconds,
            pip_install("av"),
        )
        return
    try:
        yield from ffmpeg_blocks(file, from_seconds, is_damaged=True)
    except UndecodableError as error:
        if not from_seconds:
            raise _refusal(file, str(error)) from None
        log.warning("%s: damaged; the %.1f s before that are used", file.path, from_seconds)


def _refusal(file: SoundInput, reason: str) -> InputError:
    problem = f"{file.path}: cannot be read as audio ({reason}); "
    if can_use_ffmpeg():
        return InputError(f"{problem}convert it to WAV or FLAC")
    return InputError(
        f"{problem}PyAV (the extra media) reads more formats: {pip_install('av')}, "
        "or convert it to WAV or FLAC"
    )
