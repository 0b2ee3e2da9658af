"""The genre model that is used: the configured one, or the one in this package."""

from pathlib import Path

from daemon.practice.genre.genre_network import GenreNetwork, load_genre_network

BUILT_IN_GENRE_MODEL = Path(__file__).with_name("models") / "genre.tflite"


def configured_genre_network(configured: str | None) -> GenreNetwork:
    """Load the configured genre model, else the built-in one.

    Raises InputError if the file cannot be used.
    """
    return load_genre_network(BUILT_IN_GENRE_MODEL if configured is None else Path(configured))
