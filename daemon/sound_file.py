"""Any audio file, or raw sound on standard input, as pieces of 16 kHz mono float32."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.mixing import RecordingMix
from daemon.quiet import quiet_output
from daemon.window import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from daemon.decoding import Request

STANDARD_INPUT = "-"
# A block that a cut FLAC file ends in is lost whole, and its own blocks hold 4096.
_BLOCK_SAMPLES = 4_096
_LARGEST_OGG_PAGE_BYTES = 65_307
# Samples are in -1..1, but some programs leave those of integers; beyond is no sound, and what is
# computed from it is infinite.
_LOUDEST = 1e10
_RATES_HZ = range(1_000, 768_001)
# A decoder is done with the longest gap between two blocks of sound sooner.
_HANG_SECONDS = 60.0
_MEMORY_BYTES = 1 << 30
_AV_SUFFIXES = {".m4a", ".aac", ".mp4", ".m4b", ".mov", ".webm", ".mka", ".wma"}

log = logging.getLogger(__name__)

Block = tuple[NDArray[np.float32], int]


def sound(path: str, channel: int | None = None) -> Iterator[NDArray[np.float32]]:
    """The file's sound as pieces (n,) in -1..1 at 16 kHz; `-` is standard input.

    Channels are mixed, or `channel`, counted from 1, is taken alone where the file has that many.

    Truncated audio gives what decodes and a warning. Raises InputError, naming file and remedy, for
    anything that is no sound: missing, a folder, empty, another format, NaN or infinite samples.
    """
    if path == STANDARD_INPUT:
        if sys.stdin is None:
            raise InputError("-: standard input is closed; pipe raw sound into it")
        blocks = _raw_blocks(sys.stdin.buffer)
    elif Path(path).suffix.lower() in _AV_SUFFIXES:
        blocks = _av_blocks(_checked(path))
    else:
        blocks = _soundfile_blocks(_checked(path))
    heard = False
    for samples in _resampled(path, blocks, RecordingMix(path, channel)):
        heard = heard or len(samples) > 0
        yield samples
    if not heard:
        raise InputError(f"{path}: there is no sound in it; record or export it again")


def read_sound(path: str) -> NDArray[np.float32]:
    """The whole file as one array (n,) of 16 kHz mono; raises as `sound` does."""
    return np.concatenate(list(sound(path)))


def _checked(path: str) -> Path:
    file = Path(path)
    if file.is_dir():
        raise InputError(f"{path}: is a folder; name the audio files in it ({path}/*.wav)")
    if not file.exists():
        raise InputError(f"{path}: no such file; check the name")
    if file.is_file() and file.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty; record or export it again")
    return file


def _resampled(
    path: str, blocks: Iterator[Block], mix: RecordingMix
) -> Iterator[NDArray[np.float32]]:
    """Mix channels and bring every block to 16 kHz, the filter's state kept from block to block."""
    stream: Any = None
    for block, rate_hz in blocks:
        if not (np.abs(block) <= _LOUDEST).all():
            raise InputError(f"{path}: contains NaN or infinite samples; export it again")
        mono = mix.mono(block, rate_hz)
        if rate_hz == SAMPLE_RATE_HZ:
            yield mono
            continue
        stream = stream or _resampler(path, rate_hz)
        yield stream.resample_chunk(np.ascontiguousarray(mono))
    if stream is not None:
        yield stream.resample_chunk(np.empty(0, np.float32), last=True)
    mix.finish()


def _resampler(path: str, rate_hz: int) -> Any:
    if rate_hz not in _RATES_HZ:
        raise InputError(
            f"{path}: a sample rate of {rate_hz} Hz is not sound; "
            f"convert it to one of {_RATES_HZ.start} to {_RATES_HZ.stop - 1} Hz"
        )
    import soxr

    return soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32")


