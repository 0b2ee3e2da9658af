"""Identify the network below the added outputs, which are fitted to it."""

import hashlib
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from daemon.hearing.log_mel import FrontEnd

if TYPE_CHECKING:
    import keras


def trunk_sha256(trunk: "keras.Model") -> str:
    """Return the hash of the front end and of a trunk's weights, in order."""
    digest = hashlib.sha256(msgspec.json.encode(FrontEnd()))
    for weights in trunk.get_weights():
        digest.update(np.ascontiguousarray(weights, np.float32).tobytes())
    return digest.hexdigest()
