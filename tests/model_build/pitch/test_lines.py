import numpy as np

from daemon.practice.pitch.curve import pitch_curve
from model_build.pitch.lines import in_a_room, in_a_simulated_room, random_line, random_noise


def test_lines_are_the_same_for_the_same_seed() -> None:
    first, second = (random_line(np.random.default_rng(5), 2.0) for _ in range(2))
    assert np.array_equal(first.samples, second.samples)
    assert len(first.samples) == len(first.is_voiced) == 32_000


def test_a_line_is_voiced_where_its_pitch_is_found() -> None:
    shares = []
    for seed in range(4):
        line = random_line(np.random.default_rng(seed), 3.0)
        found = pitch_curve(line.samples * np.float32(0.3)).is_voiced
        shares.append(float(np.mean(found == line.is_voiced[::320])))
    assert np.mean(shares) > 0.85


def test_a_room_keeps_the_labels_and_noise_has_none() -> None:
    rng = np.random.default_rng(1)
    line = random_line(rng, 2.0)
    for room in (in_a_room, in_a_simulated_room):
        heard = room(rng, line)
        assert np.array_equal(heard.is_voiced, line.is_voiced)
        assert heard.samples.shape == line.samples.shape
        assert not np.allclose(heard.samples, line.samples)
    assert not random_noise(rng, 1.0).is_voiced.any()
