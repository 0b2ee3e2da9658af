import numpy as np
import pytest

from daemon.practice.harmony.analysis import heard_semitones
from daemon.practice.harmony.templates import TEMPLATES, template_log_chances
from tests.daemon.practice.harmony.triads import triad

NAMES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
LABELS = [f"{name}:{quality}" for quality in ("maj", "min") for name in NAMES]


@pytest.mark.parametrize("number", [0, 5, 10, 13, 19, 23])
def test_a_triad_is_nearest_to_its_template(number: int) -> None:
    magnitudes, _ = heard_semitones(triad(LABELS[number]))
    chances = template_log_chances(magnitudes)
    assert np.all(chances.argmax(axis=1) == number)
    assert np.exp(chances).sum(axis=1) == pytest.approx(1.0, abs=1e-5)


def test_templates_are_turned_copies_of_length_one() -> None:
    assert np.linalg.norm(TEMPLATES, axis=1) == pytest.approx(1.0)
    for number, template in enumerate(TEMPLATES):
        first = TEMPLATES[0 if number < 12 else 12]
        assert np.allclose(template, np.roll(first, number % 12))
        assert set(np.argsort(template)[-2:]) <= {(number + step) % 12 for step in (0, 3, 4, 7)}
