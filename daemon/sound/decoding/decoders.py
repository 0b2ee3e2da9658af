"""Which decoder reads a file: libsndfile in this process or, where that cannot, FFmpeg."""

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
from daemon.sound.decoding.block import Block, after
from daemon.sound.decoding.ffmpeg_file import FFmpegError, can_use_ffmpeg, ffmpeg_blocks
from daemon.sound.decoding.libsndfile import LibsndfileReader, StoppedError
from daemon.system.installation import pip_install

log = logging.getLogger(__name__)


def known_blocks(file: SoundInput, content: str | None, start: int) -> Iterator[Block]:
    """The sound of a file that libsndfile may know, and of a format that nobody recognises.

    What libsndfile cannot read, FFmpeg reads. Raises InputError, naming the remedy, where neither
    can, or PyAV, which holds FFmpeg, is not installed.
    """
    heard_seconds, reason = 0.0, ""
    is_unsuitable = is_damaged = False
    for plan in _plans(file, content, start):
        reader = LibsndfileReader(file)
        try:
            blocks = reader.blocks(plan())
            yield from after(blocks, heard_seconds) if heard_seconds else blocks
        except UnsuitableError as error:
            reason, is_unsuitable = str(error), True
            is_damaged = isinstance(error, DamagedError)
        except StoppedError as stop:
            reason = stop.reason if content is not None else "unknown format"
            heard_seconds = max(heard_seconds, stop.seconds)
        else:
            return
    if file.size is None:
        # The pipe's bytes are gone. What libsndfile cannot read on, it has warned of.
        raise _refusal(file, reason)
    if not can_use_ffmpeg() and is_unsuitable:
        # Some of it may be missing.
        early = ", and times after the damage are too early" if is_damaged else ""
        part = Part(notice=f"{reason}; the {{seconds:.1f}} s that decode are used{early}")
        try:
            yield from LibsndfileReader(file).blocks([part])
        except StoppedError as stop:
            raise _refusal(file, reason) from stop
    elif heard_seconds or is_damaged:
        yield from _rest(file, heard_seconds)
    else:
        yield from other_blocks(file, None, reason)


def _plans(file: SoundInput, content: str | None, start: int) -> Iterator[Callable[[], list[Part]]]:
    """How libsndfile may read the file, the best way first."""
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


def other_blocks(
    file: SoundInput, content: str | None, reason: str = "unknown format"
) -> Iterator[Block]:
    """The sound by FFmpeg alone; raises InputError where it is not installed or decodes nothing."""
    if not can_use_ffmpeg():
        if content is None:
            raise _refusal(file, reason)
        raise InputError(
            f"{file.path}: {content} files need PyAV (the extra media); {pip_install('av')}, "
            "or convert it to WAV or FLAC"
        )
    try:
        yield from ffmpeg_blocks(file)
    except FFmpegError as error:
        raise _refusal(file, str(error)) from None


def _rest(file: SoundInput, from_seconds: float) -> Iterator[Block]:
    """Damaged sound, after the place that libsndfile cannot read past."""
    if not can_use_ffmpeg():
        log.warning(
            "%s: damaged; the %.1f s before that are used; with PyAV (the extra media) the rest "
            "is heard too: %s",
            file.path,
            from_seconds,
            pip_install("av"),
        )
        return
    try:
        yield from ffmpeg_blocks(file, from_seconds, is_damaged=True)
    except FFmpegError as error:
        if not from_seconds:
            raise _refusal(file, str(error)) from None
        log.warning("%s: damaged; the %.1f s before that are used", file.path, from_seconds)


def _refusal(file: SoundInput, reason: str) -> InputError:
    said = f"{file.path}: cannot be read as audio ({reason}); "
    if can_use_ffmpeg():
        return InputError(f"{said}convert it to WAV or FLAC")
    return InputError(
        f"{said}PyAV (the extra media) reads more formats: {pip_install('av')}, "
        "or convert it to WAV or FLAC"
    )
