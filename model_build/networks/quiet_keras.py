"""Import Keras, and TensorFlow with it, without the lines that it logs in C++."""

from daemon.system.silenced_output import quiet_libraries


def import_keras() -> None:
    """Import Keras before a function imports it by name."""
    with quiet_libraries():
        import keras  # noqa: F401
