"""Find the true end of the sound in WAV files (RIFF, RIFX, RF64, BW64); headers may be wrong."""

import struct
from dataclasses import replace
from typing import NamedTuple

from daemon.sound.containers.input import SoundInput
from daemon.sound.containers.mpeg_parts import walked_parts
from daemon.sound.containers.part import LONGER, TRUNCATED, UNFINISHED, Part, UnsuitableError
from daemon.sound.containers.riff_chunks import HEADER_BYTES, are_chunks, before_chunks, chunks
from daemon.sound.containers.tags import before_tags, may_be_sound

_MARKERS = {b"RIFF": "<", b"RIFX": ">", b"RF64": "<", b"BW64": "<"}
_FIRST_CHUNK = 12
_UNKNOWN = 0xFFFF_FFFF
# Programs that write to a pipe set the largest possible size, or one a little smaller.
_PLACEHOLDER = 0x7FFF_0000
_LARGEST = 0x7FFF_FF00
_MODULUS = 1 << 32
_RATE_OFFSET, _BLOCK_OFFSET = 8, 12
# Shorter data behind the sound is something else.
_LEAST_SECONDS, _MOST_LEAST_BYTES = 0.1, 1 << 17
_MPEG_CODES = {0x50, 0x55}
_FLOAT, _EXTENSIBLE = 3, 0xFFFE
_SUBFORMAT = HEADER_BYTES + 24


class _Wave(NamedTuple):
    """The header of one WAV file."""

    order: str
    """Byte order of its numbers, as `struct` writes it."""
    form: bytes
    """The chunk `fmt `, including the chunk's header."""
    data: int
    """Offset of the sound."""
    size: int
    """Length of the sound in bytes, according to the header."""

    @property
    def end(self) -> int:
        """Offset after the sound, according to the header."""
        return self.data + self.size

    @property
    def is_mpeg(self) -> bool:
        """True if the sound is MPEG audio."""
        return self.code in _MPEG_CODES

    @property
    def code(self) -> int:
        """Format code of its codec."""
        return int(struct.unpack_from(f"{self.order}H", self.form, HEADER_BYTES)[0])

    @property
    def block_bytes(self) -> int:
        """Bytes in one sample of all channels, or in one compressed block."""
        return struct.unpack_from(f"{self.order}H", self.form, HEADER_BYTES + _BLOCK_OFFSET)[0] or 1

    @property
    def least_bytes(self) -> int:
        """The smallest number of bytes behind the sound that may be more sound."""
        rate = struct.unpack_from(f"{self.order}I", self.form, HEADER_BYTES + _RATE_OFFSET)[0]
        return max(self.block_bytes, min(int(_LEAST_SECONDS * rate), _MOST_LEAST_BYTES))


class _Extent(NamedTuple):
    """The true end of the sound."""

    end: int
    """Offset after the sound."""
    notice: str | None = None
    """A warning if the header gives another end."""
    is_declared: bool = False
    """True if libsndfile finds the same end from the header."""


def wav_parts(file: SoundInput, start: int = 0) -> list[Part]:
    """Return the sound of the WAV file at the offset `start`, and of files appended to it."""
    parts: list[Part] = []
    while (wave := _read_wave(file, start)) is not None:
        following = _next_file(file, wave)
        extent = _Extent(wave.end) if following else _extent(file, wave)
        if wave.is_mpeg:
            parts += _mpeg_parts(file, wave, extent)
        elif extent.is_declared and not parts:
            return [Part(notice=extent.notice)]
        else:
            head, body = _header(wave, extent.end - wave.data), range(wave.data, extent.end)
            parts.append(Part(pieces=[head, body], notice=extent.notice))
        if following is None:
            break
        start = following
    # If there is no valid header, libsndfile reports the reason.
    return parts or [Part()]


