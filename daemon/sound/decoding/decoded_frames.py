"""Decode a stream's frames with their time stamps and skip damage; runs in the decoding child."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

# Formats whose time stamps are sums of packet durations and so do not show gaps.
_WITHOUT_STAMPS = {"aac", "ac3", "dts", "eac3", "loas", "mlp", "mp3", "truehd"}
# Formats whose packets are delivered in file order.
_IN_ORDER = {"asf", "flv", "matroska,webm", "mpegts", "ogg"}
# Formats with numbered frames, where only damage makes a gap.
_NUMBERED = {"flac"}
# Fewer bytes between packets are headers; a transport stream has more of them.
_LEAST_SKIPPED_BYTES = 600
_LEAST_SKIPPED_BYTES_MPEGTS = 3_000
_TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN")
# Largest plausible step back from one frame's time stamp to the next.
_BACK_SECONDS = 1.0
_MOST_READ_ERRORS = 10


class DecodedFrame(NamedTuple):
    """A decoded frame with its position in time."""

    frame: Any
    """PyAV's frame."""
    seconds: float
    """Its duration."""
    starts_at: float | None
    """Its time stamp in seconds; None if it has none or a meaningless one."""
    lost_seconds: float = 0.0
    """Duration of the undecodable sound before it, if it has no time stamp."""
    is_damaged: bool = False
    """True if sound directly before it may be damaged."""


def is_skippable(error: Exception) -> bool:
    """Return whether decoding can continue after this error of one packet."""
    import av

    fatal = (av.MemoryError, av.DecoderNotFoundError)
    return isinstance(error, av.FFmpegError) and not isinstance(error, fatal)