def _soundfile_blocks(path: Path) -> Iterator[Block]:
    import soundfile

    class Forward(soundfile.SoundFile):  # type: ignore[misc]
        """Reads on from where it is; by its own seeking after each block MP3 loses sound."""

        def seekable(self) -> bool:
            return False

    try:
        with quiet_output():  # The MP3 decoder warns in C.
            opened = Forward(path)
        with opened as file:
            if file.format == "RAW":
                raise _without_header(path)
            # The MP3 decoder goes on warning at every damaged frame.
            noisy = file.format == "MP3"
            size = max(1, _BLOCK_SAMPLES // file.channels)
            decoded = 0
            # A RIFF header's promise is cut to the file's size on opening; only the log keeps it.
            cut = "should be" in file.extra_info and file.format in {"WAV", "WAVEX", "AIFF", "W64"}
            cut = cut or (file.format == "OGG" and not _ogg_ends(path))
            try:
                while len(block := _read(file, size, noisy=noisy)):
                    decoded += len(block)
                    yield block, file.samplerate
            except soundfile.LibsndfileError:
                cut = True
            if cut or decoded < file.frames:
                log.warning(
                    "%s: truncated; the %.1f s that decode are used",
                    path,
                    decoded / file.samplerate,
                )
    except TypeError:
        raise _without_header(path) from None
    except soundfile.LibsndfileError as error:
        reason = error.error_string.strip().rstrip(".")
        raise InputError(
            f"{path}: cannot be read as audio ({reason}); convert it to WAV or FLAC"
        ) from None


def _read(file: Any, size: int, *, noisy: bool) -> NDArray[np.float32]:
    with quiet_output() if noisy else nullcontext():
        block: NDArray[np.float32] = file.read(size, dtype="float32", always_2d=True)
    return block


def _without_header(path: Path) -> InputError:
    return InputError(f"{path}: no header tells its format; convert it to WAV or FLAC")


def _ogg_ends(path: Path) -> bool:
    """Whether the last Ogg page is marked as the stream's end (RFC 3533, header type bit 3)."""
    with path.open("rb") as file:
        file.seek(-min(path.stat().st_size, _LARGEST_OGG_PAGE_BYTES), os.SEEK_END)
        tail = file.read()
    page = tail.rfind(b"OggS")
    return len(tail) > page + 5 and bool(tail[page + 5] & 4)


def _av_blocks(path: Path) -> Iterator[Block]:
    """What FFmpeg decodes, in a child process: other formats' decoders crash on some files."""
    from daemon.decoding import ChildError, Decoder, DecodingError, packages
    from daemon.installation import pip_install

    if packages() is None:
        raise InputError(
            f"{path}: {path.suffix} files need PyAV; {pip_install('av')}, or convert it"
        )
    decoded = 0
    rate_hz = 1
    try:
        with Decoder(_request(path)) as decoder:
            while (block := decoder.read(_HANG_SECONDS)) is not None:
                if decoded and block.rate_hz != rate_hz:
                    raise InputError(
                        f"{path}: its sample rate changes from {rate_hz} to {block.rate_hz} Hz; "
                        "convert it to WAV or FLAC"
                    )
                decoded, rate_hz = decoded + len(block.samples), block.rate_hz
                yield block
    except ChildError as error:
        raise InputError(f"{path}: {error}; convert it to WAV or FLAC") from None
    except DecodingError as error:
        if "NoSoundError" in error.kinds:
            raise InputError(
                f"{path}: there is no sound in it; name a file with an audio track"
            ) from None
        if not decoded or "FFmpegError" not in error.kinds:
            raise InputError(
                f"{path}: cannot be read as audio ({error.words}); convert it to WAV or FLAC"
            ) from None
        log.warning("%s: truncated; the %.1f s that decode are used", path, decoded / rate_hz)


def _request(path: Path) -> "Request":
    from daemon.decoding import Request

    return Request(
        # Without the protocol, a colon in the name would end one.
        url=f"file:{path}",
        # What a playlist names must be a file too, and nothing in the network.
        options={"protocol_whitelist": "file"},
        memory_bytes=_MEMORY_BYTES,
    )


def _raw_blocks(file: BinaryIO) -> Iterator[Block]:
    """Raw signed 16-bit little-endian mono at 16 kHz, as `arecord -f S16_LE -r 16000` writes it."""
    left = b""
    while data := file.read1(_BLOCK_SAMPLES):  # type: ignore[attr-defined]
        data = left + data
        whole = len(data) // 2 * 2
        left = data[whole:]
        samples = np.frombuffer(data[:whole], "<i2").astype(np.float32) / np.float32(32_768)
        yield samples[:, None], SAMPLE_RATE_HZ
