"""The built-in genre model, and contracts made from its own."""

import msgspec
import pytest

from daemon.practice.genre.built_in import BUILT_IN_GENRE_MODEL, configured_genre_network
from daemon.practice.genre.genre_contract import GenreContract, read_genre_contract
from daemon.practice.genre.genre_network import GenreNetwork


@pytest.fixture(scope="session")
def genre_network() -> GenreNetwork:
    """The built-in genre model."""
    return configured_genre_network(None)


@pytest.fixture
def contract() -> GenreContract:
    """A contract of three genres, one of them with two classes."""
    classes = ("jazz", "classical", "jazz", "rock", "music")
    built_in = read_genre_contract(BUILT_IN_GENRE_MODEL)
    return msgspec.structs.replace(built_in, classes=classes, least_music=0.3)
