"""Networks whose bytes were changed, with a checksum that fits, and what must hold for them."""

import functools
import hashlib
import io
import json
import warnings
import zipfile
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from daemon.hearing.classifier import Classifier, load_classifier
from daemon.hearing.network_trial import try_out
from tests.daemon.hostile import EDITS, Case, Edit, damaged, refused

_TINY = Path(__file__).parents[1] / "v0_1_0" / "model" / "tiny.tflite"
# At the beginning of the tiny network are only its version and a table of buffers.
_LIKELY = 0.38


@functools.cache
def tiny_network() -> bytes:
    """The tiny network without its contract."""
    with zipfile.ZipFile(_TINY) as archive:
        return _TINY.read_bytes()[: archive.infolist()[0].header_offset]


def with_contract(network: bytes) -> bytes:
    """The tiny model with another network, and a checksum that fits it."""
    with zipfile.ZipFile(_TINY) as archive:
        contract = json.loads(archive.read("contract.json"))
    contract["tflite_sha256"] = hashlib.sha256(network).hexdigest()
    file = io.BytesIO(network)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("contract.json", json.dumps(contract))
    return file.getvalue()


def _network(edits: list[Edit], first: float) -> tuple[bytes, str]:
    return with_contract(damaged(tiny_network(), edits, first)), ".tflite"


NETWORKS = st.builds(_network, EDITS, st.sampled_from([0.0, _LIKELY, _LIKELY, _LIKELY]))


def _loaded(path: Path) -> Classifier:
    try_out(path)
    return load_classifier(path)


def check_network(_content: bytes, path: Path) -> bool:
    """Refused, also where it would kill the process, or a network that gives numbers."""
    with warnings.catch_warnings():
        # Other tests may have left threads behind; the daemon has none when it tries a network.
        warnings.simplefilter("ignore", DeprecationWarning)
        classifier = refused(lambda: _loaded(path), path)
    if classifier is None:
        return False
    contract = classifier.contract
    patch = np.full((contract.patch_frames, contract.front_end.bands), -3.0, np.float32)
    assert classifier.logits(patch).shape == (len(contract.families),)
    return True


NETWORK_CASES = {"networks": Case(NETWORKS, check_network, 60)}
