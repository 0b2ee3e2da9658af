import numpy as np
from numpy.typing import NDArray

from daemon.practice.genre import RecentGenre, genre_shares

GENRES = ("classical", "jazz", "rock")


def logits(*scores: float) -> NDArray[np.float32]:
    values = np.array(scores)
    return np.asarray(np.log(values / (1 - values)), np.float32)


def test_shares_are_mean_scores_relative_to_their_sum_largest_first() -> None:
    patches = np.stack([logits(0.1, 0.4, 0.02), logits(0.3, 0.2, 0.02)])
    shares = genre_shares(patches, GENRES)
    assert shares is not None
    assert shares == {"jazz": 0.58, "classical": 0.38}
    assert list(shares) == ["jazz", "classical"]


def test_genre_is_unknown_without_evidence() -> None:
    assert genre_shares(np.stack([logits(0.004, 0.006, 0.004)] * 3), GENRES) is None
    assert genre_shares(np.empty((0, 3), np.float32), GENRES) is None


def test_recent_genre_forgets_what_is_more_than_a_minute_old() -> None:
    recent = RecentGenre(GENRES)
    assert recent.shares() is None
    for second in range(60):
        recent.add(float(second), [logits(0.01, 0.01, 0.9)] * 2)
    assert recent.shares() == {"rock": 0.98}
    recent.add(119.0, [logits(0.9, 0.01, 0.01)] * 2)
    assert recent.shares() == {"classical": 0.98}
