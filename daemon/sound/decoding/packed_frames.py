"""FFmpeg's frames converted to packed floats, in the decoding child."""

from collections.abc import Iterator
from typing import Any

_MOST_CHANNELS = 64


class TooManyChannelsError(Exception):
    """FFmpeg's resampler cannot convert them."""


class Packer:
    """Converts one stream's frames; FFmpeg does it for any number of channels.

    PyAV's own way to the samples of planar frames crashes at 8 channels.
    """

    def __init__(self) -> None:
        self._form: tuple[str, str, int] | None = None
        self._graph: Any = None

    def packed(self, frame: Any) -> Iterator[Any]:
        """Yield the frame as frames of packed floats."""
        form = frame.format.name, frame.layout.name, frame.sample_rate
        if form != self._form:
            if frame.layout.nb_channels > _MOST_CHANNELS:
                raise TooManyChannelsError
            self._form, self._graph = form, None if form[0] == "flt" else _converter(*form)
        if self._graph is None:
            yield frame
            return
        self._graph.push(frame)
        # To ask in vain costs as much as to convert a frame.
        left = frame.samples
        while left > 0 and (converted := _pulled(self._graph)) is not None:
            left -= converted.samples
            yield converted


def _converter(sample_format: str, layout: str, rate_hz: int) -> Any:
    import av

    graph = av.filter.Graph()
    if hasattr(graph, "threads"):
        # Before PyAV 18 it takes a thread a core.
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


def _pulled(graph: Any) -> Any:
    import av

    try:
        return graph.pull()
    except (av.BlockingIOError, av.EOFError):
        return None
