"""Skip the tags of music players before and after the sound of a file."""

from daemon.sound.containers.input import BUFFER_BYTES, SoundInput

_ID3_HEADER = 10
_ID3V1_BYTES = 128
_APE_BYTES = 32
_APE_HAS_HEADER, _APE_IS_HEADER = 1 << 31, 1 << 29
_LYRICS_END = 15
# No real file has more tags in a row.
_MOST_TAGS = 16


def after_id3(file: SoundInput, start: int) -> int:
    """Return the offset after all ID3v2 tags that begin at `start`."""
    for _ in range(_MOST_TAGS):
        header = file.read(start, _ID3_HEADER)
        if len(header) < _ID3_HEADER or header[:3] != b"ID3" or max(header[6:]) > 127:  # noqa: PLR2004
            break
        size = 0
        for byte in header[6:]:
            size = size << 7 | byte
        has_footer = header[5] & 0x10
        start += _ID3_HEADER + size + (_ID3_HEADER if has_footer else 0)
    return start


def after_tags(file: SoundInput, start: int) -> int:
    """Return the offset after all tags (ID3v2, ID3v1, APE) that begin at `start`."""
    for _ in range(_MOST_TAGS):
        end = after_id3(file, start)
        head = file.read(end, _APE_BYTES)
        if head[:3] == b"TAG":
            end += _ID3V1_BYTES
        elif head[:8] == b"APETAGEX" and int.from_bytes(head[20:24], "little") & _APE_IS_HEADER:
            end += _APE_BYTES + int.from_bytes(head[12:16], "little")
        if end == start:
            break
        start = end
    return start


def may_be_sound(file: SoundInput, start: int, end: int, least_bytes: int = 1) -> bool:
    """Return whether bytes behind a complete recording, from `start` to `end`, may be more sound.

    They cannot if they are an ID3v2 tag, fewer than `least_bytes`, or all zero: recorders fill the
    last cluster of a card with zeros.
    """
    start = after_id3(file, start)
    if end - start < least_bytes:
        return False
    return any(
        file.read(at, min(BUFFER_BYTES, end - at)).strip(b"\0")
        for at in range(start, end, BUFFER_BYTES)
    )


def before_tags(file: SoundInput, end: int) -> int:
    """Return the offset where the tags (ID3v1, APE, Lyrics3) that end at `end` begin."""
    for _ in range(_MOST_TAGS):
        start = _before_tag(file, end)
        if start == end or start < 0:
            break
        end = start
    return end


def _before_tag(file: SoundInput, end: int) -> int:
    if end >= _ID3V1_BYTES and file.read(end - _ID3V1_BYTES, 3) == b"TAG":
        return end - _ID3V1_BYTES
    tail = file.read(max(0, end - _APE_BYTES), min(end, _APE_BYTES))
    if tail[:8] == b"APETAGEX":
        size = int.from_bytes(tail[12:16], "little")
        has_header = int.from_bytes(tail[20:24], "little") & _APE_HAS_HEADER
        return end - size - (_APE_BYTES if has_header else 0)
    if tail[-9:] == b"LYRICS200" and tail[-_LYRICS_END:-9].isdigit():
        return end - _LYRICS_END - int(tail[-_LYRICS_END:-9])
    return end
