"""Parse the header of an MP3 stream (Xing, Info or VBRI), which is a frame without sound."""

import re
from dataclasses import dataclass

from daemon.sound.containers.mpeg_frames import Frame

_HAS_FRAMES, _HAS_BYTES = 1, 2
_MPEG_1, _LAYER_3 = 3, 3
_FRAME_HEADER_BYTES = 4
# Bytes between a frame's header and the tag, by (is version 1, is mono).
_SIDE_BYTES = {(True, False): 32, (True, True): 17, (False, False): 17, (False, True): 9}
_VBRI_OFFSET = 36
_MARKER = re.compile(rb"Xing|Info|VBRI")


@dataclass(frozen=True)
class StreamHeader:
    """The fields of a stream's header."""

    frames: int | None
    """Number of frames; None if not given."""
    size_bytes: int | None
    """Length of the stream; None if not given."""


def stream_header(frame: Frame) -> StreamHeader | None:
    """Return the stream header in `frame`, or None if the frame contains sound."""
    if frame.form.layer != _LAYER_3 or not _MARKER.search(frame.head):
        return None
    side = _SIDE_BYTES[frame.form.version == _MPEG_1, frame.form.is_mono]
    at = _FRAME_HEADER_BYTES + side
    if frame.head[at : at + 4] in {b"Xing", b"Info"}:
        return _xing(frame.head[at + 4 :])
    if frame.head[_VBRI_OFFSET : _VBRI_OFFSET + 4] == b"VBRI":
        # Decoders skip this frame and its values, and so does the walk.
        return StreamHeader(None, None)
    return None


def _xing(body: bytes) -> StreamHeader:
    flags, first, second = (int.from_bytes(body[at : at + 4], "big") for at in (0, 4, 8))
    if flags & _HAS_FRAMES:
        return StreamHeader(first, second if flags & _HAS_BYTES else None)
    return StreamHeader(None, first if flags & _HAS_BYTES else None)