def _mpeg_parts(file: SoundInput, wave: _Wave, extent: _Extent) -> list[Part]:
    """Return the parts of MP3 in a WAV file; libsndfile would misjudge its duration.

    libsndfile estimates the duration from the first bit rate.
    """
    try:
        parts = walked_parts(file, wave.data, extent.end)
    except UnsuitableError:
        return [Part(notice=extent.notice)]
    return [*parts[:-1], replace(parts[-1], notice=extent.notice or parts[-1].notice)]


def endless_head(pipe: SoundInput) -> bytes:
    """Return a pipe's first bytes; if the header gives no size, set it to the largest."""
    wave = _read_wave(pipe, 0)
    if wave is None or wave.size:
        return pipe.head
    return _header(wave, _LARGEST) + pipe.head[wave.data :]


def has_float_samples(pipe: SoundInput) -> bool | None:
    """Return whether samples are floating point; None if the header exceeds the pipe's head."""
    wave = _read_wave(pipe, 0)
    if wave is None:
        return None
    code = wave.code
    if code == _EXTENSIBLE:
        code = struct.unpack_from(f"{wave.order}H", wave.form.ljust(64, b"\0"), _SUBFORMAT)[0]
    return code == _FLOAT


def _read_wave(file: SoundInput, start: int) -> _Wave | None:
    head = file.read(start, _FIRST_CHUNK)
    order = _MARKERS.get(head[:4])
    if order is None or head[8:] != b"WAVE":
        return None
    form, long_size = b"", 0
    for chunk in chunks(file, start + _FIRST_CHUNK, file.end, order):
        if chunk.name == b"ds64":
            long_size = int.from_bytes(file.read(chunk.start + 8, 8), "little")
        elif chunk.name == b"fmt ":
            size = min(chunk.size, 1 << 12)
            form = file.read(chunk.start - HEADER_BYTES, HEADER_BYTES + size)
        elif chunk.name == b"data":
            is_long = head[:4] in {b"RF64", b"BW64"} and chunk.size == _UNKNOWN
            if len(form) < HEADER_BYTES + 16:
                return None
            return _Wave(order, form, chunk.start, long_size if is_long else chunk.size)
    return None


def _next_file(file: SoundInput, wave: _Wave) -> int | None:
    """Return the offset of a WAV file that is appended to this one, or None."""
    for start in (wave.end, wave.end + wave.size % 2):
        if wave.size and _read_wave(file, start) is not None:
            return start
    return None


def _extent(file: SoundInput, wave: _Wave) -> _Extent:
    end = before_tags(file, file.end)
    present = end - wave.data
    if wave.size > present:
        if wave.size >= _PLACEHOLDER:
            return _Extent(before_chunks(file, wave.data, end, wave.order))
        is_cut = wave.size - present >= wave.block_bytes
        return _Extent(end, TRUNCATED if is_cut else None, is_declared=True)
    is_all = end - wave.end < HEADER_BYTES or any(
        are_chunks(file, wave.end + padding, end, wave.order)
        or (wave.size and not may_be_sound(file, wave.end + padding, end, wave.least_bytes))
        for padding in (0, wave.size % 2)
    )
    if is_all:
        return _Extent(wave.end, is_declared=True)
    sound_end = before_chunks(file, wave.end, end, wave.order)
    if wave.size == 0:
        return _Extent(sound_end, UNFINISHED)
    # For more than 4 GiB, a 32-bit size overflows: it is the true size modulo 2**32.
    is_known = (sound_end - wave.end) % _MODULUS < wave.block_bytes
    return _Extent(sound_end, None if is_known else LONGER)


def _header(wave: _Wave, size: int) -> bytes:
    total = 4 + len(wave.form) + HEADER_BYTES + size
    if total < _UNKNOWN:
        marker = b"RIFX" if wave.order == ">" else b"RIFF"
        sizes = [struct.pack(f"{wave.order}I", number) for number in (total, size)]
        return marker + sizes[0] + b"WAVE" + wave.form + b"data" + sizes[1]
    unknown = struct.pack("<I", _UNKNOWN)
    long = b"ds64" + struct.pack("<IQQQI", 28, total + 36, size, 0, 0)
    return b"RF64" + unknown + b"WAVE" + long + wave.form + b"data" + unknown
