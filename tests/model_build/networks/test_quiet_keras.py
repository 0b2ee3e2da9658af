import subprocess
import sys

_PROGRAM = """\
from model_build.networks.quiet_keras import import_keras
import_keras()
import keras
print(keras.ops.sum([1.0, 2.0]))
"""


def test_keras_is_imported_without_log_lines() -> None:
    command = [sys.executable, "-c", _PROGRAM]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "3.0" in done.stdout
    assert done.stderr == ""
