import numpy as np
from numpy.typing import NDArray

from daemon.hearing.log_mel import LogMel
from daemon.practice.genre.genre_contract import GenreContract
from daemon.practice.genre.genre_network import GenreNetwork
from daemon.practice.genre.genre_trace import GenreTrace, genre_shares
from tests.daemon.practice.voices import scale

SOUND = scale((60, 64, 67, 72), 2.0, 0.0)


def scores(*patches: tuple[float, ...]) -> NDArray[np.float32]:
    return np.array(patches, np.float32)


def test_shares_are_sums_of_mean_scores_relative_to_those_of_all_genres_largest_first(
    contract: GenreContract,
) -> None:
    patches = scores((0.1, 0.2, 0.1, 0.02, 0.9), (0.3, 0.0, 0.1, 0.02, 0.7))
    shares = genre_shares(patches, contract)
    assert shares == {"jazz": 0.71, "classical": 0.24}
    assert list(shares) == ["jazz", "classical"]


def test_genre_is_unknown_without_music(contract: GenreContract) -> None:
    loud = (0.5, 0.1, 0.1, 0.1)
    assert contract.least_music == 0.3
    assert genre_shares(scores((*loud, 0.2), (*loud, 0.3)), contract) is None
    assert genre_shares(scores((*loud, 0.3), (*loud, 0.4)), contract) is not None
    assert genre_shares(np.empty((0, 5), np.float32), contract) is None
    assert genre_shares(scores((0.0, 0.0, 0.0, 0.0, 1.0)), contract) is None


def patch_scores(network: GenreNetwork, sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the scores of half-overlapping patches of 96 frames."""
    frames = LogMel(network.contract.front_end).frames(sound)
    starts = range(0, len(frames) - 95, 48)
    return np.stack([network.scores(frames[start : start + 96]) for start in starts])


def test_genre_is_that_of_all_patches_whatever_the_pieces(genre_network: GenreNetwork) -> None:
    expected = genre_shares(patch_scores(genre_network, SOUND), genre_network.contract)
    assert expected is not None
    for length in (len(SOUND), 7_001):
        trace = GenreTrace(genre_network)
        for first in range(0, len(SOUND), length):
            trace.push(SOUND[first : first + length])
        assert trace.shares() == expected


def test_trace_forgets_what_is_too_old(genre_network: GenreNetwork) -> None:
    sound = np.concatenate([np.zeros(80_000, np.float32), SOUND])
    trace = GenreTrace(genre_network, keep_seconds=1.0)
    trace.push(sound)
    newest = patch_scores(genre_network, sound)[-2:]
    assert trace.shares() == genre_shares(newest, genre_network.contract) is not None


def test_less_than_a_patch_has_no_genre(genre_network: GenreNetwork) -> None:
    trace = GenreTrace(genre_network)
    assert trace.shares() is None
    trace.push(SOUND[:15_000])
    assert trace.shares() is None


def test_noise_and_silence_have_no_genre(genre_network: GenreNetwork) -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal(64_000).astype(np.float32)
    for sound in (noise, np.zeros(64_000, np.float32)):
        trace = GenreTrace(genre_network)
        trace.push(sound)
        assert trace.shares() is None
