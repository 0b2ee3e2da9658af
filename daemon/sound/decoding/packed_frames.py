"""Convert FFmpeg's frames to packed floats; runs in the decoding child."""

from collections.abc import Iterator
from typing import Any

_MOST_CHANNELS = 64


class TooManyChannelsError(Exception):
    """The frame has more channels than FFmpeg's resampler can convert."""


class Packer:
    """Converts one stream's frames with a filter graph of FFmpeg, for up to 64 channels.

    PyAV's own access to the samples of planar frames crashes at 8 channels.
    """

    def __init__(self) -> None:
        self._form: tuple[str, str, int] | None = None
        self._graph: Any = None

    def pack(self, frame: Any) -> Iterator[Any]:
        """Yield the frame's samples as frames of packed floats.

        Raises TooManyChannelsError if it has more than 64 channels.
        """
        form = frame.format.name, frame.layout.name, frame.sample_rate
        if form != self._form:
            if frame.layout.nb_channels > _MOST_CHANNELS:
                raise TooManyChannelsError
            self._form, self._graph = form, None if form[0] == "flt" else _converter(*form)
        if self._graph is None:
            yield frame
            return
        self._graph.push(frame)
        # Stop when all samples are converted: a pull that finds nothing costs as much as a frame.
        left = frame.samples
        while left > 0 and (converted := _pull(self._graph)) is not None:
            left -= converted.samples
            yield converted


def _converter(sample_format: str, layout: str, rate_hz: int) -> Any:
    import av

    graph = av.filter.Graph()
    if hasattr(graph, "threads"):
        # PyAV 18 and later can set this; earlier versions start a thread per core.
        graph.threads = 1
    source = graph.add(
        "abuffer", sample_rate=str(rate_hz), sample_fmt=sample_format, channel_layout=layout
    )
    packed = graph.add("aformat", sample_fmts="flt")
    sink = graph.add("abuffersink")
    source.link_to(packed)
    packed.link_to(sink)
    graph.configure()
    return graph


def _pull(graph: Any) -> Any:
    import av

    try:
        return graph.pull()
    except (av.BlockingIOError, av.EOFError):
        return None
