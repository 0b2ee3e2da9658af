"""Draw a map over its spectrogram."""

from pathlib import Path

from matplotlib.figure import Figure

from daemon.system.files.whole_file import whole_file
from model_build.lab.cam.maps import Map
from model_build.lab.experiment import FrontEndSettings
from model_build.lab.features.reading import Chunks

_SIZE_INCHES, _DPI = (4.8, 2.4), 100
_VALUES = {"log-mel": "mel band", "stft": "bin", "mfcc": "coefficient"}


def draw(path: Path, chunk: Chunks, shown: Map, settings: FrontEndSettings, title: str) -> None:
    """Write a PNG: a chunk (frames, values) in grey, and in colour what speaks for a class."""
    figure = Figure(_SIZE_INCHES, layout="constrained")
    axes = figure.subplots()
    ends = (0.0, settings.chunk_seconds, 0.0, float(chunk.shape[1]))
    axes.imshow(chunk.T, cmap="gray", origin="lower", aspect="auto", extent=ends)
    axes.imshow(
        shown.T, cmap="inferno", origin="lower", aspect="auto", extent=ends, alpha=0.7 * shown.T
    )
    axes.set_title(title, fontsize="small")
    axes.set_xlabel("seconds")
    axes.set_ylabel(_VALUES[settings.kind])
    with whole_file(path) as fresh:
        figure.savefig(fresh, format="png", dpi=_DPI)
