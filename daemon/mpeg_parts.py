"""The parts of an MP3 file: one where its header counts all frames, else as a walk finds them."""

from collections.abc import Iterator
from dataclasses import dataclass

from daemon.mpeg_frames import HEAD_BYTES, Form, Frame, frame_size, frames
from daemon.mpeg_header import StreamHeader, stream_header
from daemon.sound_input import SoundInput
from daemon.sound_part import DAMAGED, TRUNCATED, Part, UnsuitableError
from daemon.sound_tags import after_id3, before_tags

_ID3V1_BYTES = 128
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

    The file as it is where its header says where the stream ends, and that is the end of the file
    or beyond it. Otherwise as `walked_parts`.
    """
    head = file.read(start, HEAD_BYTES)
    found = frame_size(head)
    if found is not None and after_id3(file, 0) == start:
        frame = Frame(start, *found, head)
        header = stream_header(frame)
        if header is not None and header.frames and header.size_bytes:
            # Some encoders do not count the header's own frame.
            end = start + header.size_bytes + frame.size
            if end >= before_tags(file, file.end):
                return [Part(trusts_count=True)]
    return walked_parts(file, start)


def walked_parts(file: SoundInput, start: int, end: int | None = None) -> list[Part]:
    """The parts found by walking all frames: streams joined to one file, or cut by damage.

    They are between two offsets, `end` None: the end of the file.

    Raises UnsuitableError where there are no frames to walk.
    """
    parts: list[Part] = []
    before: _Run | None = None
    for run in _runs(file, start, before_tags(file, file.end) if end is None else end):
        lost_seconds = 0.0
        if before is not None and run.header is None:
            lost = _between(file, before.end, run.start) / before.bytes_a_second
            if _LEAST_DAMAGE_SECONDS <= lost <= _LONGEST_DAMAGE_SECONDS:
                lost_seconds = lost
        parts.append(_part(run, lost_seconds))
        before = run
    if before is None:
        raise UnsuitableError("no MPEG audio frames in a row")
    return parts


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
    """How many bytes between two runs are no tags."""
    if file.read(start, 3) == b"TAG":
        start += _ID3V1_BYTES
    return max(0, end - after_id3(file, start))


def _part(run: _Run, lost_seconds: float) -> Part:
    counted = run.header.frames if run.header is not None else None
    notice = DAMAGED if lost_seconds else None
    if counted is not None and counted >= run.frames:
        is_cut = counted > run.frames + 1
        return Part(
            pieces=[range(run.start, run.end)],
            notice=TRUNCATED if is_cut else notice,
            silence_seconds=lost_seconds,
        )
    # Without the header, of which the decoder would believe a number that is too small.
    return Part(
        pieces=[range(run.body, run.end)],
        hides_length=True,
        notice=notice,
        silence_seconds=lost_seconds,
    )
