"""Classify log-mel frames of a window: one calibrated score in 0..1 per family."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.errors import InputError
from daemon.hearing.logits import one_against_all, sigmoid
from daemon.hearing.model_file import EMBEDDING, GENRE, Contract, read_contract
from daemon.hearing.network_tensors import input_tensor, output_tensors
from daemon.hearing.patches import patch, sounding_starts
from daemon.system.silenced_output import quiet_output

BUILT_IN_MODEL = Path(__file__).parent / "models" / "timbrel.tflite"


class Classifier:
    """A network and its contract, run on one thread.

    `network` is an interpreter from `load_network`; `name` names it in error messages. Raises
    InputError if the network lacks an output of the contract, has other shapes, or fails on
    silence.
    """

    def __init__(self, network: Any, contract: Contract, *, name: str = "network") -> None:
        self.contract = contract
        """Front end, patches, families, calibration and thresholds of the network."""
        self.patches_run = 0
        """Patches classified so far."""
        self._network = network
        self._name = name
        with _rejecting(name):
            self._input = input_tensor(network, contract, name)
            self._outputs = output_tensors(network, contract, name)
            self._run_on_silence()
        self._slopes = np.array([1.0 / c.temperature for c in contract.calibration], np.float32)
        self._offsets = np.array([c.offset for c in contract.calibration], np.float32)

    def _run_on_silence(self) -> None:
        """Run the network once, because some damage shows only then."""
        self._input()[0] = np.log(self.contract.front_end.log_offset)
        self._network.invoke()
        for output in self._outputs:
            self._copy(output)

    def logits(self, patch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits (families,) of one patch (patch_frames, bands).

        Raises InputError if the network returns NaN or infinity for it.
        """
        self._input()[0] = patch
        self._network.invoke()
        self.patches_run += 1
        return self._copy(self.contract.scored)

    def embedding(self) -> NDArray[np.float32] | None:
        """Return the embedding (embedding_values,) of the patch that was classified last.

        Return None if the network has no embedding. Raises InputError if it is NaN or infinite.
        """
        return self._copy(EMBEDDING) if EMBEDDING in self._outputs else None

    def genre(self) -> NDArray[np.float32] | None:
        """Return the logits (genres,) of the patch that was classified last.

        Return None if the network names no genres. Raises InputError if one is NaN or infinite.
        """
        return self._copy(GENRE) if GENRE in self._outputs else None

    def _copy(self, output: str) -> NDArray[np.float32]:
        values: NDArray[np.float32] = self._outputs[output]()[0].copy()
        # NaN in the sound is not the network's fault.
        if not np.isfinite(values).all() and np.isfinite(self._input()).all():
            raise InputError(
                f"{self._name}: the network returns NaN or infinity as its output {output!r}; "
                "build the model again with timbrel-build"
            )
        return values

    def calibrated(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return scores in 0..1 for pooled logits; both are (..., families)."""
        return sigmoid(self.calibrated_logits(logits))

    def calibrated_logits(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits of the scores for the network's logits; both are (..., families)."""
        if self.contract.activation == "softmax":
            logits = one_against_all(logits)
        calibrated: NDArray[np.float32] = logits * self._slopes + self._offsets
        return calibrated


class PatchPool:
    """The scores and patches of one source's windows; the network runs once for each patch."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._hop = classifier.contract.front_end.hop_samples
        self._logits: dict[int, NDArray[np.float32]] = {}

    def forget(self) -> None:
        """Drop the kept logits; the next window belongs to other sound."""
        self._logits.clear()

    def scores(self, frames: NDArray[np.float32], start_sample: int) -> NDArray[np.float32]:
        """Return the scores (families,) of a window.

        `frames` are its log-mel frames, (n, bands), and `start_sample` is its first sample.
        """
        contract = self._classifier.contract
        for old in [start for start in self._logits if start < start_sample]:
            del self._logits[old]
        if contract.has_classes:
            return self._class_scores(frames, start_sample)
        pooled = np.zeros(len(contract.families), np.float32)
        for first in contract.patch_starts:
            pooled += self.logits(frames, first, start_sample + first * self._hop)
        return self._classifier.calibrated(pooled / np.float32(len(contract.patch_starts)))

    def _class_scores(self, frames: NDArray[np.float32], start_sample: int) -> NDArray[np.float32]:
        """Return the mean or maximum score (classes,) of the patches with sound."""
        contract = self._classifier.contract
        starts = sounding_starts(frames, contract.patch_starts, contract.patch_frames)
        logits = [self.logits(frames, s, start_sample + s * self._hop) for s in starts]
        scores = self._classifier.calibrated(np.stack(logits))
        pooled: NDArray[np.float32] = (
            scores.max(axis=0) if contract.pooling == "max" else scores.mean(axis=0)
        )
        return pooled

    def logits(
        self, frames: NDArray[np.float32], first: int, start_sample: int
    ) -> NDArray[np.float32]:
        """Return the logits (families,) of the patch that begins at frame `first` of `frames`.

        `start_sample` is the first sample of the patch. They are not calibrated.
        """
        known = self._logits.get(start_sample)
        if known is None:
            cut = patch(frames, first, self._classifier.contract.patch_frames)
            known = self._logits[start_sample] = self._classifier.logits(cut)
        return known


def load_classifier(path: Path = BUILT_IN_MODEL) -> Classifier:
    """Load a model file.

    Raises InputError if its contract or checksum is wrong, or the network cannot be used with it.
    """
    contract = read_contract(path)
    return Classifier(load_network(path), contract, name=_name_of(path))


def load_network(network: Path | bytes) -> Any:
    """Return a TFLite interpreter on one thread, its tensors allocated.

    `network` is a `.tflite` file or its content. Raises InputError if the runtime rejects it.
    """
    make_interpreter = load_runtime()
    source: dict[str, str | bytes]
    if isinstance(network, Path):
        name, source = _name_of(network), {"model_path": str(network)}
    else:
        name, source = "network", {"model_content": network}
    with _rejecting(name):
        interpreter = make_interpreter(**source, num_threads=1)
        interpreter.allocate_tensors()
    return interpreter


def load_runtime() -> Any:
    """Return the interpreter class of the installed TFLite runtime."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        from tflite_runtime.interpreter import Interpreter
    return Interpreter


def _name_of(path: Path) -> str:
    return f"model file {path}"


@contextmanager
def _rejecting(name: str) -> Iterator[None]:
    """Raise the runtime's errors as InputError; `name` names the network in the message."""
    try:
        with quiet_output():  # The C++ runtime prints messages of its own.
            yield
    except (ValueError, RuntimeError, OSError, MemoryError) as error:
        (reason,) = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        raise InputError(
            f"{name}: the TFLite runtime rejects it ({reason}); "
            "use another, or build one with timbrel-build"
        ) from None
