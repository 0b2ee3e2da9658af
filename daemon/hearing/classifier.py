"""Log-mel frames of a window in, one calibrated score in 0..1 per family out."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.logits import sigmoid
from daemon.hearing.model_file import Contract, read_contract
from daemon.hearing.patches import patch
from daemon.system.silenced_output import quiet_output

BUILT_IN_MODEL = Path(__file__).parent / "models" / "timbrel.tflite"


class Classifier:
    """The network of one model file on one thread.

    A patch is run once: windows that overlap share the logits of the patches they share. Raises
    InputError when the file's contract does not hold, and when the network fails on silence.
    """

    def __init__(self, path: Path = BUILT_IN_MODEL) -> None:
        self.contract: Contract = read_contract(path)
        self._interpreter = load_network(path)
        patch_shape = self.contract.patch_frames, self.contract.front_end.bands
        with _refusing(path):
            self._input = self._tensor(path, "input", *patch_shape)
            self._output = self._tensor(path, "output", len(self.contract.families))
            self._hear_silence(path)
        calibration = self.contract.calibration
        self._slopes = np.array([1.0 / c.temperature for c in calibration], np.float32)
        self._offsets = np.array([c.offset for c in calibration], np.float32)
        self.patches_run = 0

    def _tensor(self, path: Path, role: str, *shape: int) -> Any:
        details = getattr(self._interpreter, f"get_{role}_details")()
        found = [(tuple(int(n) for n in d["shape"]), d["dtype"]) for d in details]
        wanted = [((1, *shape), np.float32)]
        if found != wanted:
            raise InputError(
                f"model file {path}: its contract promises the {role} {wanted[0][0]} float32, but "
                f"the network has {', '.join(f'{s} {t.__name__}' for s, t in found) or 'none'}; "
                "build the model anew with timbrel-build"
            )
        return self._interpreter.tensor(details[0]["index"])

    def _hear_silence(self, path: Path) -> None:
        """Run the network once on silence; some damage shows only then."""
        self._input()[0] = np.log(self.contract.front_end.log_offset)
        self._interpreter.invoke()
        if not np.isfinite(self._output()).all():
            raise InputError(
                f"model file {path}: the network returns NaN or infinity for silence; "
                "build the model anew with timbrel-build"
            )

    def logits(self, patch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network on one patch, (patch_frames, bands): one logit a family."""
        self._input()[0] = patch
        self._interpreter.invoke()
        self.patches_run += 1
        return self._output()[0].copy()  # type: ignore[no-any-return]

    def calibrated(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores in 0..1 from pooled logits, (..., families)."""
        raw: NDArray[np.float32] = logits * self._slopes + self._offsets
        return sigmoid(raw)


class PatchPool:
    """The scores of one source's windows; keeps the logits of patches that later windows share."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._hop = classifier.contract.front_end.hop_samples
        self._logits: dict[int, NDArray[np.float32]] = {}

    def forget(self) -> None:
        """The next window belongs to other sound."""
        self._logits.clear()

    def scores(self, frames: NDArray[np.float32], start_sample: int) -> NDArray[np.float32]:
        """Scores (families,) of the window whose frames, (n, bands), begin at `start_sample`."""
        contract = self._classifier.contract
        for old in [start for start in self._logits if start < start_sample]:
            del self._logits[old]
        pooled = np.zeros(len(contract.families), np.float32)
        for first in contract.patch_starts:
            at = start_sample + first * self._hop
            if at not in self._logits:
                cut = patch(frames, first, contract.patch_frames)
                self._logits[at] = self._classifier.logits(cut)
            pooled += self._logits[at]
        return self._classifier.calibrated(pooled / np.float32(len(contract.patch_starts)))


def load_network(path: Path) -> Any:
    """A TFLite interpreter on one thread with its tensors allocated.

    Raises InputError when the file is no network that the runtime takes.
    """
    make_interpreter = load_runtime()
    with _refusing(path):
        interpreter = make_interpreter(model_path=str(path), num_threads=1)
        interpreter.allocate_tensors()
    return interpreter


def load_runtime() -> Any:
    """The class of the TFLite runtime's interpreters."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        from tflite_runtime.interpreter import Interpreter
    return Interpreter


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Raise the runtime's errors as InputError."""
    try:
        with quiet_output():  # The C++ runtime prints messages of its own.
            yield
    except (ValueError, RuntimeError, OSError, MemoryError) as error:
        (reason,) = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        raise InputError(
            f"model file {path}: the TFLite runtime refuses it ({reason}); "
            "name another, or build one with timbrel-build"
        ) from None
