"""The parts of an MP3 file: one where its header counts all frames, else as a walk finds them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from daemon.sound.containers.input import SoundInput
from daemon.sound.containers.mpeg_frames import HEAD_BYTES, Form, Frame, frame_size, frames
from daemon.sound.containers.mpeg_header import StreamHeader, stream_header
from daemon.sound.containers.part import DAMAGED, TRUNCATED, Part, UnsuitableError
from daemon.sound.containers.tags import after_id3, after_tags, before_tags

_SEARCHED_BYTES = 1 << 20
# Less is padding between frames; more is no sound that was damaged, but something else.
_LEAST_DAMAGE_SECONDS, _LONGEST_DAMAGE_SECONDS = 0.02, 600.0


@dataclass
class _Run:
    """Frames that follow each other in one form."""

    form: Form
    start: int
    end: int
    header: StreamHeader | None
    body: int
    """Where the frames with sound begin."""
    frames: int = 0
    """Frames with sound."""

    @property
    def bytes_a_second(self) -> float:
        """The mean, the header's frame included."""
        seconds = self.frames * self.form.samples / self.form.rate_hz
        return (self.end - self.start) / seconds


def mpeg_parts(file: SoundInput, start: int) -> list[Part]:
    """The parts of a file whose first frame is at the offset `start`.

    The file as it is where it is one stream without damage, with a header that counts its frames
    or, if its end is missing, more. Otherwise as `walked_parts`.
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
    """The parts found by walking all frames: streams joined to one file, or cut by damage.

    They are between two offsets, `end` None: the end of the file.

    Raises UnsuitableError where there are no frames to walk.
    """
    limit = before_tags(file, file.end) if end is None else end
    runs = list(_runs(file, start, limit))
    if not runs:
        raise UnsuitableError("no MPEG audio frames in a row")
    streams: list[list[_Run]] = []
    for run in runs:
        if run.header is not None or not streams:
            streams.append([])
        streams[-1].append(run)
    return [part for stream in streams for part in _stream_parts(file, stream)]


def _stream_parts(file: SoundInput, runs: list[_Run]) -> Iterator[Part]:
    """The parts of one stream, with silence for the sound that is damaged between them."""
    lost_seconds = [0.0]
    for before, run in pairwise(runs):
        lost = _between(file, before.end, run.start) / before.bytes_a_second
        is_damage = _LEAST_DAMAGE_SECONDS <= lost <= _LONGEST_DAMAGE_SECONDS
        lost_seconds.append(lost if is_damage else 0.0)
    header, form = runs[0].header, runs[0].form
    if header is not None and header.frames and any(lost_seconds):
        # By bytes alone it is a guess where the bit rate varies.
        lost_frames = max(0, header.frames - sum(run.frames for run in runs))
        share = lost_frames * form.samples / form.rate_hz / sum(lost_seconds)
        lost_seconds = [seconds * min(1.0, share) for seconds in lost_seconds]
    *first, last = map(_part, runs, lost_seconds)
    yield from first
    yield replace(last, notice=TRUNCATED) if _is_cut(runs, sum(lost_seconds)) else last


def _is_cut(runs: list[_Run], lost_seconds: float) -> bool:
    """Whether the end of a stream is missing, by the number of frames in its header."""
    header, form = runs[0].header, runs[0].form
    # What is damaged between the runs is estimated, and some encoders count the header's own frame.
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


def _between(file: SoundInput, start: int, end: int) -> int:
    """How many bytes between two runs are no tags, after the one or before the other."""
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
    # Without the header, of which the decoder would believe a number that is too small.
    return Part(
        pieces=[range(run.body, run.end)],
        hides_length=True,
        notice=notice,
        silence_seconds=lost_seconds,
    )
