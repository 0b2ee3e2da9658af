"""Find the parts of an MP3 file, by its header if that counts all frames, else by a walk."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from daemon.sound.containers.input import SoundInput
from daemon.sound.containers.mpeg_frames import HEAD_BYTES, Frame, FrameFormat, frame_size, frames
from daemon.sound.containers.mpeg_header import StreamHeader, stream_header
from daemon.sound.containers.part import DAMAGED, TRUNCATED, Part, UnsuitableError
from daemon.sound.containers.tags import after_id3, after_tags, before_tags

_SEARCHED_BYTES = 1 << 20
# Shorter gaps between frames are padding; longer ones are other data, not damaged sound.
_LEAST_DAMAGE_SECONDS, _LONGEST_DAMAGE_SECONDS = 0.02, 600.0


@dataclass
class _Run:
    """Consecutive frames of one format."""

    form: FrameFormat
    start: int
    end: int
    header: StreamHeader | None
    body: int
    """Offset of the first frame with sound."""
    frames: int = 0
    """Number of frames with sound."""

    @property
    def bytes_a_second(self) -> float:
        """The mean, including the header's frame."""
        seconds = self.frames * self.form.samples / self.form.rate_hz
        return (self.end - self.start) / seconds


def mpeg_parts(file: SoundInput, start: int) -> list[Part]:
    """Return the parts of a file whose first frame is at the offset `start`.

    This is the unchanged file if it is one undamaged stream with a header that counts its frames,
    or more of them if the end is missing. Otherwise as `walked_parts`, which may raise.
    """
    head = file.read(start, HEAD_BYTES)
    found = frame_size(head)
    if found is not None and after_id3(file, 0) == start:
        header = stream_header(Frame(start, *found, head))
        if header is not None and header.frames:
            end = before_tags(file, file.end)
            runs = list(islice(_runs(file, start, end), 2))
            # Some encoders count the header's own frame.
            if len(runs) == 1 and runs[0].frames <= header.frames + 1:
                is_cut = runs[0].frames < header.frames - 1
                return [Part(trusts_count=True, notice=TRUNCATED if is_cut else None)]
    return walked_parts(file, start)


def walked_parts(file: SoundInput, start: int, end: int | None = None) -> list[Part]:
    """Return the parts between `start` and `end`, found by walking all frames.

    There are several if streams were joined to one file, or damage splits a stream. `end` is None
    for the end of the file. Raises UnsuitableError if there are no frames.
    """
    limit = before_tags(file, file.end) if end is None else end
    runs = list(_runs(file, start, limit))
    if not runs:
        raise UnsuitableError("no consecutive MPEG audio frames")
    streams: list[list[_Run]] = []
    for run in runs:
        if run.header is not None or not streams:
            streams.append([])
        streams[-1].append(run)
    return [part for stream in streams for part in _stream_parts(file, stream)]


def _stream_parts(file: SoundInput, runs: list[_Run]) -> Iterator[Part]:
    """Yield the parts of one stream, with silence for the damaged sound between them."""
    lost_seconds = [0.0]
    for before, run in pairwise(runs):
        lost = _untagged_bytes(file, before.end, run.start) / before.bytes_a_second
        is_damage = _LEAST_DAMAGE_SECONDS <= lost <= _LONGEST_DAMAGE_SECONDS
        lost_seconds.append(lost if is_damage else 0.0)
    header, form = runs[0].header, runs[0].form
    if header is not None and header.frames and any(lost_seconds):
        # With a variable bit rate, the estimate from bytes is inaccurate; the header limits it.
        lost_frames = max(0, header.frames - sum(run.frames for run in runs))
        share = lost_frames * form.samples / form.rate_hz / sum(lost_seconds)
        lost_seconds = [seconds * min(1.0, share) for seconds in lost_seconds]
    *first, last = map(_part, runs, lost_seconds)
    yield from first
    yield replace(last, notice=TRUNCATED) if _is_cut(runs, sum(lost_seconds)) else last


def _is_cut(runs: list[_Run], lost_seconds: float) -> bool:
    """Return whether the end of a stream is missing, by the number of frames in its header."""
    header, form = runs[0].header, runs[0].form
    # Allow for errors: the damage is estimated, and some encoders count the header's own frame.
    lost_frames = 2 * lost_seconds * form.rate_hz / form.samples
    found = sum(run.frames for run in runs) + lost_frames + len(runs)
    return header is not None and header.frames is not None and header.frames > found


def _runs(file: SoundInput, start: int, end: int) -> Iterator[_Run]:
    run: _Run | None = None
    for frame in frames(file, start, end):
        header = stream_header(frame)
        continues = run is not None and frame.start == run.end and frame.form == run.form
        if run is None or not continues or header is not None:
            if run is not None and run.frames:
                yield run
            body = frame.start if header is None else frame.start + frame.size
            run = _Run(frame.form, frame.start, frame.start, header, body)
        run.end = frame.start + frame.size
        run.frames += header is None
    if run is not None and run.frames:
        yield run


def _untagged_bytes(file: SoundInput, start: int, end: int) -> int:
    """Return the number of bytes from `start` to `end` without tags at either end."""
    content = file.read(start, min(end - start, _SEARCHED_BYTES))
    found = content.find(b"ID3")
    if found >= 0 and after_id3(file, start + found) == end:
        end = start + found
    start = after_tags(file, start)
    return max(0, before_tags(file, end) - start)


def _part(run: _Run, lost_seconds: float) -> Part:
    counted = run.header.frames if run.header is not None else None
    notice = DAMAGED if lost_seconds else None
    if counted is not None and counted >= run.frames:
        return Part(pieces=[range(run.start, run.end)], notice=notice, silence_seconds=lost_seconds)
    # Leave out the header: the decoder would stop at its number of frames, which is too small.
    return Part(
        pieces=[range(run.body, run.end)],
        hides_length=True,
        notice=notice,
        silence_seconds=lost_seconds,
    )