class Frames:
    """Decodes one stream and skips packets that cannot be decoded."""

    def __init__(self, container: Any, stream: Any) -> None:
        self._container = container
        self._stream = stream
        name = container.format.name
        self._has_stamps = name not in _WITHOUT_STAMPS
        self._is_in_order = name in _IN_ORDER or not self._has_stamps
        self._streams = () if self._is_in_order else (stream,)
        self._is_numbered = name in _NUMBERED
        self._least_skipped_bytes = (
            _LEAST_SKIPPED_BYTES_MPEGTS if name == "mpegts" else _LEAST_SKIPPED_BYTES
        )
        self._tick_seconds = float(stream.time_base or 0)
        self._rate_hz: int | None = None
        self._failure: Exception | None = None
        self._is_corrupt = False
        self._was_corrupt = False
        self._is_in_tag = False
        self._lost_seconds = 0.0
        self._lost_bytes = 0
        self._position = 0
        self._bytes_at_position = 0
        self._skipped_bytes = 0
        self._header_bytes = 0
        self._headers = 0
        self._bytes = 0
        self._seconds = 0.0

    def __iter__(self) -> Iterator[DecodedFrame]:
        """Yield the frames; raises av.FFmpegError at the end if the last packets failed."""
        return _without_contradictions(self._all())

    @property
    def file_starts_at(self) -> float | None:
        """The file's first time stamp in seconds; None if unknown."""
        import av

        if self._is_numbered:
            # Numbering begins at 0, even if the first frames are damaged.
            return 0.0
        start = self._container.start_time
        return None if start is None else float(start / av.time_base)

    @property
    def skipped_seconds(self) -> float:
        """Estimated duration of the bytes outside of packets, lost to damage; may be infinite."""
        if self._is_numbered or self._was_corrupt:
            return math.inf
        return self._skipped_bytes / self._bytes_a_second

    @property
    def _bytes_a_second(self) -> float:
        return self._bytes / self._seconds if self._bytes and self._seconds else math.inf

    def _all(self) -> Iterator[DecodedFrame]:
        index = self._stream.index
        for packet in self._packets():
            self._follow(packet)
            if packet.stream_index != index:
                continue
            try:
                frames = packet.decode()
            except Exception as error:
                if not is_skippable(error):
                    raise
                self._count_failure(packet, error)
                continue
            self._bytes += packet.size
            # FFmpeg numbers frames that damage has joined like the last of them.
            is_joined = self._is_numbered and len(frames) > 1
            for frame in frames:
                decoded = self._describe(frame)
                yield decoded._replace(starts_at=None) if is_joined else decoded
        if self._failure is not None:
            raise self._failure

    def _packets(self) -> Iterator[Any]:
        """Yield all packets, including video if needed; continue after damaged spots."""
        import av

        errors = 0
        while True:
            try:
                for packet in self._container.demux(*self._streams):
                    errors = 0
                    yield packet
            except av.InvalidDataError:
                errors += 1
                if errors >= _MOST_READ_ERRORS:
                    raise
            else:
                return

    def _follow(self, packet: Any) -> None:
        """Count the file's bytes between `packet` and the packets before it."""
        if packet.is_corrupt:
            self._is_corrupt = self._was_corrupt = True
        if packet.pos is None or not self._is_in_order:
            return
        if packet.pos > self._position:
            if self._bytes_at_position:
                self._count_skipped(packet.pos - self._position - self._bytes_at_position)
            self._position, self._bytes_at_position = packet.pos, 0
        self._bytes_at_position += packet.size

    def _count_skipped(self, size: int) -> None:
        self._lost_bytes += size
        usual_bytes = self._header_bytes / self._headers if self._headers else 0
        if size - usual_bytes >= self._least_skipped_bytes:
            self._skipped_bytes += size
        else:
            self._header_bytes += size
            self._headers += 1

    def _count_failure(self, packet: Any, error: Exception) -> None:
        self._is_in_tag = self._is_in_tag or bytes(packet)[:12].startswith(_TAGS)
        if self._is_in_tag:
            return
        self._failure = error
        if packet.duration is not None:
            self._lost_seconds += float(packet.duration * packet.time_base)
        self._lost_bytes += packet.size

    def _describe(self, frame: Any) -> DecodedFrame:
        # Without an error, the skipped bytes may be a tag.
        lost_seconds = 0.0
        if self._failure is not None and not self._has_stamps:
            lost_seconds = max(self._lost_seconds, self._lost_bytes / self._bytes_a_second)
        is_damaged = self._failure is not None or self._is_corrupt or self._is_numbered
        seconds = frame.samples / frame.sample_rate
        decoded = DecodedFrame(frame, seconds, self._starts_at(frame), lost_seconds, is_damaged)
        self._failure = None
        self._is_corrupt = self._is_in_tag = False
        self._lost_seconds, self._lost_bytes = 0.0, 0
        self._seconds += seconds
        return decoded

    def _starts_at(self, frame: Any) -> float | None:
        pts = frame.pts if self._has_stamps else None
        if pts is None:
            return None
        if self._rate_hz != frame.sample_rate:
            self._rate_hz = self._rate_hz or frame.sample_rate
            if self._stream.time_base.denominator == self._rate_hz != frame.sample_rate:
                # The stamps count samples, whose duration has changed.
                return None
        return pts * self._tick_seconds  # type: ignore[no-any-return]


def _without_contradictions(frames: Iterator[DecodedFrame]) -> Iterator[DecodedFrame]:
    """Drop a time stamp that is far ahead of the next one: damage may have changed it."""
    held: DecodedFrame | None = None
    failure: Exception | None = None
    try:
        for decoded in frames:
            if held is not None:
                yield held._replace(starts_at=None) if _contradicts(held, decoded) else held
            held = decoded
    except Exception as error:  # noqa: BLE001 (raised below)
        failure = error
    if held is not None:
        yield held
    if failure is not None:
        raise failure


def _contradicts(first: DecodedFrame, second: DecodedFrame) -> bool:
    if first.starts_at is None or second.starts_at is None:
        return False
    return second.starts_at < first.starts_at + first.seconds - _BACK_SECONDS
