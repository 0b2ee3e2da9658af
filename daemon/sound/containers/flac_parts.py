"""Find the streams of a FLAC file; the number of samples in the header is not trusted."""

from collections.abc import Iterator

from daemon.sound.containers.input import BUFFER_BYTES, SoundInput
from daemon.sound.containers.part import Part, UnsuitableError
from daemon.sound.containers.tags import before_tags

# The marker and the header of the block that must follow it: STREAMINFO of 34 bytes.
_MARKER = b"fLaC\0\0\0\x22"
_LAST_MARKER = b"fLaC\x80\0\0\x22"
_MARKER_BYTES = 4
_BLOCK_HEADER_BYTES = 4
_IS_LAST = 0x80
# The lower 36 of these 40 bits are the number of samples.
_TOTAL_OFFSET, _TOTAL_BYTES, _TOTAL_BITS = 21, 5, 36


def flac_parts(file: SoundInput, start: int) -> list[Part]:
    """Return the streams of a file that begins with FLAC's marker at the offset `start`.

    libsndfile gets a header without the number of samples, as encoders write it to a pipe; it would
    stop at a number that is too small. Raises UnsuitableError if the file ends in its header.
    """
    end = before_tags(file, file.end)
    starts = [start, *_more_streams(file, start, end)]
    return [_part(file, *bounds) for bounds in zip(starts, [*starts[1:], end], strict=True)]


def _part(file: SoundInput, start: int, end: int) -> Part:
    field = file.read(start + _TOTAL_OFFSET, _TOTAL_BYTES)
    number = int.from_bytes(field, "big")
    unknown = (number >> _TOTAL_BITS << _TOTAL_BITS).to_bytes(_TOTAL_BYTES, "big")
    head = file.read(start, _TOTAL_OFFSET) + unknown
    if len(field) < _TOTAL_BYTES:
        raise UnsuitableError("it ends in its header")
    return Part(
        pieces=[head, range(start + len(head), end)],
        frames=(number & (1 << _TOTAL_BITS) - 1) or None,
    )


def _more_streams(file: SoundInput, start: int, end: int) -> Iterator[int]:
    """Yield the offsets of further streams; metadata is skipped, as pictures may look like one."""
    position = _frames_start(file, start, end)
    while position < end:
        piece = file.read(position, BUFFER_BYTES)
        found = [at for at in (piece.find(_MARKER), piece.find(_LAST_MARKER)) if at >= 0]
        if found:
            yield position + min(found)
            position = _frames_start(file, position + min(found), end)
        else:
            position += max(1, len(piece) - len(_MARKER) + 1)


def _frames_start(file: SoundInput, start: int, end: int) -> int:
    position = start + _MARKER_BYTES
    while position < end:
        header = file.read(position, _BLOCK_HEADER_BYTES)
        position += _BLOCK_HEADER_BYTES + int.from_bytes(header[1:], "big")
        if not header or header[0] & _IS_LAST:
            break
    return position
