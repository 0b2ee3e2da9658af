"""Where the samples of the public data sets' layouts are."""

import os
from pathlib import Path

import pytest

# Read before the environment is cleaned.
_FORMATS = os.environ.get("TIMBREL_FORMATS")

needs_samples = pytest.mark.skipif(
    not _FORMATS, reason="set TIMBREL_FORMATS to the folder of the layouts' samples"
)


def sample(name: str) -> Path:
    assert _FORMATS
    return Path(_FORMATS) / name
