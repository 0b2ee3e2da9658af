"""A stream's frames and their time stamps, over its damaged spots; in the decoding child."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

# The time stamps of these are the sum of their packets' durations, so that they tell of no gap.
_WITHOUT_STAMPS = {"aac", "ac3", "dts", "eac3", "loas", "mlp", "mp3", "truehd"}
# Their packets come in the order in which the file holds them.
_IN_ORDER = {"asf", "flv", "matroska,webm", "mpegts", "ogg"}
# Their frames are numbered, so that only damage makes a gap.
_NUMBERED = {"flac"}
# Headers between packets differ less from each other; a transport stream has more of them.
_LEAST_SKIPPED_BYTES = 600
_LEAST_SKIPPED_BYTES_MPEGTS = 3_000
_TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN")
# Between the time stamps of two frames that follow each other.
_BACK_SECONDS = 1.0
_MOST_READ_ERRORS = 10


class Decoded(NamedTuple):
    """One frame."""

    frame: Any
    seconds: float
    """Its length."""
    starts_at: float | None
    """Its time stamp in seconds; None where it has none that means anything."""
    lost_seconds: float = 0.0
    """How much could not be decoded before a frame without a time stamp."""
    is_damaged: bool = False
    """Something before it could not be decoded."""


def is_skipped(error: Exception) -> bool:
    """Whether decoding goes on after this error of one packet."""
    import av

    fatal = (av.MemoryError, av.DecoderNotFoundError)
    return isinstance(error, av.FFmpegError) and not isinstance(error, fatal)


class Frames:
    """Decodes one stream and skips what cannot be decoded."""

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

    def __iter__(self) -> Iterator[Decoded]:
        """Yield the frames.

        Raises av.FFmpegError at the end where nothing could be decoded any more.
        """
        return _without_contradictions(self._all())

    @property
    def file_starts_at(self) -> float | None:
        """Where the file begins by its time stamps, in seconds; None: where they do not tell."""
        import av

        if self._is_numbered:
            # From 0, also where the first frames are damaged.
            return 0.0
        start = self._container.start_time
        return None if start is None else float(start / av.time_base)

    @property
    def skipped_seconds(self) -> float:
        """About how much sound the file holds outside of its packets, and has lost by damage."""
        if self._is_numbered or self._was_corrupt:
            return math.inf
        return self._skipped_bytes / self._bytes_a_second

    @property
    def _bytes_a_second(self) -> float:
        return self._bytes / self._seconds if self._bytes and self._seconds else math.inf

    def _all(self) -> Iterator[Decoded]:
        index = self._stream.index
        for packet in self._packets():
            self._follow(packet)
            if packet.stream_index != index:
                continue
            try:
                frames = packet.decode()
            except Exception as error:
                if not is_skipped(error):
                    raise
                self._count_failure(packet, error)
                continue
            self._bytes += packet.size
            # FFmpeg gives frames that damage has joined the number of the last one.
            is_joined = self._is_numbered and len(frames) > 1
            for frame in frames:
                decoded = self._decoded(frame)
                yield decoded._replace(starts_at=None) if is_joined else decoded
        if self._failure is not None:
            raise self._failure

    def _packets(self) -> Iterator[Any]:
        """All packets, those of a picture too, after damage that has broken their order too."""
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
        """Count the file's bytes between this packet and those before it."""
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

    def _decoded(self, frame: Any) -> Decoded:
        # Without an error the bytes may be those of a tag.
        lost_seconds = 0.0
        if self._failure is not None and not self._has_stamps:
            lost_seconds = max(self._lost_seconds, self._lost_bytes / self._bytes_a_second)
        is_damaged = self._failure is not None or self._is_corrupt or self._is_numbered
        seconds = frame.samples / frame.sample_rate
        decoded = Decoded(frame, seconds, self._starts_at(frame), lost_seconds, is_damaged)
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
                # They count samples, now of another length.
                return None
        return pts * self._tick_seconds  # type: ignore[no-any-return]


def _without_contradictions(frames: Iterator[Decoded]) -> Iterator[Decoded]:
    """Drop a time stamp that the next one goes far behind: damage can change one."""
    held: Decoded | None = None
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


def _contradicts(first: Decoded, second: Decoded) -> bool:
    if first.starts_at is None or second.starts_at is None:
        return False
    return second.starts_at < first.starts_at + first.seconds - _BACK_SECONDS
