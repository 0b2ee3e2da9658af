"""Correct the granule positions of Opus in Ogg by counting its samples (RFC 6716, RFC 7845)."""

from collections.abc import Iterator

from daemon.sound.containers.byte_pieces import Piece, apply_patches
from daemon.sound.containers.input import SoundInput
from daemon.sound.containers.ogg_pages import (
    CHECKSUM_OFFSET,
    GRANULE_OFFSET,
    HEADER_BYTES,
    IS_CONTINUED,
    NO_GRANULE,
    WHOLE_SEGMENT,
    checksum,
    pages,
)

MOST_PACKET_SAMPLES = 5_760
"""Samples of the longest packet, 120 ms; Opus always counts at 48 kHz."""
_HEADER_PACKETS = 2
_CELT, _HYBRID = 16, 12
# Samples per frame, by the configuration in a packet's first byte.
_SILK_SAMPLES = (480, 960, 1_920, 2_880)
_HYBRID_SAMPLES = (480, 960)
_CELT_SAMPLES = (120, 240, 480, 960)


def page_samples(page: bytes) -> int:
    """Return the number of samples in the packets that begin in this page."""
    return sum(samples for samples, _ in _packets(page))


def correct_positions(file: SoundInput, start: int, end: int) -> list[Piece]:
    """Return the stream from `start` to `end` with correct granule positions in its pages."""
    patches: dict[int, bytes] = {}
    packets = total = left = 0
    for found in pages(file):
        if not start <= found.start < end:
            continue
        page = bytearray(file.read(found.start, found.end - found.start))
        has_sound = packets >= _HEADER_PACKETS
        packets += found.packets
        if not has_sound:
            continue
        granule = NO_GRANULE
        if page[5] & IS_CONTINUED and found.packets:
            total, left = total + left, 0
        for samples, is_whole in _packets(bytes(page)):
            total, left = (total + samples, 0) if is_whole else (total, samples)
        if found.packets:
            granule = total
        page[GRANULE_OFFSET : GRANULE_OFFSET + 8] = granule.to_bytes(8, "little")
        patches[found.start + GRANULE_OFFSET] = bytes(page[GRANULE_OFFSET : GRANULE_OFFSET + 8])
        patches[found.start + CHECKSUM_OFFSET] = checksum(bytes(page))
    return apply_patches(end, patches, start)


def _packets(page: bytes) -> Iterator[tuple[int, bool]]:
    """Yield the samples of each packet that begins in `page`, and whether it also ends there."""
    segments = page[HEADER_BYTES : HEADER_BYTES + page[HEADER_BYTES - 1]]
    position = begins = HEADER_BYTES + len(segments)
    is_continued = bool(page[5] & IS_CONTINUED)
    is_whole = True
    for size in segments:
        position += size
        is_whole = size < WHOLE_SEGMENT
        if is_whole:
            if not is_continued:
                yield _samples(page[begins : begins + 2]), True
            begins, is_continued = position, False
    if not is_whole and not is_continued:
        yield _samples(page[begins : begins + 2]), False


def _samples(start: bytes) -> int:
    """Return the number of samples in a packet, from its first two bytes."""
    if not start:
        return 0
    configuration, code = start[0] >> 3, start[0] & 3
    if configuration >= _CELT:
        samples = _CELT_SAMPLES[configuration & 3]
    elif configuration >= _HYBRID:
        samples = _HYBRID_SAMPLES[configuration & 1]
    else:
        samples = _SILK_SAMPLES[configuration & 3]
    frames = {0: 1, 1: 2, 2: 2}.get(code) or (start[1] & 0x3F if len(start) > 1 else 0)
    return min(frames * samples, MOST_PACKET_SAMPLES)
